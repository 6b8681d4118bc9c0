"""Two domains that no label was made for: what sixty turns ask for, as constraints of their catalogues.

Of retail-demo-store the recipe knows product names, which it swaps into patterns; of the hotels nothing. The
catalogues are read from PARLEY_DATA_DIR; turns and configurations lie here.
"""

import csv
import gzip
import json
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.progress import track

from bot.grounding import Grounder
from bot.layout import Message
from bot.model import LanguageModel
from bot.prepare import Preparation
from bot.settings import load_settings
from bot.understanding import read
from retrieval.filters import Constraint
from training.sources import data_dir, read_jsonl

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 1, tzinfo=UTC)
Wish = tuple[str, str, Any]


def retail() -> list[dict[str, Any]]:
    """The products of retail-demo-store under the columns of retail.yaml."""
    return [
        row | {"item_id": row["id"], "title": row["name"], "promoted": row.get("promoted") in (True, "true")}
        for row in read_jsonl(data_dir() / "retail-demo-store" / "products.jsonl.gz")
    ]


def hotels() -> list[dict[str, Any]]:
    """CrossWOZ's hotels under the columns of hotels.yaml."""
    with gzip.open(data_dir() / "crosswoz" / "hotel_db.json.gz", "rt", encoding="utf-8") as file:
        rows = [row for _, row in json.load(file)]
    return [
        {
            "item_id": str(number), "title": row["名称"], "description": row["地址"],
            "type": row["酒店类型"], "facilities": ";".join(filter(str.strip, row["酒店设施"])),
            "price": row["价格"], "rating": row["评分"],
        }
        for number, row in enumerate(rows)
    ]  # fmt: skip


CATALOGUES = {"retail": retail, "hotels": hotels}


def measure(model: LanguageModel, resamples: int, seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """{domain: {"constraints, F1": {value, low, high}}}: field, operator and value the same; over turns."""
    turns = yaml.safe_load((HERE / "turns.yaml").read_text(encoding="utf-8"))
    figures = {}
    for domain, rows in turns.items():
        counts = np.array([_counts(gold, found) for gold, found in readings(model, domain, rows)])
        drawn = np.random.default_rng(seed).multinomial(
            len(counts), np.full(len(counts), 1 / len(counts)), size=resamples
        )
        right, predicted, true = (drawn @ counts).T
        low, high = np.percentile(2 * right / (predicted + true), [2.5, 97.5])
        total = counts.sum(axis=0)
        value = 2 * total[0] / (total[1] + total[2])
        figures[domain] = {"constraints, F1": {"value": float(value), "low": float(low), "high": float(high)}}
    return figures


def readings(
    model: LanguageModel, domain: str, rows: list[dict[str, Any]]
) -> list[tuple[list[Wish], list[Wish]]]:
    """What each turn of `domain` asks for, and what was understood."""
    with tempfile.TemporaryDirectory(prefix="parley-unseen-") as place:
        file = Path(place) / f"{domain}.csv"
        _write(CATALOGUES[domain](), file)
        settings = load_settings(HERE / f"{domain}.yaml", state_dir=Path(place) / "state")
        preparation = Preparation(settings)
        preparation.items(file)
        grounder = Grounder(preparation.embed())
        found = []
        for row in track(rows, description=f"{domain:24}", transient=True):
            history = [Message("assistant", row["before"])] if "before" in row else []
            intent = grounder.ground(read(model, history, row["text"]), row["text"], now=NOW)
            gold = [_wish(field, op, value) for field, op, value in row["constraints"]]
            found.append((gold, [_understood(one, gold) for one in intent.constraints]))
        preparation.close()
    return found


def _write(rows: list[dict[str, Any]], file: Path) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, columns)
        writer.writeheader()
        writer.writerows(rows)


def _wish(field: str, op: str, value: Any) -> Wish:
    if isinstance(value, list):
        value = tuple(sorted(map(str, value)))
    return field, op, float(value) if isinstance(value, int | float) else value


def _understood(constraint: Constraint, gold: list[Wish]) -> Wish:
    value = list(constraint.value) if isinstance(constraint.value, tuple) else constraint.value
    vague = (constraint.field, constraint.op, "*")
    return vague if vague in gold else _wish(constraint.field, constraint.op, value)


def _counts(gold: list[Wish], found: list[Wish]) -> tuple[int, int, int]:
    return (Counter(gold) & Counter(found)).total(), len(found), len(gold)
