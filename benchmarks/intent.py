"""How well messages are read: `parley evaluate intent`, or `python -m benchmarks.intent`.

Reads labelled messages, ReDial's of held-out seekers and our own, with the configured weights, and beside
them with random weights, the majority and a keyword list; then the sixty turns of two domains never seen.
Draws confusions and calibration into `benchmarks/plots/`. Needs PARLEY_DATA_DIR.
"""

import argparse
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks import keywords, unseen
from benchmarks.untaught import untaught
from benchmarks.values import gold, grounders, home, plain, values
from bot.configs import ModelConfig
from bot.grounding import Grounder
from bot.layout import ACTS
from bot.loading import SHIPPED, load_model
from bot.model import LanguageModel
from bot.settings import Settings
from bot.understanding import Reading, Span, read
from training.evaluate import read_dev
from training.sources import LabelledTurn, own_labelled, redial_labelled

SEED = 20261123
RESAMPLES = 10_000
PLOTS = Path(__file__).parent / "plots"
Reader = Callable[[LabelledTurn], Reading]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by dialogue."""

    turns: Counts  # (dialogues,)
    acts: Counts  # (dialogues, 9, 3): right, predicted and true
    pairs: dict[str, Counts]
    """Of each other measure right, predicted and true, (dialogues, 3)."""


def model_reader(model: LanguageModel) -> Reader:
    return lambda turn: read(model, turn.history, turn.text)


def majority_acts(train: Sequence[LabelledTurn]) -> Reader:
    """The most frequent set of acts in the training labels."""
    acts = Counter(tuple(sorted(turn.acts)) for turn in train).most_common(1)[0][0]
    return lambda turn: Reading(acts, ())


def tally(
    turns: Sequence[LabelledTurn], readings: Sequence[Reading], catalogues: Sequence[Grounder]
) -> Tally:
    """Counts of `readings`, their values grounded in the catalogue that each turn's labels fit best."""
    names = [dialogue(turn) for turn in turns]
    dialogues = {name: row for row, name in enumerate(dict.fromkeys(names))}
    size = len(dialogues)
    measures = ("spans", "spans overlapping", "values", "references", "turned down")
    found = Tally(
        np.zeros(size, dtype=np.int64),
        np.zeros((size, len(ACTS), 3), dtype=np.int64),
        {name: np.zeros((size, 3), dtype=np.int64) for name in measures},
    )
    for turn, reading, name in zip(turns, readings, names, strict=True):
        row = dialogues[name]
        found.turns[row] += 1
        for column, act in enumerate(ACTS):
            predicted, true = act in reading.acts, act in turn.acts
            found.acts[row, column] += (predicted and true, predicted, true)
        labels, sizes = gold(turn), (len(reading.spans), len(turn.spans or ()))
        found.pairs["spans"][row] += (_shared(_words(reading.spans), _words(labels)), *sizes)
        found.pairs["spans overlapping"][row] += (_overlapping(reading.spans, labels), *sizes)
        grounder = home(turn, catalogues)
        said, true_values = (values(turn, spans, grounder) for spans in (reading.spans, labels))
        found.pairs["values"][row] += (_shared(said, true_values), said.total(), true_values.total())
        pointing, references = (
            Counter(plain(span.text) for span in spans if span.slot == "ref")
            for spans in (reading.spans, labels)
        )
        if references:  # exact: all of a turn's, and no other
            found.pairs["references"][row] += (pointing == references, 1, 1)
        down = [_turned_down(reading.acts, reading.spans), _turned_down(turn.acts, labels)]
        found.pairs["turned down"][row] += (down[0] and down[1], down[0], down[1])
    return found


def dialogue(turn: LabelledTurn) -> str:
    """What names a turn's dialogue: its id, or, of our own turns, what was said before."""
    return turn.dialogue or "".join(message.text for message in turn.history) or turn.text


def _turned_down(acts: Sequence[str], spans: Sequence[Span]) -> bool:
    """Whether anything is rejected, unwanted or disliked."""
    return "reject" in acts or any(span.slot in ("avoid", "dislike") for span in spans)


def _words(spans: Sequence[Span]) -> Counter[Any]:
    return Counter((span.slot, span.text.lower()) for span in spans)


def _shared(predicted: Counter[Any], gold: Counter[Any]) -> int:
    return (predicted & gold).total()


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


def kappa(counts: NDArray[Any], turns: NDArray[Any]) -> NDArray[np.float64]:
    """Cohen's kappa of right, predicted and true (..., 3) among `turns` (...)."""
    right, predicted, true = (counts[..., i] / turns for i in range(3))
    observed = 1 - predicted - true + 2 * right
    chance = predicted * true + (1 - predicted) * (1 - true)
    return np.where(chance < 1, (observed - chance) / np.maximum(1 - chance, 1e-9), 0.0)


