"""How well the claim checker judges: `python -m benchmarks.explain.checking --part test`.

Replies in free wording, true ones and each corrupted by hand in one claim (`claims_dev.jsonl`,
`claims_test.jsonl`), about the demo catalogues. A reply is refused when any of its claims does not hold.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import percent, share, table
from bot.claims import Claim, ClaimChecker, Record
from bot.prepare import Preparation
from bot.settings import load_settings
from retrieval.catalogue import Catalogue

HERE = Path(__file__).parent
CONFIGS = HERE.parent.parent / "configs"
CATALOGUES = {"films": "demo", "books": "books", "shop": "shop"}
CLASSES = ("true", "corrupted")


@dataclass(frozen=True, slots=True)
class Judged:
    """One reply and the claims of it that do not hold."""

    row: dict[str, Any]
    faults: list[Claim]


def catalogue(name: str) -> Catalogue:
    """One of the demo catalogues, read anew."""
    with tempfile.TemporaryDirectory(prefix="parley-claims-") as place:
        settings = load_settings(CONFIGS / f"{CATALOGUES[name]}.yaml", state_dir=Path(place))
        preparation = Preparation(settings)
        try:
            preparation.items(CONFIGS / str(settings.data.items))
            return Catalogue.load(preparation.engine, settings.catalogue)
        finally:
            preparation.close()


def read(part: str) -> list[dict[str, Any]]:
    lines = (HERE / f"claims_{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def judge(rows: Sequence[dict[str, Any]]) -> list[Judged]:
    """Each reply by the checker of its catalogue."""
    judged = []
    for name in CATALOGUES:
        known = catalogue(name)
        checker = ClaimChecker(known)
        for row in (row for row in rows if row["catalogue"] == name):
            judged.append(Judged(row, checker.faults(row["text"], record_of(row, known))))
    return judged


def record_of(row: dict[str, Any], known: Catalogue) -> Record:
    """The record that a row's reply is held to."""
    return Record(
        items=tuple(known[item] for item in row["items"]),
        liked=tuple(row["liked"]),
        seen=tuple(row["seen"]),
        disliked=tuple(row["disliked"]),
        words=tuple(row["wishes"]),
    )


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Recall by kind of corruption, and the precision of all that is refused."""
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for one in judged:
        by_kind[one.row["kind"]].append(bool(one.faults))
    false_alarms = sum(by_kind.pop("true", []))
    caught = sum(sum(found) for found in by_kind.values())
    return {
        "kinds": {
            kind: share(sum(found), len(found)) | {"replies": len(found)} for kind, found in by_kind.items()
        },
        "recall": share(caught, sum(map(len, by_kind.values()))),
        "precision": share(caught, caught + false_alarms),
        "false_alarms": false_alarms,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="dev")
    parser.add_argument("--show", action="store_true", help="print each misjudged reply, of dev only")
    given = parser.parse_args()
    judged = judge(read(given.part))
    if given.show and given.part != "test":
        for one in judged:
            if bool(one.faults) == one.row["true"]:
                print(one.row["id"], one.row["kind"], "|", one.row["text"])
                print("    ", [(claim.kind, claim.text, claim.fault) for claim in one.faults])
    found = figures(judged)
    rows = [[kind, str(one["replies"]), percent(one)] for kind, one in found["kinds"].items()]
    print(table(["corrupted claim", "replies", "refused"], rows))
    print(f"\nrecall {percent(found['recall'])}, precision {percent(found['precision'])}")


if __name__ == "__main__":
    main()
