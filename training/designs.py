"""Equal short runs of several designs of the reader: `python -m training.designs --out runs/designs`.

Every design learns from the same batches in the same order; figures are of dev, at thresholds chosen there.
"""

import argparse
import json
import multiprocessing
import time
from dataclasses import asdict
from pathlib import Path

import torch
from accelerate.utils import set_seed
from transformers import PreTrainedTokenizerFast

from bot.configs import ModelConfig
from bot.model import LanguageModel
from bot.word_states import new_word_states
from training.batches import Batch, Batches, load
from training.evaluate import figures, read_dev
from training.examples import Encoder, dev_turns, load_corpus, stream
from training.learner import Design, Learner, new_learner
from training.sources import LabelledTurn
from training.train import Training, plot

DESIGNS = {
    "decoder alone": Design(words="none", warm=False),
    "warm word vectors": Design(words="none"),
    "crossed, frozen": Design(words="crossed"),
    "crossed, LoRA": Design(words="crossed", encoder="lora"),
    "added, frozen": Design(),
    "added, LoRA": Design(encoder="lora"),
    "added, whole": Design(encoder="full"),
}


def as_model(learner: Learner, tokenizer: PreTrainedTokenizerFast) -> LanguageModel:
    """The learner as it is, in full precision, to read with."""
    learner.eval()
    return LanguageModel(
        learner.model, tokenizer, ModelConfig(), name="learner", thresholds={}, words=learner.words
    )


def run(
    design: Design,
    tokenizer: PreTrainedTokenizerFast,
    batches: list[Batch],
    rate: float,
    seed: int,
    *,
    bf16: bool,
) -> Training:
    """Train one design on `batches`, in their order."""
    set_seed(seed)
    training = Training(new_learner(tokenizer, design), rate, bf16=bf16)
    for number, batch in enumerate(batches):
        training.step(batch, number / len(batches))
        if training.progress.step % 100 == 0:
            print(training.summary(), flush=True)
    training.progress.settle()
    return training


def main() -> None:
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(arguments.tokenizer)
    batches = draw(tokenizer, arguments.total, arguments.tokens, arguments.seed, arguments.workers)
    names = arguments.only or list(DESIGNS)

    def measure(name: str) -> None:
        began = time.monotonic()
        training = run(DESIGNS[name], tokenizer, batches, arguments.rate, arguments.seed, bf16=arguments.bf16)
        row = {"seconds": time.monotonic() - began, "tokens": training.progress.tokens}
        learner = training.unwrapped()
        row["decoder_parameters"] = sum(p.numel() for p in learner.model.parameters())
        row["learning_parameters"] = sum(p.numel() for p in training.learning)
        row |= asdict(DESIGNS[name]) | judge(learner, tokenizer, dev_turns())
        print(name, json.dumps(row), flush=True)
        whole = row | {"history": training.progress.history}
        (out / f"{name}.json").write_text(json.dumps(whole) + "\n")

    if arguments.together:  # of one card, which a single small run would leave idle
        forks = [multiprocessing.get_context("fork").Process(target=measure, args=(name,)) for name in names]
        for fork in forks:
            fork.start()
        for fork in forks:
            fork.join()
    else:
        for name in names:
            measure(name)
    rows = {name: json.loads((out / f"{name}.json").read_text()) for name in names}
    plot({name: row["history"] for name, row in rows.items()}, out / "designs.png")


def draw(tokenizer: PreTrainedTokenizerFast, total: int, tokens: int, seed: int, workers: int) -> list[Batch]:
    """Batches of `total` tokens: the middle of a run, where plain dialogue has faded out."""
    corpus = load_corpus(seed)
    pieces = new_word_states(tokenizer, 8).pieces
    made = Batches(
        lambda own: stream(corpus, Encoder(tokenizer), own, lambda: 1.0),
        pieces,
        tokens,
        tokenizer.pad_token_id,
        seed,
    )
    batches: list[Batch] = []
    left = total
    for batch in load(made, workers):
        batches.append(batch)
        left -= batch.ids.numel()
        if left <= 0:
            break
    return batches


def judge(
    learner: Learner, tokenizer: PreTrainedTokenizerFast, turns: list[LabelledTurn]
) -> dict[str, float]:
    """Figures of dev."""
    at_once = 32 if torch.cuda.is_available() else 8
    return figures(read_dev(as_model(learner, tokenizer), turns, at_once))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/designs"))
    parser.add_argument(
        "--tokenizer", type=Path, required=True, help="the tokenizer folder of a training run"
    )
    parser.add_argument("--total", type=int, default=8_000_000, help="tokens that each design learns from")
    parser.add_argument("--tokens", type=int, default=4096, help="tokens of a batch")
    parser.add_argument("--rate", type=float, default=1.2e-3, help="highest learning rate")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches")
    parser.add_argument(
        "--bf16", action="store_true", help="half the precision, for CPUs that are fast in it"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--together", action="store_true", help="all designs at once; set OMP_NUM_THREADS=1 beside it"
    )
    parser.add_argument("--only", nargs="*", choices=tuple(DESIGNS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
