"""Conversations at rest: sessions, turns, impressions.

A session belongs to one user; asked for by another, it does not exist.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, Engine, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot.errors import ForeignTurn, UnknownSession, UnknownTurn
from bot.layout import Message
from bot.reply import Turn
from bot.state import DialogueState
from storage.base import Base, BigId, UtcDateTime, utcnow
from storage.engine import writing


class SessionRow(Base):
    __tablename__ = "sessions"

    session_id: Mapped[str] = mapped_column(String, primary_key=True)
    user_id: Mapped[str] = mapped_column(String, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    title: Mapped[str | None] = mapped_column(String)
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The state before the latest turn."""


class TurnRow(Base):
    __tablename__ = "turns"

    turn_id: Mapped[str] = mapped_column(String, primary_key=True)
    session_id: Mapped[str] = mapped_column(String, index=True)
    user_id: Mapped[str] = mapped_column(String, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    position: Mapped[int]
    message: Mapped[str] = mapped_column(String)
    reply: Mapped[str] = mapped_column(String)
    intent: Mapped[dict[str, Any]] = mapped_column(JSON)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


class ImpressionRow(Base):
    __tablename__ = "impressions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    turn_id: Mapped[str] = mapped_column(String, index=True)
    user_id: Mapped[str] = mapped_column(String, index=True)
    item_id: Mapped[str] = mapped_column(String)
    rank: Mapped[int]
    scores: Mapped[dict[str, float]] = mapped_column(JSON)
    variant: Mapped[str] = mapped_column(String)


HISTORY = 6
"""Messages of the past that a turn looks at."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session as a turn finds it: the state so far, the latest messages, and the new turn's place in it."""

    session_id: str
    state: DialogueState = field(default_factory=DialogueState)
    history: tuple[Message, ...] = ()
    position: int = 0
    imported: tuple[Message, ...] = ()
    """What was said elsewhere before this session; kept with its first turn."""
    replaces: str | None = None
    """The turn that is answered anew."""


class Sessions:
    """The store of conversations. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def new(self, history: Sequence[Message] = ()) -> Opened:
        """A session that is kept from its first turn on."""
        return Opened(secrets.token_hex(16), history=tuple(history), imported=tuple(history))

    def load(self, session_id: str, user_id: str, retry_of: str | None = None) -> Opened:
        """The session for one more turn, or for its latest, `retry_of`, once more.

        UnknownSession when there is none of this user, UnknownTurn when `retry_of` is not the latest turn.
        """
        with self.engine.connect() as connection:
            row = self._row(connection, session_id, user_id)
            turns = connection.execute(
                select(TurnRow.turn_id, TurnRow.message, TurnRow.reply, TurnRow.position)
                .where(TurnRow.session_id == session_id)
                .order_by(TurnRow.position.desc())
                .limit(HISTORY // 2 + 1)
            ).all()
        stored, position = row.state, turns[0].position + 1 if turns else 0
        if retry_of is not None:
            if not turns or turns[0].turn_id != retry_of or row.previous is None:
                raise UnknownTurn(retry_of)
            stored, position, turns = row.previous, turns[0].position, turns[1:]
        history: list[Message] = []
        for turn in reversed(turns[: HISTORY // 2]):
            history += [Message("user", turn.message), Message("assistant", turn.reply)]
        said = tuple(message for message in history if message.text)
        return Opened(session_id, DialogueState.from_json(stored), said, position, replaces=retry_of)

    def log(
        self,
        connection: Connection,
        opened: Opened,
        turn: Turn,
        *,
        user_id: str,
        message: str,
        state: DialogueState,
        redo: Callable[[DialogueState], DialogueState],
    ) -> None:
        """One turn with its impressions and the `state` after it, in the caller's transaction.

        The session is made with its first turn. Where another tab's or worker's turn came between, `redo`
        makes the state from the one that turn left, so that neither is lost.
        """
        session_id, now = opened.session_id, utcnow()
        row = connection.execute(
            select(SessionRow.state).where(SessionRow.session_id == session_id).with_for_update()
        ).first()
        position = opened.position
        if row is None:
            if opened.position:
                raise UnknownSession(session_id)  # deleted while it was being answered
            values = {"session_id": session_id, "user_id": user_id, "created_at": now, "title": message[:60]}
            before = opened.state.as_json()
            values |= {"state": state.as_json(), "previous": before, "updated_at": now}
            connection.execute(insert(SessionRow), [values])
            for earlier in opened.imported:
                self._add_imported(connection, session_id, user_id, earlier, position)
                position += 1
        else:
            if opened.replaces is not None:
                self._remove_turn(connection, opened.replaces)
            latest = select(func.max(TurnRow.position)).where(TurnRow.session_id == session_id)
            found = connection.scalar(latest)
            position = 0 if found is None else found + 1
            before = opened.state.as_json()
            if position != opened.position:
                before = row.state
                state = redo(DialogueState.from_json(row.state))
            connection.execute(
                update(SessionRow)
                .where(SessionRow.session_id == session_id)
                .values(state=state.as_json(), previous=before, updated_at=now)
            )
        values = {
            "turn_id": turn.turn_id, "session_id": session_id, "user_id": user_id, "created_at": now,
            "position": position, "message": message, "reply": turn.reply, "intent": turn.intent.as_dict(),
            "payload": _payload(turn),
        }  # fmt: skip
        connection.execute(insert(TurnRow), [values])
        shown = [
            {
                "turn_id": turn.turn_id, "user_id": user_id, "item_id": one.item_id, "rank": one.rank,
                "scores": asdict(one.scores), "variant": turn.variant,
            }
            for one in turn.recommendations
        ]  # fmt: skip
        if shown:
            connection.execute(insert(ImpressionRow), shown)

    def _add_imported(
        self, connection: Connection, session_id: str, user_id: str, message: Message, position: int
    ) -> None:
        said = {"message": message.text, "reply": ""}
        if message.role == "assistant":
            said = {"message": "", "reply": message.text}
        row = {
            "turn_id": secrets.token_hex(16), "session_id": session_id, "user_id": user_id,
            "created_at": utcnow(), "position": position, "intent": {}, "payload": {"imported": True},
        }  # fmt: skip
        connection.execute(insert(TurnRow), [row | said])

    def _remove_turn(self, connection: Connection, turn_id: str) -> None:
        connection.execute(delete(ImpressionRow).where(ImpressionRow.turn_id == turn_id))
        connection.execute(delete(TurnRow).where(TurnRow.turn_id == turn_id))

    def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """The user's sessions, latest first."""
        query = select(SessionRow.__table__).where(SessionRow.user_id == user_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(SessionRow.updated_at.desc())).all()
        return [
            {
                "session_id": r.session_id,
                "title": r.title,
                "created_at": r.created_at,
                "updated_at": r.updated_at,
            }
            for r in rows
        ]

    def transcript(
        self, session_id: str, user_id: str, *, limit: int | None = None, before: int | None = None
    ) -> dict[str, Any]:
        """One session with its turns, oldest first: all, or the latest `limit` before position `before`."""
        query = select(TurnRow.__table__).where(TurnRow.session_id == session_id)
        if before is not None:
            query = query.where(TurnRow.position < before)
        with self.engine.connect() as connection:
            row = self._row(connection, session_id, user_id)
            turns = connection.execute(query.order_by(TurnRow.position.desc()).limit(limit)).all()
            count = connection.scalar(
                select(func.count()).select_from(TurnRow).where(TurnRow.session_id == session_id)
            )
        return {
            "session_id": session_id, "title": row.title, "created_at": row.created_at,
            "updated_at": row.updated_at, "state": row.state, "turns_count": count,
            "turns": [
                {
                    "turn_id": t.turn_id, "position": t.position, "created_at": t.created_at,
                    "message": t.message, "reply": t.reply, "intent": t.intent, "payload": t.payload,
                }
                for t in reversed(turns)
            ],
        }  # fmt: skip

    def check(self, user_id: str, session_id: str | None, turn_id: str | None) -> None:
        """UnknownSession or ForeignTurn for what is not this user's; a turn must be of the session named."""
        with self.engine.connect() as connection:
            if session_id is not None:
                self._row(connection, session_id, user_id)
            if turn_id is not None:
                query = select(TurnRow.user_id, TurnRow.session_id).where(TurnRow.turn_id == turn_id)
                turn = connection.execute(query).first()
                if turn is None or turn.user_id != user_id or session_id not in (None, turn.session_id):
                    raise ForeignTurn(turn_id)

    def messages(self, turn_ids: Collection[str]) -> dict[str, str]:
        """What the person said in each of these turns, where it is still held."""
        found: dict[str, str] = {}
        ids = list(turn_ids)
        with self.engine.connect() as connection:
            for start in range(0, len(ids), 500):
                query = select(TurnRow.turn_id, TurnRow.message)
                rows = connection.execute(query.where(TurnRow.turn_id.in_(ids[start : start + 500])))
                found.update((row.turn_id, row.message) for row in rows)
        return found

    def impressions(self, user_id: str) -> list[dict[str, Any]]:
        """What was shown to a person, by turn and place."""
        columns = (ImpressionRow.turn_id, ImpressionRow.item_id, ImpressionRow.rank, ImpressionRow.scores)
        query = select(*columns, ImpressionRow.variant).where(ImpressionRow.user_id == user_id)
        with self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query.order_by(ImpressionRow.id))]

    def rename(self, session_id: str, user_id: str, title: str) -> None:
        with writing(self.engine) as connection:
            self._row(connection, session_id, user_id)
            connection.execute(
                update(SessionRow).where(SessionRow.session_id == session_id).values(title=title)
            )

    def delete(self, session_id: str, user_id: str, connection: Connection) -> None:
        """Delete a session with its turns and impressions, in the caller's transaction."""
        self._row(connection, session_id, user_id)
        turns = select(TurnRow.turn_id).where(TurnRow.session_id == session_id)
        connection.execute(delete(ImpressionRow).where(ImpressionRow.turn_id.in_(turns)))
        connection.execute(delete(TurnRow).where(TurnRow.session_id == session_id))
        connection.execute(delete(SessionRow).where(SessionRow.session_id == session_id))

    def erase(self, user_id: str, connection: Connection) -> dict[str, int]:
        """Delete all that is held of a person, in the caller's transaction; rows by table."""
        return {
            str(table.__tablename__): connection.execute(
                delete(table).where(table.user_id == user_id)
            ).rowcount
            for table in (ImpressionRow, TurnRow, SessionRow)
        }

    def _row(self, connection: Connection, session_id: str, user_id: str) -> Any:
        query = select(SessionRow.__table__).where(SessionRow.session_id == session_id)
        row = connection.execute(query).first()
        if row is None or row.user_id != user_id:
            raise UnknownSession(session_id)
        return row


def _payload(turn: Turn) -> dict[str, Any]:
    """What a stored turn keeps beside its words."""
    return {
        "recommendations": [asdict(one) for one in turn.recommendations],
        "events": [
            {"event_id": event.event_id, "item_id": event.item_id, "action": event.action}
            for event in turn.events
        ],
        "model": asdict(turn.model),
        "suggestions": list(turn.suggestions),
        "stopped": turn.stopped,
    }
