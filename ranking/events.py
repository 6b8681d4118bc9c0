"""The behaviour log: who did what to which item. Append-only; undo is a row that names its event.

Knows actions and tables; nothing of vectors or of what the events are used for.
"""

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Connection, Engine, delete, func, select

from ranking.actions import RETRACTION, ActionsConfig
from ranking.errors import IdempotencyConflict, UnknownEvent, UnknownItem
from ranking.tables import EventRow, IdempotencyRow
from retrieval.items import ItemRow
from storage.base import insert_new, utcnow
from storage.engine import writing

Source = Literal["ingest", "feedback", "turn", "simulated"]

ROWS_PER_FETCH = 10_000

COLUMNS = (
    EventRow.event_id,
    EventRow.user_id,
    EventRow.item_id,
    EventRow.action,
    EventRow.value,
    EventRow.timestamp,
    EventRow.source,
    EventRow.session_id,
    EventRow.turn_id,
    EventRow.retracts,
)


@dataclass(frozen=True, slots=True)
class BehaviourEvent:
    """One thing that a person did to an item."""

    event_id: str
    """Unique in the log; empty to have one made."""
    user_id: str
    item_id: str
    action: str
    """A configured action; `EventLog.append` also takes its aliases."""
    value: float | None
    """A rating, for actions that carry one."""
    timestamp: datetime
    """When it happened, aware of its time zone."""
    source: Source
    session_id: str | None = None
    turn_id: str | None = None


