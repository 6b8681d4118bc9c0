"""Train the shipped model, MiniLM first and then the decoder with it:

    python -m training.train --listen --minutes 30 --out runs/listener
    python -m training.train --minutes 60 --listener runs/listener/model

Seeded, resumable (`--resume`), on a CPU or a GPU by accelerate. Writes a model folder that `bot.loading`
loads, a loss plot and a log under `--out`.
"""

import argparse
import copy
import json
import math
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast

import prompts
from bot.layout import ACTS, MARKS, SLOTS, neutral, slot_token, special_tokens
from bot.word_states import load_word_states, new_word_states, save_word_states
from training import sources
from training.batches import Batch, Batches, load
from training.examples import Corpus, Encoder, Example, load_corpus, stream
from training.given import given_learner, given_tokenizer, merged
from training.learner import Design, Learner, Listener, new_learner

VOCABULARY = 8192
ENCODER_RATE = 5e-5
"""Of a MiniLM that learns, the highest: more would undo what it knows."""


def train_tokenizer(corpus: Corpus) -> PreTrainedTokenizerFast:
    """Byte-level BPE over the conversations and catalogue texts; each mark is one token."""

    def texts() -> Iterator[str]:
        for turn in corpus.redial + corpus.own + corpus.own + corpus.weak:
            yield neutral(turn.text)
        for reply in corpus.replies:
            yield from (reply.text, reply.user)
        for dialogue in corpus.dialogues + corpus.elsewhere[:8000]:
            yield from (neutral(message.text) for message in dialogue.messages)
        for number, text in enumerate(sources.catalogue_texts()):
            if number % 5 == 0:
                yield neutral(text)

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=special_tokens(),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=MARKS["pad"],
        eos_token=MARKS["end"],
        clean_up_tokenization_spaces=False,
    )


@dataclass
class Progress:
    """How far a run has come; kept beside its checkpoint."""

    minutes: float = 0.0
    step: int = 0
    tokens: int = 0
    history: list[tuple[int, float, bool]] = field(default_factory=list)
    """Tokens seen, loss, and whether the batch was of reading, step by step."""
    fresh: list[tuple[int, torch.Tensor, bool]] = field(default_factory=list)
    """The same of the last steps, still on the device: asking for a loss would wait for it."""

    def settle(self) -> None:
        """Fetch the losses of the last steps."""
        self.history += [(seen, loss.item(), reading) for seen, loss, reading in self.fresh]
        self.fresh.clear()


class Training:
    """One learner under AdamW, its rates rising over 100 steps and falling by a cosine.

    MiniLM's own layers learn at ENCODER_RATE at most, all else at `rate`.
    """

    def __init__(self, learner: torch.nn.Module, rate: float, *, bf16: bool = False) -> None:
        bf16 = bf16 or torch.cuda.is_available()
        self.accelerator = Accelerator(mixed_precision="bf16" if bf16 else "no")
        named = [(name, p) for name, p in learner.named_parameters() if p.requires_grad]
        self.learning = [p for _, p in named]
        own = [".encoder." in f".{name}" and "lora_" not in name for name, _ in named]
        encoder = [p for (_, p), of_minilm in zip(named, own, strict=True) if of_minilm]
        rest = [p for (_, p), of_minilm in zip(named, own, strict=True) if not of_minilm]
        self._rates = [rate, ENCODER_RATE]
        optimizer = torch.optim.AdamW(
            [{"params": rest}, {"params": encoder}],
            lr=rate, betas=(0.9, 0.98), weight_decay=0.05, fused=torch.cuda.is_available(),
        )  # fmt: skip
        self.learner, self._optimizer = self.accelerator.prepare(learner, optimizer)
        self.progress = Progress()

    def step(self, batch: Batch, share: float) -> None:
        """Learn from one batch at `share` (0 to 1) of the run."""
        progress = self.progress
        warming = min(1.0, (progress.step + 1) / 100)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * warming * (0.02 + 0.49 * (1 + math.cos(math.pi * share)))
        self.learner.train()
        loss = self.learner(batch.to(self.accelerator.device))
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.learning, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        progress.step, progress.tokens = progress.step + 1, progress.tokens + batch.ids.numel()
        progress.fresh.append((progress.tokens, loss.detach(), batch.pieces is not None))

    def unwrapped(self) -> Any:
        """The Learner or Listener itself."""
        return self.accelerator.unwrap_model(self.learner)

    def summary(self) -> str:
        """The last steps' mean losses in one line."""
        self.progress.settle()
        last = self.progress.history[-80:]
        means = [[loss for _, loss, reading in last if reading == kind] for kind in (True, False)]
        reading, writing = (float(np.mean(losses)) if losses else math.nan for losses in means)
        progress = self.progress
        return (
            f"step {progress.step}  {progress.minutes:.1f} min  {progress.tokens:,} tokens  "
            f"loss: reading {reading:.3f}  writing {writing:.3f}"
        )


def save(learner: Learner | Listener, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """A folder of half-precision safetensors, tokenizer and layout digest; thresholds are chosen after.

    Of a Listener the word states alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(learner, Listener):
        save_word_states(learner.words, folder)
        return
    merged(copy.deepcopy(learner.model)).half().save_pretrained(folder)
    if learner.words is not None:
        save_word_states(learner.words, folder)
    tokenizer.save_pretrained(folder)
    names = (*ACTS, *map(slot_token, SLOTS))
    layout = {"digest": prompts.layout_digest(), "thresholds": dict.fromkeys(names, 0.5)}
    (folder / "layout.json").write_text(json.dumps(layout, indent=2) + "\n", encoding="utf-8")


def plot(histories: dict[str, list[tuple[int, float, bool]]], file: Path) -> None:
    """The losses of reading by tokens seen, one line a run."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    for name, history in histories.items():
        tokens, losses = zip(*((seen, loss) for seen, loss, reading in history if reading), strict=True)
        window = min(40, len(losses))
        smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
        axes.plot(np.array(tokens[len(tokens) - len(smooth) :]) / 1e6, smooth, label=name)
    axes.set(xlabel="million tokens", ylabel="loss of reading (mean of 40 batches)", yscale="log")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=120)
    plt.close(figure)