def scores(found: Tally, weights: Counts) -> dict[str, NDArray[np.float64]]:
    """Each figure for each row of `weights`, (n, dialogues): how often each dialogue counts.

    Macro-F1 and mean kappa are over acts that are true at least once among the dialogues that count.
    """
    acts = np.einsum("nd,dac->nac", weights, found.acts)
    present = acts[..., 2] > 0
    kappas = kappa(acts, (weights @ found.turns)[:, None])
    figures = {
        "acts, macro-F1": (f1(acts) * present).sum(axis=1) / present.sum(axis=1),
        "acts, mean kappa": (kappas * present).sum(axis=1) / present.sum(axis=1),
    }
    for name, counts in found.pairs.items():
        right, predicted, true = (weights @ counts).T
        if name == "turned down":
            figures["turned down, recall"] = right / np.maximum(true, 1)
            figures["turned down, precision"] = right / np.maximum(predicted, 1)
        else:
            figures[name if name == "references" else f"{name}, F1"] = f1(weights @ counts)
    return figures


def with_intervals(found: Tally, resamples: int, seed: int) -> dict[str, dict[str, float]]:
    """Each figure with its 95% interval by bootstrap over dialogues."""
    size = len(found.turns)
    drawn = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), size=resamples)
    whole, redrawn = scores(found, np.ones((1, size), dtype=np.int64)), scores(found, drawn)
    return {name: _figure(float(whole[name][0]), redrawn[name]) for name in whole}


def _figure(value: float, redrawn: NDArray[np.float64]) -> dict[str, float]:
    low, high = np.percentile(redrawn, [2.5, 97.5])
    return {"value": value, "low": float(low), "high": float(high)}


def measure(
    folder: Path, part: str, resamples: int, seed: int, *, plots: Path | None = None, alone: bool = False
) -> dict[str, Any]:
    """Every figure of every system: {suite, variants: {variant: {measure: {value, low, high}}}, ...}."""
    sets = {"ReDial": redial_labelled(part), "own turns": own_labelled(part)}
    model = load_model(ModelConfig(path=str(folder), device="cpu", read_seconds=600))
    variants: dict[str, Any] = {}
    by_act: dict[str, Any] = {}
    systems = {"": model_reader(model)}
    if not alone:
        systems |= {
            ", majority": majority_acts(redial_labelled("train")),
            ", keyword list": lambda turn: keywords.read(turn.text),
        }
        with untaught(folder, seed) as copy:
            random = load_model(ModelConfig(path=str(copy), device="cpu", read_seconds=600))
        systems[", random weights"] = model_reader(random)
    with grounders() as every:
        catalogues = {"ReDial": [every["demo"]], "own turns": list(every.values())}
        for name, turns in sets.items():
            for system, reader in systems.items():
                found = tally(turns, _read_all(reader, turns, name + system), catalogues[name])
                variants[name + system] = with_intervals(found, resamples, seed)
                by_act[name + system] = _by_act(found)
    for name, domain in unseen.measure(model, resamples, seed).items():
        variants[f"never seen: {name}"] = domain
    if plots is not None:
        draw(model, sets, plots)
    return {
        "suite": "intent",
        "variants": variants,
        "by_act": by_act,
        "part": part,
        "messages": {name: len(turns) for name, turns in sets.items()},
        "bootstrap": {"resamples": resamples, "seed": seed, "unit": "dialogue"},
        "machine": f"{os.cpu_count()} CPU cores ({platform.machine()}), decoder in int8",
        "data": "ReDial: part of train, messages of held-out seekers, labelled by hand; own turns",
    }


def evaluate(settings: Settings) -> dict[str, Any]:
    """The suite of `parley evaluate intent`, on test, with the weights that `settings` name."""
    return measure(Path(settings.model.path or SHIPPED), "test", RESAMPLES, SEED, plots=PLOTS)


def _read_all(reader: Reader, turns: Sequence[LabelledTurn], what: str) -> list[Reading]:
    return [reader(turn) for turn in track(turns, description=f"{what:24}", transient=True)]


def _by_act(found: Tally) -> dict[str, dict[str, float]]:
    acts = found.acts.sum(axis=0)  # (9, 3)
    kappas = kappa(acts, found.turns.sum())
    return {
        act: {"true": int(acts[i, 2]), "f1": float(f1(acts)[i]), "kappa": float(kappas[i])}
        for i, act in enumerate(ACTS)
    }


