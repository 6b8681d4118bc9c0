"""After training: `python -m training.evaluate thresholds --model runs/parley-gpt2/model`.

Chooses, act by act, how sure the model must be before the act counts, on labelled turns that were kept
out of training, and writes it into the model folder's `layout.json`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from bot.layout import ACTS
from bot.model import LanguageModel, ModelConfig, load_model
from bot.understanding import reading_prompt
from training.examples import load_corpus
from training.sources import LabelledTurn

LOWEST, HIGHEST, DEFAULT = 0.2, 0.8, 0.5
FEWEST = 5
"""An act with fewer positive dev turns keeps the default: its F1 would be chance."""


def probabilities(model: LanguageModel, turns: Sequence[LabelledTurn]) -> NDArray[np.float64]:
    """P(act) of each turn, (turns, 9), acts in the layout's order."""
    rows = []
    for turn in track(turns, description="dev turns", total=len(turns)):
        prompt, _ = reading_prompt(model, turn.history, turn.text)
        found = model.act_probabilities(prompt)
        rows.append([found[act] for act in ACTS])
    return np.array(rows, dtype=np.float64).reshape(len(turns), len(ACTS))


def best_threshold(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The threshold from LOWEST to HIGHEST with the highest F1 on dev; of equals the one nearest DEFAULT."""
    if positive.sum() < FEWEST:
        return DEFAULT
    grid = np.round(np.arange(LOWEST, HIGHEST + 0.005, 0.01), 2)
    return float(max(grid, key=lambda t: (f1(scores >= t, positive), -abs(t - DEFAULT))))


def f1(predicted: NDArray[np.bool_], positive: NDArray[np.bool_]) -> float:
    """2TP / (2TP + FP + FN); 0 where nothing is predicted and nothing is true."""
    both = int((predicted & positive).sum())
    return 2 * both / max(1, int(predicted.sum()) + int(positive.sum()))


def choose_thresholds(folder: Path, seed: int) -> dict[str, float]:
    """Thresholds for the model in `folder` as it is served on a CPU, written into its `layout.json`.

    `seed` must be the one that the model was trained with, or dev turns were trained on.
    """
    model = load_model(ModelConfig(path=str(folder), device="cpu"))
    if not model.knows_layout:
        raise SystemExit(f"{folder} has no layout.json; only a model of training.train has act thresholds")
    dev = load_corpus(seed).dev
    scores = probabilities(model, dev)
    thresholds = {}
    print(f"{len(dev)} dev turns\nact       turns  threshold  F1 at {DEFAULT}  F1")
    for column, act in enumerate(ACTS):
        positive = np.array([act in turn.acts for turn in dev])
        chosen = thresholds[act] = best_threshold(scores[:, column], positive)
        before, after = (f1(scores[:, column] >= t, positive) for t in (DEFAULT, chosen))
        print(f"{act:8} {positive.sum():6d} {chosen:10.2f} {before:10.3f} {after:8.3f}")
    file = folder / "layout.json"
    layout = json.loads(file.read_text(encoding="utf-8")) | {"thresholds": thresholds}
    file.write_text(json.dumps(layout, indent=2) + "\n", encoding="utf-8")
    return thresholds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    thresholds = commands.add_parser("thresholds", help="choose the act thresholds and write them")
    thresholds.add_argument("--model", type=Path, required=True, help="a model folder of training.train")
    thresholds.add_argument("--seed", type=int, default=1, help="the seed of the training run")
    arguments = parser.parse_args()
    choose_thresholds(arguments.model, arguments.seed)


if __name__ == "__main__":
    main()
