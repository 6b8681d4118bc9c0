"""What the columns of a behaviour file are, guessed from their names, for a person to look at."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ranking.actions import EventColumns
from retrieval.rows import Row, read_rows

ROWS = 20_000

_USERS = (
    "user_id", "userid", "user", "uid", "customer_id", "customer", "visitorid", "visitor_id", "member_id",
    "reviewer_id", "用户",
)  # fmt: skip
_ITEMS = (
    "item_id", "itemid", "item", "product_id", "productid", "movie_id", "movieid", "book_id", "bookid",
    "asin", "article_id", "track_id", "song_id", "course_id", "hotel_id", "restaurant_id", "sku", "物品",
)  # fmt: skip
_ACTIONS = ("action", "event", "event_type", "behavior", "behaviour", "type", "interaction", "行为")
_VALUES = ("value", "rating", "ratings", "score", "stars", "overall", "评分")
_TIMES = ("timestamp", "time", "date", "datetime", "created_at", "event_time", "时间")


@dataclass(frozen=True, slots=True)
class EventsGuess:
    """How a behaviour file is read."""

    columns: EventColumns
    known: float
    """The share of its rows, of those looked at, whose item the catalogue holds."""
    best: float | None = None
    """The highest rating seen; None where there are no ratings."""


def guess_events(path: Path, item_ids: Collection[str]) -> EventsGuess | None:
    """Look at the file's first rows; None when no column tells who or none tells which item.

    Raises IngestError when the file cannot be read.
    """
    rows = [row for row in islice(read_rows(path), ROWS) if isinstance(row, Row)]
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    user, item = _named(names, _USERS), _item_column(names, rows, item_ids)
    if user is None or item is None:
        return None
    action, value, time = (_named(names, known) for known in (_ACTIONS, _VALUES, _TIMES))
    found = {"user_id": user, "item_id": item, "value": value, "timestamp": time}
    columns = EventColumns(
        **{part: name for part, name in found.items() if name is not None},
        action=action,
        always="rating" if value is not None else "purchase",
    )
    known = sum(str(row.values.get(item)) in item_ids for row in rows) / max(1, len(rows))
    ratings = [number for row in rows if value and (number := _number(row.values.get(value))) is not None]
    return EventsGuess(columns, known, max(ratings, default=None))


def _item_column(names: Sequence[str], rows: Sequence[Row], item_ids: Collection[str]) -> str | None:
    """The column named as one of items, of several the one that the catalogue knows best."""
    named = [name for name in names if _folded(name) in _ITEMS]

    def known(name: str) -> int:
        return sum(str(row.values.get(name)) in item_ids for row in rows)

    return max(named, key=known, default=None)


def _named(names: Sequence[str], known: Sequence[str]) -> str | None:
    """The column that has the earliest of the known names."""
    folded = {_folded(name): name for name in reversed(names)}
    return next((folded[name] for name in known if name in folded), None)


def _folded(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()).lower().replace(" ", "_").replace("-", "_")


def _number(raw: object) -> float | None:
    try:
        return float(str(raw))
    except ValueError:
        return None