def main() -> None:
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    set_seed(arguments.seed)
    corpus = load_corpus(arguments.seed, arguments.taught)
    if (out / "tokenizer").exists():
        tokenizer = PreTrainedTokenizerFast.from_pretrained(out / "tokenizer")
    else:
        base = arguments.base
        tokenizer = train_tokenizer(corpus) if base is None else given_tokenizer(base)
        tokenizer.save_pretrained(out / "tokenizer")
    training = Training(_learner(arguments, tokenizer), arguments.rate, bf16=arguments.bf16)
    progress = training.progress
    if arguments.resume and (out / "state.json").exists():
        training.accelerator.load_state(str(out / "checkpoint"))
        state = json.loads((out / "state.json").read_text())
        progress.minutes, progress.step, progress.tokens = state["minutes"], state["step"], state["tokens"]
        progress.history = [tuple(entry) for entry in state["history"]]
    print(f"{sum(p.numel() for p in training.learning):,} parameters learn on {training.accelerator.device}")

    # A model that was trained before needs no early share of plain dialogue.
    begins = arguments.start is None and arguments.base is None and not arguments.listen
    share = multiprocessing.Value("d", 0.0 if begins else 1.0)

    def examples(seed: int) -> Iterator[Example]:
        shares = {"replies": 0.0, "talk": 0.0} if arguments.listen else {"replies": arguments.replies}
        return stream(corpus, Encoder(tokenizer), seed, lambda: share.value, **shares)

    words = training.unwrapped().words or new_word_states(tokenizer, arguments.width)
    seed = arguments.seed + progress.step
    batches = Batches(examples, words.pieces, arguments.tokens, tokenizer.pad_token_id, seed)
    began, saved = time.monotonic() - 60 * progress.minutes, time.monotonic()
    for batch in load(batches, arguments.workers):
        progress.minutes = (time.monotonic() - began) / 60
        done = progress.minutes >= arguments.minutes
        if begins:
            share.value = progress.minutes / arguments.minutes
        training.step(batch, min(1.0, progress.minutes / arguments.minutes))
        if progress.step % 50 == 0:
            print(training.summary(), flush=True)
        if done or time.monotonic() - saved > 300:
            progress.settle()
            training.accelerator.save_state(str(out / "checkpoint"))
            state_text = json.dumps(
                {name: getattr(progress, name) for name in ("minutes", "step", "tokens", "history")}
            )
            (out / "state.json").write_text(state_text)
            save(training.unwrapped(), tokenizer, out / "model")
            plot({out.name: progress.history}, out / "loss.png")
            saved = time.monotonic()
        if done:
            return


def _learner(arguments: argparse.Namespace, tokenizer: PreTrainedTokenizerFast) -> Learner | Listener:
    design = Design(
        arguments.width, arguments.layers, arguments.heads, words=arguments.words, dropout=arguments.dropout
    )
    if arguments.base is not None:
        return given_learner(arguments.base, tokenizer, lora=arguments.adapt == "lora")
    heard = load_word_states(arguments.listener or arguments.start or Path(), tokenizer)
    if arguments.listen:
        return Listener(heard or new_word_states(tokenizer, arguments.width), tokenizer)
    if heard is not None:  # they have learned; only how the decoder takes them changes
        heard.requires_grad_(False).projection.requires_grad_(True)
    if arguments.start is None:
        return new_learner(tokenizer, design, heard)
    model = GPT2LMHeadModel.from_pretrained(arguments.start).float()
    return Learner(model, tokenizer, heard, crossed=model.config.add_cross_attention)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/parley-gpt2"))
    parser.add_argument(
        "--minutes", type=float, default=60, help="training time; the rate schedule follows it"
    )
    parser.add_argument("--rate", type=float, default=1.2e-3, help="highest learning rate")
    parser.add_argument("--replies", type=float, default=19, help="share of replies, reading having 77")
    parser.add_argument("--start", type=Path, help="a model folder of this recipe to go on from")
    parser.add_argument(
        "--listen", action="store_true", help="the first stage: MiniLM learns to read by itself"
    )
    parser.add_argument("--listener", type=Path, help="the model folder of a first stage, to be read with")
    parser.add_argument("--base", help="a causal model, a folder or a hub id, to teach instead of a new one")
    parser.add_argument("--adapt", choices=("full", "lora"), default="full", help="what of --base learns")
    parser.add_argument("--taught", type=Path, help="turns that a teacher read, of training.teach")
    parser.add_argument("--tokens", type=int, default=1536, help="tokens of a batch")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches")
    parser.add_argument(
        "--bf16", action="store_true", help="half the precision, for CPUs that are fast in it"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    defaults = Design()
    parser.add_argument("--width", type=int, default=defaults.width)
    parser.add_argument("--layers", type=int, default=defaults.layers)
    parser.add_argument("--heads", type=int, default=defaults.heads)
    parser.add_argument("--words", choices=("none", "added", "crossed"), default=defaults.words)
    parser.add_argument("--dropout", type=float, default=defaults.dropout)
    return parser.parse_args()


if __name__ == "__main__":
    main()
