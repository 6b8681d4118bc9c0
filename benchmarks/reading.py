"""How well messages are read: `python -m benchmarks.reading`.

Compares the shipped weights, as served, with the same architecture on random weights, with the majority
and with a keyword list, on ReDial messages of held-out seekers labelled by hand. Needs PARLEY_DATA_DIR.
"""

import argparse
import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks import keywords
from benchmarks.untaught import untaught
from bot.configs import ModelConfig
from bot.layout import ACTS
from bot.loading import SHIPPED, load_model
from bot.understanding import Reading, Span, read
from training.sources import LabelledTurn, redial_labelled

SEED = 20261123
Reader = Callable[[LabelledTurn], Reading]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by dialogue: right, predicted and true, of each act and of spans."""

    acts: Counts  # (dialogues, 9, 3)
    exact: Counts  # (dialogues, 3)
    lenient: Counts  # (dialogues, 3)


def model_reader(folder: Path) -> Reader:
    """A model folder, in int8 on the CPU as served; the time limit is lifted so that load cannot matter."""
    model = load_model(ModelConfig(path=str(folder), device="cpu", read_seconds=600))
    return lambda turn: read(model, turn.history, turn.text)


def random_reader(folder: Path, seed: int) -> Reader:
    """The same architecture, tokenizer and thresholds; the weights learned nothing."""
    with untaught(folder, seed) as copy:
        return model_reader(copy)


def majority_acts(train: Sequence[LabelledTurn]) -> Reader:
    """Every act that most training messages carry; none is that frequent, as a rule."""
    counts = Counter(act for turn in train for act in turn.acts)
    acts = tuple(act for act in ACTS if counts[act] > len(train) / 2)
    return lambda turn: Reading(acts, ())


def majority_set(train: Sequence[LabelledTurn]) -> Reader:
    """The most frequent set of acts in the training labels."""
    sets = Counter(tuple(sorted(turn.acts)) for turn in train)
    acts = sets.most_common(1)[0][0]
    return lambda turn: Reading(acts, ())


def tally(turns: Sequence[LabelledTurn], readings: Sequence[Reading]) -> Tally:
    dialogues = {name: row for row, name in enumerate(dict.fromkeys(turn.dialogue for turn in turns))}
    acts = np.zeros((len(dialogues), len(ACTS), 3), dtype=np.int64)
    exact = np.zeros((len(dialogues), 3), dtype=np.int64)
    lenient = np.zeros_like(exact)
    for turn, reading in zip(turns, readings, strict=True):
        row = dialogues[turn.dialogue]
        for column, act in enumerate(ACTS):
            predicted, true = act in reading.acts, act in turn.acts
            acts[row, column] += (predicted and true, predicted, true)
        gold = [Span(slot, turn.text[start:end], start, end) for slot, start, end in turn.spans or ()]
        sizes = (len(reading.spans), len(gold))
        exact[row] += (_exact(reading.spans, gold), *sizes)
        lenient[row] += (_overlapping(reading.spans, gold), *sizes)
    return Tally(acts, exact, lenient)


def _exact(predicted: Sequence[Span], gold: Sequence[Span]) -> int:
    """How many spans have the slot and the words of a true one, each used once."""
    words = [Counter((span.slot, span.text.lower()) for span in spans) for spans in (predicted, gold)]
    return (words[0] & words[1]).total()


def _overlapping(predicted: Sequence[Span], gold: Sequence[Span]) -> int:
    """How many spans share a slot and a character with a true one, each used once, from left to right."""
    left = sorted(gold, key=lambda span: span.end)
    matched = 0
    for span in sorted(predicted, key=lambda span: span.end):
        for true in left:
            if true.slot == span.slot and true.start < span.end and span.start < true.end:
                left.remove(true)
                matched += 1
                break
    return matched


def f1(counts: NDArray[Any]) -> NDArray[np.float64]:
    """2 right / (predicted + true) over the last axis; 0 where there is neither."""
    total = counts[..., 1] + counts[..., 2]
    return np.where(total > 0, 2 * counts[..., 0] / np.maximum(total, 1), 0.0)


def scores(found: Tally, weights: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """The three figures for each row of `weights`, (n, dialogues): how often each dialogue counts.

    Macro-F1 is over acts that are true at least once among the dialogues that count.
    """
    acts = np.einsum("nd,dac->nac", weights, found.acts)
    present = acts[..., 2] > 0
    macro = (f1(acts) * present).sum(axis=1) / present.sum(axis=1)
    return {
        "acts": macro,
        "spans": f1(weights @ found.exact),
        "spans_overlap": f1(weights @ found.lenient),
    }


def compare(found: dict[str, Tally], resamples: int, seed: int) -> dict[str, dict[str, dict[str, Any]]]:
    """Gains of the first system over each other one, with paired 95% bootstrap intervals over dialogues."""
    names = list(found)
    size = len(found[names[0]].exact)
    drawn = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), size=resamples)
    whole = np.ones((1, size), dtype=np.int64)
    best, best_drawn = scores(found[names[0]], whole), scores(found[names[0]], drawn)
    gains: dict[str, dict[str, dict[str, Any]]] = {}
    for name in names[1:]:
        here, here_drawn = scores(found[name], whole), scores(found[name], drawn)
        gains[name] = {
            figure: {
                "gain": float(best[figure][0] - here[figure][0]),
                "interval": np.percentile(best_drawn[figure] - here_drawn[figure], [2.5, 97.5]).tolist(),
            }
            for figure in best
        }
    return gains


def measure(folder: Path, part: str, resamples: int, seed: int) -> dict[str, Any]:
    """Read every message of `part` with every system; the whole report as JSON values."""
    test, train = redial_labelled(part), redial_labelled("train")
    readers: dict[str, Reader] = {
        "shipped weights": model_reader(folder),
        "random weights": random_reader(folder, seed),
        "majority, act set": majority_set(train),
        "majority, act by act": majority_acts(train),
        "keyword list": lambda turn: keywords.read(turn.text),
    }
    found = {}
    for name, reader in readers.items():
        readings = [reader(turn) for turn in track(test, description=f"{name:22}", transient=True)]
        found[name] = tally(test, readings)
    whole = np.ones((1, len(found["keyword list"].exact)), dtype=np.int64)
    positives = {act: sum(act in turn.acts for turn in test) for act in ACTS}
    return {
        "data": "ReDial, part of train: messages of held-out seekers, labelled by hand",
        "messages": len(test),
        "dialogues": whole.size,
        "bootstrap": {"resamples": resamples, "seed": seed, "unit": "dialogue"},
        "machine": f"{os.cpu_count()} CPU cores ({platform.machine()}), int8",
        "acts_true": positives,
        "acts_left_out": [act for act in ACTS if not positives[act]],
        "spans_true": int(found["keyword list"].exact[:, 2].sum()),
        "systems": {
            name: {figure: float(value[0]) for figure, value in scores(counts, whole).items()}
            | {"act_f1": dict(zip(ACTS, f1(counts.acts.sum(axis=0)).tolist(), strict=True))}
            for name, counts in found.items()
        },
        "gains": compare(found, resamples, seed),
    }


def markdown(report: dict[str, Any]) -> str:
    """The report as a section of RESULTS.md."""
    systems, gains = report["systems"], report["gains"]
    acts = [act for act in ACTS if act not in report["acts_left_out"]]
    left_out = ", ".join(report["acts_left_out"]) or "none"
    bootstrap = report["bootstrap"]
    lines = [
        "## Reading messages",
        "",
        f"{report['messages']} seeker messages of {report['dialogues']} dialogues of the ReDial train part, "
        f"by seekers kept out of training, labelled message by "
        f"message after training/labels/GUIDE.md ({report['spans_true']} spans). "
        f"Macro-F1 is over acts that are true at least once (left "
        f"out: {left_out}); spans count when slot and words are the same, or, lenient, when they overlap in "
        f"the same slot. Gain: shipped weights minus the other, paired 95% interval, "
        f"{bootstrap['resamples']:,} bootstrap resamples of dialogues, seed {bootstrap['seed']}. "
        f"Machine: {report['machine']}. "
        "ReDial's train set is incomplete here: not comparable with published figures.",
        "",
        "| system | macro-F1 acts | gain | span F1 | gain | span F1, lenient | gain |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in systems.items():
        cells = [name]
        for figure in ("acts", "spans", "spans_overlap"):
            cells += [f"{row[figure]:.3f}", _gain(gains.get(name, {}).get(figure))]
        lines.append(f"| {' | '.join(cells)} |")
    heads = ["F1 by act (times true)", *(f"{act} ({report['acts_true'][act]})" for act in acts)]
    lines += ["", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, row in systems.items():
        cells = [name, *(f"{row['act_f1'][act]:.2f}" for act in acts)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _gain(gain: dict[str, Any] | None) -> str:
    if gain is None:
        return ""
    low, high = gain["interval"]
    return f"{gain['gain']:+.3f} [{low:+.3f}, {high:+.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="a folder; the shipped one by default")
    parser.add_argument(
        "--part", choices=("test", "dev"), default="test", help="dev to choose, test to report"
    )
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED, help="of the bootstrap and random weights")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    arguments = parser.parse_args()
    report = measure(arguments.model, arguments.part, arguments.resamples, arguments.seed)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(markdown(report))


if __name__ == "__main__":
    main()
