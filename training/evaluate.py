"""After training: `python -m training.evaluate thresholds --model runs/parley-gpt2/model`.

Chooses, act by act and slot by slot, how sure the model must be before the act counts or a token belongs
to the slot, on labelled turns that were kept out of training, and writes it into the model folder's
`layout.json`: acts under their names, slots under their tokens. Acts are judged by F1 over turns, slots by F1
over exact spans.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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
from training.examples import dev_turns
from training.sources import LabelledTurn

LOWEST, HIGHEST, DEFAULT = 0.35, 0.8, 0.5
ACT_GRID = np.arange(LOWEST, HIGHEST + 0.005, 0.01).round(2)
SLOT_GRID = np.arange(LOWEST, HIGHEST + 0.005, 0.05).round(2)
FEWEST = 9
"""An act or slot with fewer positive dev turns keeps the default: its F1 would be chance."""


@dataclass(frozen=True, slots=True)
class Dev:
    """What the model says of the dev turns beside their labels, acts in the layout's order."""

    turns: Sequence[LabelledTurn]
    acts: NDArray[np.float64]  # (turns, acts)
    true_acts: NDArray[np.bool_]  # (turns, acts)
    read: list[Probabilities]
    """Turn by turn."""


def read_dev(model: LanguageModel, turns: Sequence[LabelledTurn], at_once: int = 1) -> Dev:
    """P(act) of each turn and P(slot) of each token, `at_once` turns a pass; int8 is served with one."""
    prompts = [reading_prompt(model, turn.history, turn.text)[0] for turn in turns]
    found: list[Probabilities] = []
    for start in track(range(0, len(turns), at_once), description="dev turns", transient=True):
        found += model.read_probabilities(prompts[start : start + at_once])
    acts = np.array([[read.acts[act] for act in ACTS] for read in found], dtype=np.float64)
    true_acts = np.array([[act in turn.acts for act in ACTS] for turn in turns], dtype=bool)
    return Dev(turns, acts.reshape(-1, len(ACTS)), true_acts.reshape(-1, len(ACTS)), found)


def figures(dev: Dev) -> dict[str, float]:
    """Macro-F1 and mean kappa over acts and exact span F1, at the thresholds that are best on these turns."""
    thresholds = best_thresholds(dev)
    acts = dev.acts >= [thresholds[act] for act in ACTS]
    present = dev.true_acts.any(axis=0)
    by_act = [f1(acts[:, column], dev.true_acts[:, column]) for column in np.flatnonzero(present)]
    kappas = [kappa(acts[:, column], dev.true_acts[:, column]) for column in np.flatnonzero(present)]
    return {
        "macro_f1": float(np.mean(by_act)),
        "kappa": float(np.mean(kappas)),
        "span_f1": span_f1(dev, thresholds),
    } | {f"f1_{act}": float(value) for act, value in zip(np.array(ACTS)[present], by_act, strict=True)}


def span_f1(dev: Dev, thresholds: dict[str, float], slots: Sequence[str] = SLOTS) -> float:
    """F1 of exact spans in `slots`, over the turns whose spans are known.

    Of a message too long to be read whole its first words are never found.
    """
    right = total = 0
    for turn, read in zip(dev.turns, dev.read, strict=True):
        if turn.spans is None:
            continue
        text = " " + neutral(turn.text)
        spans = spans_of(text, read.offsets, read.slots, thresholds)
        found = {(slot, text[a:b]) for slot, a, b in spans if slot in slots}
        wanted = {(slot, text[a + 1 : b + 1]) for slot, a, b in turn.spans if slot in slots}
        right, total = right + len(found & wanted), total + len(found) + len(wanted)
    return 2 * right / max(1, total)


def best_thresholds(dev: Dev) -> dict[str, float]:
    """The best threshold of each act, by its name, and of each slot, by its token."""
    found = {act: best_threshold(dev.acts[:, i], dev.true_acts[:, i]) for i, act in enumerate(ACTS)}
    for slot in SLOTS:
        found[slot_token(slot)] = DEFAULT
        if _turns(dev, slot) >= FEWEST:
            found[slot_token(slot)] = _best(SLOT_GRID, partial(_slot_f1, dev, slot))
    return found


def kappa(predicted: NDArray[np.bool_], positive: NDArray[np.bool_]) -> float:
    """Cohen's kappa, agreement beyond chance: (p_o - p_e) / (1 - p_e); 0 where p_e is 1."""
    observed = float((predicted == positive).mean())
    chance = float(predicted.mean() * positive.mean() + (1 - predicted.mean()) * (1 - positive.mean()))
    return (observed - chance) / (1 - chance) if chance < 1 else 0.0


def best_threshold(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The threshold from LOWEST to HIGHEST with the highest F1 on dev; of equals the one nearest DEFAULT."""
    if positive.sum() < FEWEST:
        return DEFAULT
    return _best(ACT_GRID, lambda threshold: f1(scores >= threshold, positive))


def _best(grid: NDArray[np.float64], value: Callable[[float], float]) -> float:
    return float(max(grid, key=lambda threshold: (value(threshold), -abs(threshold - DEFAULT))))


def _slot_f1(dev: Dev, slot: str, threshold: float) -> float:
    return span_f1(dev, {slot_token(slot): threshold}, (slot,))


def _turns(dev: Dev, slot: str) -> int:
    return sum(any(span[0] == slot for span in turn.spans or ()) for turn in dev.turns)


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
        before, after = (
            f1(dev.acts[:, column] >= t, dev.true_acts[:, column]) for t in (DEFAULT, thresholds[act])
        )
        _show(act, int(dev.true_acts[:, column].sum()), thresholds[act], before, after)
    for slot in SLOTS:
        chosen = thresholds[slot_token(slot)]
        before, after = (span_f1(dev, {slot_token(slot): t}, (slot,)) for t in (DEFAULT, chosen))
        _show(slot, _turns(dev, slot), chosen, before, after)
    print("  ".join(f"{name} {value:.3f}" for name, value in figures(dev).items()))
    file = folder / "layout.json"
    layout = json.loads(file.read_text(encoding="utf-8")) | {"thresholds": thresholds}
    file.write_text(json.dumps(layout, indent=2) + "\n", encoding="utf-8")
    return thresholds


def _show(name: str, turns: int, chosen: float, before: float, after: float) -> None:
    """One line: the threshold, and what it gains."""
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
