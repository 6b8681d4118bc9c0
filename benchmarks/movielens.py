"""A real catalogue end to end: `python -m benchmarks.movielens`. Needs PARLEY_DATA_DIR.

Prepares, ingests, embeds and trains on configs/movielens.yaml in a folder that is gone afterwards, starts
the server on it, and times 200 searches as the turn makes them.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil

from benchmarks import demo
from benchmarks.report import arguments, machine, percentiles, publish, table, verdict
from bot.policy import Plan
from bot.prepare import Preparation
from bot.service import Parley
from bot.settings import Settings, load_settings
from bot.state import DialogueState, apply
from bot.turn import Clock, recommend
from bot.understanding import Reading, Span
from retrieval.filters import mask
from storage.base import utcnow

Result = TypeVar("Result")

CONFIG = demo.ROOT / "configs" / "movielens.yaml"
SEARCH_MS = 20
"""The budget of retrieving and ranking; it is set for a catalogue of 100,000 items."""
SUBJECTS = (
    "a lonely lighthouse and what washes ashore", "two rival chefs who fall in love",
    "spies who no longer know their side", "an orphan raised by animals", "a bank robbery gone wrong",
    "brothers who inherit a farm", "the last days of an empire", "a detective who cannot sleep",
    "teenagers at a summer camp", "a pianist who loses her hearing", "settlers crossing a desert",
    "a crew stranded on another planet", "an old man teaching a boy to box", "a haunted country house",
    "a newspaper that goes after a senator", "friends on a long drive to the sea",
    "a clumsy inspector and a stolen jewel", "a submarine on the run", "a wedding where all goes wrong",
    "a chess prodigy and her father", "dinosaurs brought back to life", "a swordsman seeking revenge",
    "a toy that comes alive at night", "a jury that cannot agree", "dancers in a small town",
)  # fmt: skip
WISHES = (
    "", "before 1970", "from the nineties", "thriller", "comedy", "after 2005", "animation", "drama",
)  # fmt: skip


@dataclass(slots=True)
class Steps:
    """Seconds of each step, and the memory of the process after it, in MiB."""

    seconds: dict[str, float] = field(default_factory=dict)
    resident_mib: dict[str, float] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, step: Callable[[], Result]) -> Result:
        began = time.perf_counter()
        result = step()
        self.seconds[name] = time.perf_counter() - began
        self.resident_mib[name] = psutil.Process().memory_info().rss / 2**20
        return result


def bring_in(settings: Settings, data_dir: Path, folder: Path) -> Steps:
    """Prepare, ingest, embed and train; each step timed."""
    steps = Steps()
    script = [
        sys.executable,
        "data/prepare_movielens.py",
        "--data-dir",
        str(data_dir),
        "--output",
        str(folder),
    ]
    made = steps.take(
        "prepare (a process of its own)",
        lambda: subprocess.run(script, cwd=demo.ROOT, check=True, stdout=subprocess.PIPE, text=True),
    )
    steps.said["prepare (a process of its own)"] = made.stdout.partition(" written")[0].strip()
    preparation = Preparation(settings)
    items = steps.take("ingest items", lambda: preparation.items(folder / "items.jsonl"))
    steps.said["ingest items"] = f"{items.added} added, {items.rejected} rejected"
    events = steps.take("ingest events", lambda: preparation.events(folder / "events.csv"))
    steps.said["ingest events"] = (
        f"{events.added} added, {events.pending} pending, {events.rejected} rejected"
    )
    retrieval = steps.take("embed (and open)", preparation.embed)
    steps.said["embed (and open)"] = f"{len(retrieval.catalogue)} cards"
    report = steps.take("train", lambda: preparation.train(retrieval))
    steps.said["train"] = f"{report.events} events of {report.users} people about {report.items} items"
    preparation.close()
    return steps


def queries(limit: int) -> list[tuple[str, str]]:
    """What is looked for: a subject, and a further wish that may be empty."""
    return list(product(SUBJECTS, WISHES))[:limit]


def searches(settings: Settings, limit: int, seed: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each search, for people drawn from the log, by the steps of a turn.

    What a message means is given here, so that the language model has no part in the figures. As in a turn,
    reading the person embeds the query, which the search then finds done.
    """
    times: dict[str, list[float]] = defaultdict(list)
    random = np.random.default_rng(seed)
    with demo.opened(settings) as parley:
        users = sorted({event.user_id for event in parley.parts.ranking.log.all_effective()})
        for subject, wish in queries(limit):
            ms = _search(parley, subject, wish, str(random.choice(users)))
            for step, took in ms.items():
                times[step].append(took)
    return {step: percentiles(took) for step, took in times.items()}


