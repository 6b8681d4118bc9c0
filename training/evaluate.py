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
from bot.layout import ACTS, SLOTS, neutral, slot_token
from bot.loading import load_model
from bot.model import LanguageModel, Probabilities
from bot.tagging import spans_of
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
    read: list[Probabilities]
    """Turn by turn."""


def read_dev(model: LanguageModel, turns: Sequence[LabelledTurn], at_once: int = 1) -> Dev:
    """P(act) of each turn and P(slot) of each token, `at_once` turns a pass; int8 is served with one."""
    prompts = [reading_prompt(model, turn.history, turn.text) for turn in turns]
    found: list[Probabilities] = []
    for start in track(range(0, len(turns), at_once), description="dev turns", transient=True):
        found += model.read_probabilities([prompt for prompt, _ in prompts[start : start + at_once]])
    slots = [np.zeros((0, len(SLOTS)), dtype=np.float32)]
    tags, slot_turns = slots.copy(), np.zeros(len(SLOTS), dtype=np.int64)
    for turn, read, (_, skipped) in zip(turns, found, prompts, strict=True):
        if turn.spans is not None:
            slots.append(read.slots)
            tags.append(slot_tags(turn.spans, read.offsets, skipped))
            slot_turns += tags[-1].any(axis=0)
    acts = np.array([[read.acts[act] for act in ACTS] for read in found], dtype=np.float64)
    return Dev(
        acts.reshape(-1, len(ACTS)),
        np.array([[act in turn.acts for act in ACTS] for turn in turns], dtype=bool).reshape(-1, len(ACTS)),
        np.concatenate(slots).astype(np.float64),
        np.concatenate(tags) > 0,
        slot_turns,
        found,
    )


def figures(turns: Sequence[LabelledTurn], dev: Dev) -> dict[str, float]:
    """Macro-F1 and mean kappa over acts and exact span F1, at the thresholds that are best on these turns."""
    thresholds = best_thresholds(dev)
    acts = dev.acts >= [thresholds[act] for act in ACTS]
    present = dev.true_acts.any(axis=0)
    by_act = [f1(acts[:, column], dev.true_acts[:, column]) for column in np.flatnonzero(present)]
    kappas = [kappa(acts[:, column], dev.true_acts[:, column]) for column in np.flatnonzero(present)]
    right = predicted = true = 0
    for turn, read in zip(turns, dev.read, strict=True):
        if turn.spans is None:
            continue
        text = " " + neutral(turn.text)
        found = {
            (slot, text[a:b]) for slot, a, b in spans_of(text, read.offsets, read.slots, thresholds)
        }  # of a message too long to be read whole its first words are never found
        wanted = {(slot, neutral(turn.text)[a:b]) for slot, a, b in turn.spans}
        right, predicted, true = right + len(found & wanted), predicted + len(found), true + len(wanted)
    return {
        "macro_f1": float(np.mean(by_act)),
        "kappa": float(np.mean(kappas)),
        "span_f1": 2 * right / max(1, predicted + true),
    } | {f"f1_{act}": float(value) for act, value in zip(np.array(ACTS)[present], by_act, strict=True)}


def best_thresholds(dev: Dev) -> dict[str, float]:
    """The best threshold of each act, by its name, and of each slot, by its token."""
    found = {act: best_threshold(dev.acts[:, i], dev.true_acts[:, i]) for i, act in enumerate(ACTS)}
    for i, slot in enumerate(SLOTS):
        turns = int(dev.slot_turns[i])
        found[slot_token(slot)] = best_threshold(dev.slots[:, i], dev.true_slots[:, i], turns)
    return found


def kappa(predicted: NDArray[np.bool_], positive: NDArray[np.bool_]) -> float:
    """Cohen's kappa, agreement beyond chance: (p_o - p_e) / (1 - p_e); 0 where p_e is 1."""
    observed = float((predicted == positive).mean())
    chance = float(predicted.mean() * positive.mean() + (1 - predicted.mean()) * (1 - positive.mean()))
    return (observed - chance) / (1 - chance) if chance < 1 else 0.0


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
    thresholds = best_thresholds(dev)
    for column, act in enumerate(ACTS):
        _show(
            act,
            int(dev.true_acts[:, column].sum()),
            thresholds[act],
            dev.acts[:, column],
            dev.true_acts[:, column],
        )
    for column, slot in enumerate(map(slot_token, SLOTS)):
        _show(
            slot,
            int(dev.slot_turns[column]),
            thresholds[slot],
            dev.slots[:, column],
            dev.true_slots[:, column],
        )
    print("  ".join(f"{name} {value:.3f}" for name, value in figures(turns, dev).items()))
    file = folder / "layout.json"
    layout = json.loads(file.read_text(encoding="utf-8")) | {"thresholds": thresholds}
    file.write_text(json.dumps(layout, indent=2) + "\n", encoding="utf-8")
    return thresholds


def _show(
    name: str, turns: int, chosen: float, scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> None:
    """One line: the threshold, and what it gains."""
    before, after = (f1(scores >= t, positive) for t in (DEFAULT, chosen))
    print(f"{name:11} {turns:6d} {chosen:10.2f} {before:10.3f} {after:7.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    thresholds = commands.add_parser("thresholds", help="choose the thresholds and write them")
    thresholds.add_argument("--model", type=Path, required=True, help="a model folder of training.train")
    arguments = parser.parse_args()
    choose_thresholds(arguments.model)


if __name__ == "__main__":
    main()
