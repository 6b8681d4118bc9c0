"""After training: `python -m training.evaluate thresholds --model runs/parley-gpt2/model`.

Chooses, act by act and slot by slot, how sure the model must be before the act counts or a token belongs
to the slot, on labelled turns that were kept out of training, and writes it into the model folder's
`layout.json`: acts under their names, slots under their tokens.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from bot.configs import ModelConfig
from bot.layout import ACTS, SLOTS, slot_token
from bot.loading import load_model
from bot.model import LanguageModel
from bot.understanding import reading_prompt
from training.examples import dev_turns, slot_tags
from training.sources import LabelledTurn

LOWEST, HIGHEST, DEFAULT = 0.35, 0.8, 0.5
FEWEST = 9
"""An act or slot with fewer positive dev turns keeps the default: its F1 would be chance."""


@dataclass(frozen=True, slots=True)
class Dev:
    """What the model says of the dev turns beside their labels, acts and slots in the layout's order."""

    acts: NDArray[np.float64]  # (turns, acts)
    true_acts: NDArray[np.bool_]  # (turns, acts)
    slots: NDArray[np.float64]  # (tokens, slots), of the turns whose spans are known
    true_slots: NDArray[np.bool_]  # (tokens, slots)
    slot_turns: NDArray[np.int64]
    """How many turns have each slot, (slots,)."""


def read_dev(model: LanguageModel, turns: Sequence[LabelledTurn]) -> Dev:
    """P(act) of each turn and P(slot) of each token, one pass a turn."""
    acts = []
    slots: list[NDArray[np.float32]] = [np.zeros((0, len(SLOTS)), dtype=np.float32)]
    tags, slot_turns = slots.copy(), np.zeros(len(SLOTS), dtype=np.int64)
    for turn in track(turns, description="dev turns", total=len(turns)):
        prompt, skipped = reading_prompt(model, turn.history, turn.text)
        found, tagged, offsets = model.read_probabilities(prompt)
        acts.append([found[act] for act in ACTS])
        if turn.spans is not None:
            slots.append(tagged)
            tags.append(slot_tags(turn.spans, offsets, skipped))
            slot_turns += tags[-1].any(axis=0)
    return Dev(
        np.array(acts, dtype=np.float64).reshape(len(turns), len(ACTS)),
        np.array([[act in turn.acts for act in ACTS] for turn in turns], dtype=bool).reshape(-1, len(ACTS)),
        np.concatenate(slots).astype(np.float64),
        np.concatenate(tags) > 0,
        slot_turns,
    )


def best_threshold(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], turns: int | None = None
) -> float:
    """The threshold from LOWEST to HIGHEST with the highest F1 on dev; of equals the one nearest DEFAULT.

    `turns` says how many turns are positive where `scores` are of their tokens.
    """
    if (positive.sum() if turns is None else turns) < FEWEST:
        return DEFAULT
    grid = np.round(np.arange(LOWEST, HIGHEST + 0.005, 0.01), 2)
    return float(max(grid, key=lambda t: (f1(scores >= t, positive), -abs(t - DEFAULT))))


def f1(predicted: NDArray[np.bool_], positive: NDArray[np.bool_]) -> float:
    """2TP / (2TP + FP + FN); 0 where nothing is predicted and nothing is true."""
    both = int((predicted & positive).sum())
    return 2 * both / max(1, int(predicted.sum()) + int(positive.sum()))


def choose_thresholds(folder: Path) -> dict[str, float]:
    """Thresholds for the model in `folder` as it is served on a CPU, written into its `layout.json`."""
    model = load_model(ModelConfig(path=str(folder), device="cpu"))
    if not model.knows_layout:
        raise SystemExit(f"{folder} has no layout.json; only a model of training.train has thresholds")
    turns = dev_turns()
    dev = read_dev(model, turns)
    print(f"{len(turns)} dev turns\nact or slot  turns  threshold  F1 at {DEFAULT}  F1")
    thresholds = {}
    for column, act in enumerate(ACTS):
        count = int(dev.true_acts[:, column].sum())
        thresholds[act] = _chosen(act, count, dev.acts[:, column], dev.true_acts[:, column])
    for column, slot in enumerate(map(slot_token, SLOTS)):
        count = int(dev.slot_turns[column])
        thresholds[slot] = _chosen(slot, count, dev.slots[:, column], dev.true_slots[:, column])
    file = folder / "layout.json"
    layout = json.loads(file.read_text(encoding="utf-8")) | {"thresholds": thresholds}
    file.write_text(json.dumps(layout, indent=2) + "\n", encoding="utf-8")
    return thresholds


def _chosen(name: str, turns: int, scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The best threshold, printed with what it gains."""
    chosen = best_threshold(scores, positive, turns)
    before, after = (f1(scores >= t, positive) for t in (DEFAULT, chosen))
    print(f"{name:11} {turns:6d} {chosen:10.2f} {before:10.3f} {after:7.3f}")
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    thresholds = commands.add_parser("thresholds", help="choose the thresholds and write them")
    thresholds.add_argument("--model", type=Path, required=True, help="a model folder of training.train")
    arguments = parser.parse_args()
    choose_thresholds(arguments.model)


if __name__ == "__main__":
    main()