class EventLog:
    """The events of everyone. Safe to share between threads: each call has a connection of its own."""

    def __init__(self, engine: Engine, actions: ActionsConfig) -> None:
        self.engine = engine
        self.actions = actions

    def append(self, connection: Connection | None, events: Sequence[BehaviourEvent]) -> list[BehaviourEvent]:
        """Store `events`; return them with ids and canonical actions, in the order given.

        With a `connection` they are durable when its transaction commits, else before this returns.
        An event whose id is already in the log is returned but not stored again.
        """
        completed = [self._complete(event) for event in events]
        with self._transaction(connection) as within:
            self.store(within, completed)
        return completed

    def store(self, connection: Connection, events: Sequence[BehaviourEvent]) -> list[BehaviourEvent]:
        """Store events that are complete, in the transaction of `connection`; return those that were new."""
        now = utcnow()
        by_id = {event.event_id: event for event in events}
        rows = [_values(event, now) for event in by_id.values()]
        stored = set(insert_new(connection, EventRow.event_id, rows))
        return [event for event_id, event in by_id.items() if event_id in stored]

    def feedback(
        self,
        user_id: str,
        item_id: str,
        action: str,
        value: float | None = None,
        session_id: str | None = None,
        turn_id: str | None = None,
        key: str | None = None,
    ) -> tuple[BehaviourEvent, bool]:
        """Store one event, committed before this returns; the event, and whether it is new.

        With an idempotency `key` the same request again returns the first one's event, and another
        request under that key raises `IdempotencyConflict`.
        """
        event = self._complete(
            BehaviourEvent("", user_id, item_id, action, value, utcnow(), "feedback", session_id, turn_id)
        )
        with writing(self.engine) as connection:
            if connection.scalar(select(ItemRow.item_id).where(ItemRow.item_id == item_id)) is None:
                raise UnknownItem(item_id)
            earlier = self._claim(connection, event, key) if key is not None else None
            if earlier is not None:
                return earlier, False
            self.store(connection, [event])
        return event, True

    def retract(
        self, event_id: str, user_id: str | None = None, connection: Connection | None = None
    ) -> BehaviourEvent:
        """Take an event back by appending a retraction; return the event. Again changes nothing.

        `UnknownEvent` when the log does not hold it, when it belongs to someone other than `user_id`,
        or when it is a retraction itself.
        """
        with self._transaction(connection) as within:
            row = within.execute(select(*COLUMNS).where(EventRow.event_id == event_id)).first()
            if row is None or row.retracts is not None or user_id not in (None, row.user_id):
                raise UnknownEvent(event_id)
            event, now = _event(row), utcnow()
            retraction_id = f"{RETRACTION}:{event_id}"
            taken_back = replace(event, event_id=retraction_id, action=RETRACTION, value=None, timestamp=now)
            insert_new(within, EventRow.event_id, [_values(taken_back, now) | {"retracts": event_id}])
        return event

    def of_user(self, user_id: str, connection: Connection | None = None) -> list[BehaviourEvent]:
        """What the person did and did not take back, on known and pending items, oldest first."""
        query = select(*COLUMNS).where(EventRow.user_id == user_id).order_by(EventRow.timestamp, EventRow.seq)
        with nullcontext(connection) if connection is not None else self.engine.connect() as within:
            rows = within.execute(query).all()
        retracted = {row.retracts for row in rows if row.retracts is not None}
        return [_event(row) for row in rows if row.retracts is None and row.event_id not in retracted]

    def taken_back(self, user_id: str) -> list[BehaviourEvent]:
        """What the person did and took back; the log keeps it until it is erased. Oldest first."""
        query = select(*COLUMNS).where(EventRow.user_id == user_id).order_by(EventRow.timestamp, EventRow.seq)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        retracted = {row.retracts for row in rows if row.retracts is not None}
        return [_event(row) for row in rows if row.event_id in retracted]

    def all_effective(self, without: Collection[str] = ()) -> Iterator[BehaviourEvent]:
        """Every event that was not taken back, as recorded; streamed, never all in memory.

        Those of the people `without` are left out.
        """
        with self.engine.connect().execution_options(yield_per=ROWS_PER_FETCH) as connection:
            retracted = set(
                connection.scalars(select(EventRow.retracts).where(EventRow.retracts.is_not(None)))
            )
            rows = connection.execute(
                select(*COLUMNS).where(EventRow.retracts.is_(None)).order_by(EventRow.seq)
            )
            for row in rows:
                if row.event_id not in retracted and row.user_id not in without:
                    yield _event(row)

    def users_count(self) -> int:
        """How many people have left any trace in the log."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count(EventRow.user_id.distinct()))) or 0

    def erase_session(self, user_id: str, session_id: str, connection: Connection) -> int:
        """Delete what a person did in one session, in the caller's transaction; the number of rows."""
        done = (EventRow.user_id == user_id, EventRow.session_id == session_id)
        return connection.execute(delete(EventRow).where(*done)).rowcount

    def erase(self, user_id: str, connection: Connection) -> int:
        """Delete all that the log holds of a person, in the caller's transaction; the number of rows."""
        connection.execute(delete(IdempotencyRow).where(IdempotencyRow.user_id == user_id))
        return connection.execute(delete(EventRow).where(EventRow.user_id == user_id)).rowcount

    def _complete(self, event: BehaviourEvent) -> BehaviourEvent:
        action = self.actions.canonical(event.action)
        self.actions.check(action, event.value)
        return replace(event, event_id=event.event_id or uuid.uuid4().hex, action=action)

    def _claim(self, connection: Connection, event: BehaviourEvent, key: str) -> BehaviourEvent | None:
        """Bind `key` to `event`, or return the event that it is already bound to."""
        body = [event.item_id, event.action, event.value, event.session_id, event.turn_id]
        body_hash = hashlib.sha256(json.dumps(body).encode()).hexdigest()
        row = {"user_id": event.user_id, "key": key, "body_hash": body_hash, "event_id": event.event_id}
        if insert_new(connection, IdempotencyRow.key, [row]):
            return None
        earlier = connection.execute(
            select(IdempotencyRow.body_hash, IdempotencyRow.event_id).where(
                IdempotencyRow.user_id == event.user_id, IdempotencyRow.key == key
            )
        ).one()
        if earlier.body_hash != body_hash:
            raise IdempotencyConflict(key)
        return _event(connection.execute(select(*COLUMNS).where(EventRow.event_id == earlier.event_id)).one())

    def _transaction(self, connection: Connection | None) -> Any:
        return nullcontext(connection) if connection is not None else writing(self.engine)


def strengths(events: Iterable[BehaviourEvent], actions: ActionsConfig) -> dict[str, float]:
    """What one person's events, oldest first, say about each item: for it above 0, against it below.

    Strengths add up, except that a later opinion replaces an earlier one (a new rating, a like after a
    dislike).
    """
    acts: dict[str, float] = {}
    opinions: dict[str, float] = {}
    for event in events:
        strength = actions.strength(event.action, event.value)
        spec = actions.actions.get(event.action)
        if spec is not None and spec.opinion:
            opinions[event.item_id] = strength
        else:
            acts[event.item_id] = acts.get(event.item_id, 0.0) + strength
    items = dict.fromkeys([*acts, *opinions])
    return {item: acts.get(item, 0.0) + opinions.get(item, 0.0) for item in items}


def _values(event: BehaviourEvent, recorded_at: datetime) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "user_id": event.user_id,
        "item_id": event.item_id,
        "action": event.action,
        "value": event.value,
        "timestamp": event.timestamp,
        "recorded_at": recorded_at,
        "source": event.source,
        "session_id": event.session_id,
        "turn_id": event.turn_id,
        "retracts": None,
    }


def _event(row: Any) -> BehaviourEvent:
    return BehaviourEvent(
        row.event_id,
        row.user_id,
        row.item_id,
        row.action,
        row.value,
        row.timestamp,
        cast(Source, row.source),
        row.session_id,
        row.turn_id,
    )