def _search(parley: Parley, subject: str, wish: str, user_id: str) -> dict[str, float]:
    parts, text = parley.parts, f"{subject}, {wish}" if wish else subject
    spans = [Span("need", subject, 0, len(subject))]
    if wish:
        spans.append(Span("want", wish, len(text) - len(wish), len(text)))
    intent = parts.grounder.ground(Reading(("request",), tuple(spans)), text, now=utcnow())
    catalogue, clock = parley.catalogue, Clock()
    state = apply(DialogueState(), intent, lambda wanted: int(mask(catalogue, wanted).sum()))
    with clock.stage("read the person, embed the query"):
        user = parts.ranking.user(user_id, said=[intent.query])
    recommend(parts, Plan(recommend=True), intent, state, user, 5, (), clock)
    return {**clock.ms, "retrieve + rank": clock.ms["retrieve"] + clock.ms["rank"]}


def markdown(report: dict[str, Any]) -> str:
    """The report as a section of RESULTS.md."""
    steps, server = report["steps"], report["server"]
    rows = [
        [name, f"{seconds:.1f}", f"{steps['resident_mib'][name]:.0f}", steps["said"].get(name, "")]
        for name, seconds in steps["seconds"].items()
    ]
    rows.append(
        ["start the server, to ready", f"{server['start_s']:.1f}", f"{server['resident_mib']:.0f}", ""]
    )
    search = [
        [name, *(f"{found[figure]:.1f}" for figure in ("p50", "p95", "max")), ""]
        for name, found in report["search_ms"].items()
    ]
    p95 = report["search_ms"]["retrieve + rank"]["p95"]
    search[-1][-1] = f"p95 <= {SEARCH_MS}: {verdict(p95, SEARCH_MS)}"
    return "\n".join(
        [
            "## A real catalogue: configs/movielens.yaml",
            "",
            "Wikipedia's films with the ratings of MovieLens ml-latest-small, all of them (no split: nothing "
            f"is scored here). {report['queries']} queries: subjects and wishes of benchmarks/movielens.py, "
            f"for people drawn with seed {report['seed']}. Machine: {report['machine']}. One run; memory is "
            "resident, of the one process that takes all steps, of the server for its start.",
            "",
            table(["step", "seconds", "MiB after", ""], rows),
            "",
            table(["search, milliseconds", "p50", "p95", "most", "budget (for 100,000 items)"], search),
            "",
        ]
    )


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--queries", type=int, default=200, help="at most 200")
    given = parser.parse_args()
    data_dir = os.environ.get("PARLEY_DATA_DIR")
    if not data_dir:
        sys.exit("set PARLEY_DATA_DIR to the folder of wikipedia-movies and ml-latest-small")
    path = str(given.model.resolve()) if given.model else None
    with tempfile.TemporaryDirectory(prefix="parley-movielens-") as name:
        folder = Path(name)
        settings = load_settings(CONFIG, state_dir=folder / "state", model__path=path)
        steps = bring_in(settings, Path(data_dir).resolve(), folder)
        found = searches(settings, given.queries, given.seed)
        with demo.served(CONFIG, settings) as server:
            started = {"start_s": server.start_s, "resident_mib": server.resident_mib()}
    report = {
        "machine": machine(),
        "seed": given.seed,
        "queries": min(given.queries, len(SUBJECTS) * len(WISHES)),
        "steps": {"seconds": steps.seconds, "resident_mib": steps.resident_mib, "said": steps.said},
        "server": started,
        "search_ms": found,
    }
    publish(report, markdown(report), given.json)


if __name__ == "__main__":
    main()