def draw(model: LanguageModel, sets: dict[str, list[LabelledTurn]], folder: Path) -> None:
    """Which acts are read where which are true, and how often an act that is read with P is true."""
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(2, len(sets), figsize=(6.2 * len(sets), 10.4), squeeze=False)
    for column, (name, turns) in enumerate(sets.items()):
        said = read_dev(model, turns)
        readings = [set(read(model, turn.history, turn.text).acts) for turn in turns]
        table = _confusion([set(turn.acts) for turn in turns], readings)
        top, below = axes[:, column]
        top.imshow(table, cmap="Blues", vmin=0, vmax=1)
        for i, j in np.ndindex(*table.shape):
            if table[i, j] >= 0.005:
                colour = "white" if table[i, j] > 0.5 else "black"
                top.text(j, i, f"{table[i, j]:.2f}", ha="center", va="center", fontsize=7, color=colour)
        top.set_xticks(range(len(ACTS) + 1), [*ACTS, "(none)"], rotation=60)
        top.set_yticks(range(len(ACTS) + 1), [*ACTS, "(none)"])
        top.set(title=f"{name}: share of true acts (row) read as", ylabel="true")
        _draw_calibration(below, said.acts.ravel(), said.true_acts.ravel(), name)
    figure.tight_layout()
    figure.savefig(folder / "intent.png", dpi=100)
    plt.close(figure)


def _confusion(truth: Sequence[set[str]], read_as: Sequence[set[str]]) -> NDArray[np.float64]:
    """Row by row where true acts went: to themselves, else evenly to the acts read in excess, else to none.

    The last row is of acts read in excess where no true act was missed.
    """
    table = np.zeros((len(ACTS) + 1, len(ACTS) + 1))
    for true, found in zip(truth, read_as, strict=True):
        excess, missed = sorted(found - true), sorted(true - found)
        for act in true & found:
            table[ACTS.index(act), ACTS.index(act)] += 1
        for act in missed:
            for other in excess:
                table[ACTS.index(act), ACTS.index(other)] += 1 / len(excess)
            if not excess:
                table[ACTS.index(act), -1] += 1
        for other in [] if missed else excess:
            table[-1, ACTS.index(other)] += 1
    shares: NDArray[np.float64] = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    return shares


def _draw_calibration(axes: Any, said: NDArray[np.float64], true: NDArray[np.bool_], name: str) -> None:
    """Ten equal bins of P; the error is the mean gap between P and how often it was true, weighted by bin."""
    bins = np.minimum((said * 10).astype(int), 9)
    rows = [(said[bins == b].mean(), true[bins == b].mean(), (bins == b).mean()) for b in np.unique(bins)]
    mean, share, weight = np.array(rows).T
    error = float((np.abs(mean - share) * weight).sum())
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.plot(mean, share, marker="o")
    axes.set(
        xlabel="P(act) as read", ylabel="share that is true", title=f"{name}: calibration error {error:.3f}"
    )


def markdown(report: dict[str, Any]) -> str:
    """The report as a section of RESULTS.md."""
    boot = report["bootstrap"]
    sizes = ", ".join(f"{name} {count}" for name, count in report["messages"].items())
    lines = [
        "## Reading messages",
        "",
        f"Messages of {report['part']}: {sizes}. {report['data']}. Labels after training/labels/GUIDE.md; "
        "means are over acts that are true at least once. 95% intervals: "
        f"{boot['resamples']:,} bootstrap resamples of dialogues, seed {boot['seed']}. "
        f"Machine: {report['machine']}.",
        "",
        "| | measure | value | 95% |",
        "|---|---|---|---|",
    ]
    for variant, measures in report["variants"].items():
        for name, at in measures.items():
            lines.append(f"| {variant} | {name} | {at['value']:.3f} | {at['low']:.3f} to {at['high']:.3f} |")
    acts = list(ACTS)
    lines += ["", f"| F1 (times true) | {' | '.join(acts)} |", "|---" * (len(acts) + 1) + "|"]
    for variant, by_act in report["by_act"].items():
        cells = (f"{by_act[act]['f1']:.2f} ({by_act[act]['true']})" for act in acts)
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="a folder; the shipped one by default")
    parser.add_argument(
        "--part", choices=("test", "dev"), default="test", help="dev to choose, test to report"
    )
    parser.add_argument("--alone", action="store_true", help="without the systems beside it")
    parser.add_argument("--resamples", type=int, default=RESAMPLES)
    parser.add_argument("--seed", type=int, default=SEED, help="of the bootstrap and random weights")
    parser.add_argument("--plots", type=Path, help="draw into this folder")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    arguments = parser.parse_args()
    report = measure(
        arguments.model, arguments.part, arguments.resamples, arguments.seed,
        plots=arguments.plots, alone=arguments.alone,
    )  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(markdown(report))


if __name__ == "__main__":
    main()
