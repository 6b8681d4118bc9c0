"""Behaviour files into the log: `user_id,item_id,action[,value][,timestamp][,event_id]`.

Ingesting a file twice changes nothing: an event is known by its `event_id`, else by a hash of what the
row says and of how many equal rows came before it in the file.
"""

import hashlib
import json
import math
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ranking.actions import RETRACTION, ActionsConfig, EventColumns
from ranking.errors import RankingError
from ranking.events import BehaviourEvent, EventLog
from retrieval.errors import IngestError
from retrieval.rows import BadRow, Row, read_rows, write_rejects
from storage.base import utcnow
from storage.engine import writing

REQUIRED = ("user_id", "item_id", "action")
BATCH = 5_000
LONGEST_ID = 512
MILLISECONDS_FROM = 1e11
"""Epoch numbers above it are milliseconds: in seconds they would be past the year 5000."""

CLOCK_ERROR = timedelta(days=1)
"""How far ahead of ours another clock may be, time zones included."""


@dataclass(frozen=True, slots=True)
class EventsReport:
    """What an ingest did, in rows."""

    read: int
    added: int
    known: int
    """Already in the log; nothing was changed."""
    pending: int
    """Among those added: about items that the catalogue does not hold yet; they join when it does."""
    rejected: int
    rejects_path: Path | None
    """Where the rejected rows are, with line and reason; None when there are none."""


class _RowError(ValueError):
    """One row cannot be used; the message says why."""


def ingest_events(
    engine: Engine,
    actions: ActionsConfig,
    catalogue_ids: Collection[str],
    path: Path,
    rejects: Path,
    progress: Callable[[int], None] = lambda _rows: None,
) -> EventsReport:
    """Add the events of a CSV, JSONL or Parquet file; `progress` hears the rows read since it last did.

    Bad rows go to `rejects`, replaced if it exists. `IngestError` when the file is not what its name
    says, lacks a required column or has no usable row. Batches commit one by one: after an
    interruption, ingest the file again.
    """
    log, known_items = EventLog(engine, actions), set(catalogue_ids)
    read = added = pending = rejected = 0
    rejects.unlink(missing_ok=True)
    first_reason = "it has no rows"
    for events, bad in _batches(path, actions):
        if bad:
            first_reason = f"line {bad[0].line}: {bad[0].reason}" if not rejected else first_reason
            write_rejects(rejects, bad)
        fresh: list[BehaviourEvent] = []
        if events:
            with writing(engine) as connection:
                fresh = log.store(connection, events)
        read += len(events) + len(bad)
        rejected += len(bad)
        added += len(fresh)
        pending += sum(event.item_id not in known_items for event in fresh)
        progress(len(events) + len(bad))
    if read == rejected:
        raise IngestError(path, None, f"no usable row: {first_reason}")
    return EventsReport(
        read, added, read - rejected - added, pending, rejected, rejects if rejected else None
    )


def _batches(path: Path, actions: ActionsConfig) -> Iterator[tuple[list[BehaviourEvent], list[BadRow]]]:
    events: list[BehaviourEvent] = []
    bad: list[BadRow] = []
    now = utcnow()
    with _Occurrences() as occurrences:
        columns = actions.columns
        required = [name for name in (columns.user_id, columns.item_id, columns.action) if name is not None]
        for row in read_rows(path, required=required):
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                try:
                    events.append(_event_of(_named(row, columns), actions, occurrences, now))
                except (_RowError, RankingError) as reason:
                    raw = json.dumps(row.values, ensure_ascii=False, default=str)
                    bad.append(BadRow(row.line, str(reason), raw))
            if len(events) + len(bad) >= BATCH:
                yield events, bad
                events, bad = [], []
    if events or bad:
        yield events, bad


def _named(row: Row, columns: EventColumns) -> Row:
    """The row with its columns called as an event's parts are."""
    if columns == EventColumns():
        return row
    names = columns.model_dump(exclude={"always"})
    values = {part: row.values.get(name) for part, name in names.items() if name is not None}
    return Row(row.line, values if columns.action is not None else values | {"action": columns.always})


def _event_of(row: Row, actions: ActionsConfig, occurrences: "_Occurrences", now: datetime) -> BehaviourEvent:
    user_id, item_id, action = (_text(row.values, name) for name in REQUIRED)
    action = actions.canonical(action)
    value = _number(row.values.get("value"))
    actions.check(action, value)
    timestamp = _moment(row.values.get("timestamp"))
    if timestamp is not None and timestamp > now + CLOCK_ERROR:
        # It would outweigh everything that really happened since, as the latest word on its item.
        raise _RowError(f"timestamp {row.values['timestamp']!r} is in the future")
    event_id = _text(row.values, "event_id") if row.values.get("event_id") else ""
    if event_id.startswith(f"{RETRACTION}:"):
        raise _RowError(f"event_id {event_id!r} has the form that retractions have")
    if not event_id:
        said = json.dumps([user_id, item_id, action, value, timestamp.isoformat() if timestamp else None])
        event_id = occurrences.key(said)
    return BehaviourEvent(event_id, user_id, item_id, action, value, timestamp or now, "ingest")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    text = "" if value is None else str(value).strip()
    if not text:
        raise _RowError(f"{name} is empty")
    if len(text) > LONGEST_ID or "\0" in text:
        raise _RowError(f"{name} is longer than {LONGEST_ID} characters or holds a null byte")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _RowError(f"{name} is not valid Unicode") from None
    return text


def _number(value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _RowError(f"value {str(value)[:60]!r} is not a number") from None
    # Parquet keeps an empty cell of a float column as NaN.
    return None if math.isnan(number) and isinstance(value, float) else number


def _moment(value: Any) -> datetime | None:
    """Epoch seconds or milliseconds, or ISO 8601 (UTC when it names no zone); None when empty."""
    if value is None or value == "" or value != value:
        return None
    try:
        if isinstance(value, datetime):
            moment = value
        elif (epoch := _epoch(value)) is not None:
            moment = datetime.fromtimestamp(epoch, UTC)
        else:
            moment = datetime.fromisoformat(str(value).strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        reason = f"timestamp {value!r} is neither epoch seconds, epoch milliseconds nor an ISO date"
        raise _RowError(reason) from None


def _epoch(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number / 1000 if abs(number) >= MILLISECONDS_FROM else number


class _Occurrences:
    """Counts equal rows on disk, since a file may hold more of them than fit in memory."""

    def __enter__(self) -> "_Occurrences":
        # An empty name is a temporary database that SQLite spills to disk and deletes by itself.
        self._counts = sqlite3.connect("", isolation_level=None)
        self._counts.execute("PRAGMA journal_mode = OFF")
        self._counts.execute("CREATE TABLE seen (row BLOB PRIMARY KEY, n INTEGER) WITHOUT ROWID")
        self._counts.execute("BEGIN")
        return self

    def __exit__(self, *_error: object) -> None:
        self._counts.close()

    def key(self, said: str) -> str:
        """An id for this occurrence of a row that says `said`."""
        digest = hashlib.sha256(said.encode()).digest()
        (n,) = self._counts.execute(
            "INSERT INTO seen VALUES (?, 0) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n", (digest,)
        ).fetchone()
        return hashlib.sha256(digest + str(n).encode()).hexdigest()
