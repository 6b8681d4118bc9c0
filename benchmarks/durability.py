"""Kill the server right after it acknowledged feedback, again and again, and see what is left.

    python -m benchmarks.durability --rounds 20

Each round asks for a list, turns its first item down by `/feedback`, kills the server (SIGKILL) as soon as
the answer is in, starts it again and asks once more: the event must be on record and the item must be gone.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.serving import ROOT, Server

REQUEST = "I want to see a comedy"


@dataclass(frozen=True, slots=True)
class Round:
    """What one kill left behind."""

    item_id: str
    kept: bool
    used: bool
    restart_seconds: float


def kill_after_feedback(server: Server, user_id: str) -> Round:
    """One round on a running server, which is running again afterwards."""
    before = [one["item_id"] for one in server.ask(user_id, REQUEST)["recommendations"]]
    body = {"user_id": user_id, "item_id": before[0], "action": "reject"}
    acknowledged = server.client.post("/feedback", json=body)
    server.kill()
    acknowledged.raise_for_status()
    event_id = acknowledged.json()["event_id"]
    seconds = server.start()
    events = server.client.get(f"/users/{user_id}").raise_for_status().json()["events"]
    after = [one["item_id"] for one in server.ask(user_id, REQUEST, k=20)["recommendations"]]
    return Round(
        item_id=before[0],
        kept=event_id in [event["event_id"] for event in events],
        used=bool(after) and before[0] not in after,
        restart_seconds=seconds,
    )


def table(rounds: list[Round]) -> str:
    """The rounds as a Markdown table, a line of sums under it."""
    lines = [
        "| round | item turned down | event there | used by the next turn | restart |",
        "|--:|---|---|---|--:|",
    ]
    for place, one in enumerate(rounds, start=1):
        answers = ["yes" if holds else "NO" for holds in (one.kept, one.used)]
        lines.append(
            f"| {place} | {one.item_id} | {answers[0]} | {answers[1]} | {one.restart_seconds:.1f} s |"
        )
    kept, used = sum(one.kept for one in rounds), sum(one.used for one in rounds)
    lines.append(f"\nkept {kept} of {len(rounds)}, used {used} of {len(rounds)}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--config", type=Path, default=ROOT / "configs" / "demo.yaml")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(arguments.config, Path(folder) / "state")
        server.start("demo")
        try:
            # One person throughout, so that every later round also builds on the events of the earlier ones.
            rounds = [
                kill_after_feedback(server, "durable")
                for _ in track(range(arguments.rounds), description="kills", console=Console(stderr=True))
            ]
        finally:
            server.stop()
    print(table(rounds))
    if not all(one.kept and one.used for one in rounds):
        sys.exit(1)


if __name__ == "__main__":
    main()
