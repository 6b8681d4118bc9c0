"""Feedback given to one worker, and the next turn of the other: two `parley serve` on one PostgreSQL and one
Chroma server.

    python -m benchmarks.workers --postgres postgresql+psycopg://postgres@127.0.0.1:5432/test

Each round is a new person: a list from one worker, its first item turned down at the other, and at once the
same question to the first again. The item must be gone. The workers change sides every round. Most rounds ask
GET /recommendations, the others POST /chat, in a new session so that only the feedback can be the reason.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.report import percent, percentiles, publish, share, table
from benchmarks.serving import ROOT, Server
from benchmarks.shared import POSTGRES, ChromaServer, schema, variables

CONFIG = ROOT / "configs" / "shop.yaml"
REQUEST = "I want something for the kitchen"
MANY = 20
"""A list long enough to show what moved down instead of away."""


@dataclass(frozen=True, slots=True)
class Round:
    """One piece of feedback and the answer after it."""

    door: str
    used: bool
    acknowledged_ms: float
    """From sending the feedback to its answer."""
    answered_ms: float
    """From asking the other worker, right after that, to its answer."""


@contextmanager
def two_workers(folder: Path, storage_url: str, vectors_url: str) -> Iterator[tuple[Server, Server]]:
    """Two servers over one state; the first prepares it."""
    extra = variables(storage_url, vectors_url)
    first, second = (Server(CONFIG, folder / "state", extra, name) for name in ("first", "second"))
    try:
        first.start("demo")
        second.start()
        yield first, second
    finally:
        for worker in (first, second):
            worker.stop()


def crossing(giver: Server, taker: Server, user: str, door: str) -> Round:
    """Feedback to `giver`, used by `taker` or not."""
    listed = _listed(taker, user, door)
    began = time.perf_counter()
    body = {"user_id": user, "item_id": listed[0], "action": "reject"}
    giver.client.post("/feedback", json=body).raise_for_status()
    acknowledged = time.perf_counter()
    after = _listed(taker, user, door)
    answered = time.perf_counter()
    used = bool(after) and listed[0] not in after
    return Round(door, used, 1000 * (acknowledged - began), 1000 * (answered - acknowledged))


def _listed(worker: Server, user: str, door: str) -> list[str]:
    if door == "/chat":
        answer: dict[str, Any] = worker.ask(user, REQUEST, k=MANY)
    else:
        asked = worker.client.get("/recommendations", params={"user_id": user, "k": MANY})
        answer = asked.raise_for_status().json()
    return [one["item_id"] for one in answer["recommendations"]]


def rounds_of(workers: tuple[Server, Server], count: int, talks: int) -> list[Round]:
    """`count` rounds, `talks` of them by /chat and spread over all; directions alternate within each door."""
    done = {"/chat": 0, "/recommendations": 0}
    rounds = []
    for number in track(range(count), description="rounds", console=Console(stderr=True)):
        door = "/chat" if (number + 1) * talks // count > number * talks // count else "/recommendations"
        giver, taker = workers if done[door] % 2 else workers[::-1]
        done[door] += 1
        rounds.append(crossing(giver, taker, f"crossing-{number}", door))
    return rounds


def figures(rounds: Sequence[Round]) -> dict[str, Any]:
    """By door: how often the feedback was used, and the milliseconds."""
    doors = {door: [one for one in rounds if one.door == door] for door in ("/recommendations", "/chat")}
    doors["both"] = list(rounds)
    return {
        door: {
            "rounds": len(some),
            "used": sum(one.used for one in some),
            "share": share(sum(one.used for one in some), len(some)),
            "acknowledged_ms": percentiles([one.acknowledged_ms for one in some]),
            "answered_ms": percentiles([one.answered_ms for one in some]),
        }
        for door, some in doors.items()
        if some
    }


def markdown(found: dict[str, Any]) -> str:
    """One row a door."""
    head = ["next turn by", "used", "share [95%]", "feedback acknowledged", "next turn answered"]
    rows = [
        [
            door,
            f"{one['used']} of {one['rounds']}",
            percent(one["share"]),
            _milliseconds(one["acknowledged_ms"]),
            _milliseconds(one["answered_ms"]),
        ]
        for door, one in found.items()
    ]
    return table(head, rows)


def _milliseconds(found: dict[str, float]) -> str:
    return f"p50 {found['p50']:.0f} ms, p95 {found['p95']:.0f} ms, most {found['max']:.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--talks", type=int, default=200, help="how many of them by /chat")
    parser.add_argument("--postgres", default=POSTGRES, help="default: PARLEY_TEST_POSTGRES_URL")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    arguments = parser.parse_args()
    if arguments.postgres is None:
        sys.exit("name a PostgreSQL in which schemas may be made, with --postgres")
    with tempfile.TemporaryDirectory() as folder, schema(arguments.postgres) as storage_url:
        chroma = ChromaServer(Path(folder) / "chroma")
        try:
            chroma.start()
            with two_workers(Path(folder), storage_url, chroma.url) as workers:
                rounds = rounds_of(workers, arguments.rounds, arguments.talks)
        finally:
            chroma.kill()
    found = figures(rounds)
    publish(found, markdown(found), arguments.json)
    if not all(one.used for one in rounds):
        sys.exit(1)


if __name__ == "__main__":
    main()
