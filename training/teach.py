"""A larger reader that teaches the shipped one: `python -m training.teach --tokenizer FOLDER`.

Trains a wider decoder with all of MiniLM's weights on the labelled turns, then reads the messages that nobody
labelled; `training.train --taught runs/teacher/taught.jsonl` learns from what it is sure of.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from accelerate.utils import set_seed
from transformers import PreTrainedTokenizerFast

from bot.layout import ACTS, neutral
from bot.tagging import spans_of
from bot.understanding import reading_prompt
from training import sources
from training.batches import Batches, load
from training.designs import as_model, judge
from training.evaluate import best_thresholds, read_dev
from training.examples import Encoder, dev_turns, load_corpus, stream
from training.learner import Design, Learner, new_learner
from training.sources import LabelledTurn
from training.train import Training

TEACHER = Design(width=768, layers=8, heads=12, words="added", encoder="full", dropout=0.1)
UNSURE = 0.15
"""A message counts as read only where every act is at least so far from its threshold."""


def teach(
    learner: Learner, tokenizer: PreTrainedTokenizerFast, turns: Sequence[LabelledTurn], at_once: int
) -> list[LabelledTurn]:
    """Of `turns`, those that the teacher is sure of, with its acts and spans."""
    model = as_model(learner, tokenizer)
    dev = dev_turns()
    thresholds = best_thresholds(read_dev(model, dev, at_once))
    order = sorted(turns, key=lambda turn: len(turn.text) + sum(len(one.text) for one in turn.history))
    taught = []
    for start in range(0, len(order), at_once):
        group = order[start : start + at_once]
        prompts = [reading_prompt(model, turn.history, turn.text) for turn in group]
        read = model.read_probabilities([prompt for prompt, _ in prompts])
        for turn, (_, skipped), found in zip(group, prompts, read, strict=True):
            acts = tuple(act for act in ACTS if found.acts[act] >= thresholds[act])
            unsure = any(abs(found.acts[act] - thresholds[act]) < UNSURE for act in ACTS)
            if not acts or unsure or skipped:
                continue
            text = " " + neutral(turn.text)
            spans = tuple(
                (slot, start - 1, end - 1)
                for slot, start, end in spans_of(text, found.offsets, found.slots, thresholds)
            )
            taught.append(LabelledTurn(turn.history, turn.text, acts, spans))
    return taught


def main() -> None:
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    set_seed(arguments.seed)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(arguments.tokenizer)
    corpus = load_corpus(arguments.seed)
    training = Training(new_learner(tokenizer, TEACHER), arguments.rate)
    words = training.unwrapped().words
    assert words is not None
    batches = Batches(
        lambda seed: stream(corpus, Encoder(tokenizer), seed, lambda: 1.0, replies=0),
        words.pieces,
        arguments.tokens,
        tokenizer.pad_token_id,
        arguments.seed,
    )
    began = time.monotonic()
    for batch in load(batches, arguments.workers):
        training.progress.minutes = (time.monotonic() - began) / 60
        share = training.progress.minutes / arguments.minutes
        if share >= 1:
            break
        training.step(batch, share)
        if training.progress.step % 100 == 0:
            print(training.summary(), flush=True)
    learner = training.unwrapped()
    found = judge(learner, tokenizer, dev_turns())
    print("teacher", json.dumps(found), flush=True)
    (out / "teacher.json").write_text(json.dumps(found | {"tokens": training.progress.tokens}) + "\n")
    turns = list(sources.unlabelled())
    taught = teach(learner, tokenizer, turns, 64 if torch.cuda.is_available() else 8)
    with (out / "taught.jsonl").open("w", encoding="utf-8") as file:
        for turn in taught:
            history = [(message.role, message.text) for message in turn.history]
            row = {"history": history, "text": turn.text, "acts": turn.acts, "spans": turn.spans}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"read {len(taught):,} of {len(turns):,} messages")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/teacher"))
    parser.add_argument(
        "--tokenizer", type=Path, required=True, help="the tokenizer folder of a training run"
    )
    parser.add_argument("--minutes", type=float, default=3, help="training time; the rate follows it")
    parser.add_argument("--tokens", type=int, default=8192, help="tokens of a batch")
    parser.add_argument("--rate", type=float, default=3e-4, help="highest learning rate")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
