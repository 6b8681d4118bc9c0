"""What smaller number formats and fewer layers cost the reader: `python -m benchmarks.compression`.

One table of size, time and quality, on dev: for choosing. Thresholds are chosen there for each variant. Needs
PARLEY_DATA_DIR.
"""

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track

from bot.configs import ModelConfig
from bot.loading import SHIPPED, load_model, quantise
from bot.model import LanguageModel
from bot.understanding import reading_prompt
from training.evaluate import figures, read_dev
from training.examples import dev_turns

TIMED = 100
"""Dev turns that are timed, the variants taking turns: the machine is shared."""


def loaded(folder: Path, *, int8: bool = False, bf16: bool = False) -> LanguageModel:
    """The model in one number format, MiniLM beside it in the same; of int8 the decoder alone."""
    dtype: Any = "bfloat16" if bf16 else "float32"
    model = load_model(ModelConfig(path=str(folder), device="cpu", int8=int8, dtype=dtype, read_seconds=600))
    if bf16 and model._words is not None:
        model._words.to(torch.bfloat16)
    return model


def all_int8(folder: Path) -> LanguageModel:
    """The shipped format, and MiniLM's linear layers in int8, too."""
    model = loaded(folder, int8=True)
    if model._words is not None:
        model._words.encoder = quantise(model._words.encoder)
    return model


def pruned(folder: Path, *, encoder: bool) -> LanguageModel:
    """The shipped format without the decoder's, or MiniLM's, last layer; nothing learns afterwards."""
    model = loaded(folder, int8=True)
    if encoder and model._words is not None:
        stack = model._words.encoder.encoder
        stack.layer = stack.layer[:-1]
    else:
        model._model.transformer.h = model._model.transformer.h[:-1]
    return model


VARIANTS: dict[str, Callable[[Path], LanguageModel]] = {
    "float32": loaded,
    "bfloat16": lambda folder: loaded(folder, bf16=True),
    "decoder in int8, MiniLM in float32 (shipped)": lambda folder: loaded(folder, int8=True),
    "both in int8": all_int8,
    "shipped, without the decoder's last layer": lambda folder: pruned(folder, encoder=False),
    "shipped, without MiniLM's last layer": lambda folder: pruned(folder, encoder=True),
}


def mebibytes(model: LanguageModel) -> float:
    """Of the weights in memory, MiniLM's included."""
    file = io.BytesIO()
    torch.save([model._model.state_dict(), model._words and model._words.state_dict()], file)
    return len(file.getbuffer()) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="a folder; the shipped one by default")
    arguments = parser.parse_args()
    turns = dev_turns()
    models = {name: make(arguments.model) for name, make in VARIANTS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for turn in track(turns[:: len(turns) // TIMED][:TIMED], description="timing", transient=True):
        for name, model in models.items():
            prompt, _ = reading_prompt(model, turn.history, turn.text)
            began = time.perf_counter()
            model.read_probabilities([prompt])
            seconds[name].append(time.perf_counter() - began)
    first = float(np.median(seconds["float32"]))
    print("| variant | MiB in memory | reading, p50 ms | of float32 | macro-F1 | kappa | exact span F1 |")
    print("|---|---|---|---|---|---|---|")
    for name, model in models.items():
        found, middle = figures(read_dev(model, turns)), float(np.median(seconds[name]))
        print(
            f"| {name} | {mebibytes(model):.0f} | {1000 * middle:.0f} | {middle / first:.2f} | "
            f"{found['macro_f1']:.3f} | {found['kappa']:.3f} | {found['span_f1']:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
