"""Conversations at rest: sessions, turns, impressions, profiles.

A session belongs to one user; asked for by another, it does not exist.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, Engine, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot.errors import UnknownSession
from bot.layout import Message
from bot.reply import Recommendation
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


class ProfileRow(Base):
    __tablename__ = "profiles"

    user_id: Mapped[str] = mapped_column(String, primary_key=True)
    tastes: Mapped[dict[str, Any]] = mapped_column(JSON)
    hidden: Mapped[list[str]] = mapped_column(JSON)
    consent: Mapped[str] = mapped_column(String, default="personalise")


HISTORY = 6
"""Messages of the past that a turn looks at."""


class Sessions:
    """The store of conversations. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def load(self, session_id: str, user_id: str) -> tuple[DialogueState, list[Message]]:
        """State and latest messages; UnknownSession when there is none of this user."""
        with self.engine.connect() as connection:
            row = self._row(connection, session_id, user_id)
            turns = connection.execute(
                select(TurnRow.message, TurnRow.reply)
                .where(TurnRow.session_id == session_id)
                .order_by(TurnRow.position.desc())
                .limit(HISTORY // 2)
            ).all()
        history: list[Message] = []
        for turn in reversed(turns):
            history += [Message("user", turn.message), Message("assistant", turn.reply)]
        return DialogueState.from_json(row.state), [message for message in history if message.text]

    def log(
        self,
        connection: Connection,
        *,
        session_id: str,
        turn_id: str,
        user_id: str,
        message: str,
        reply: str,
        intent: dict[str, Any],
        payload: dict[str, Any],
        state: DialogueState,
        recommendations: Sequence[Recommendation],
        variant: str,
        imported: Sequence[Message] = (),
    ) -> None:
        """One turn with its impressions and the state after it, in the caller's transaction.

        The session is made with its first turn; `imported` messages of elsewhere come before it.
        """
        now = utcnow()
        known = connection.scalar(select(SessionRow.session_id).where(SessionRow.session_id == session_id))
        values = {"state": state.as_json(), "updated_at": now}
        if known is None:
            owner = {"session_id": session_id, "user_id": user_id, "created_at": now, "title": message[:60]}
            connection.execute(insert(SessionRow), [owner | values])
            for earlier in imported:
                self._add_turn(connection, session_id, secrets.token_hex(16), user_id, earlier)
        else:
            connection.execute(update(SessionRow).where(SessionRow.session_id == session_id).values(**values))
        self._insert_turn(
            connection,
            session_id,
            turn_id,
            user_id,
            message=message,
            reply=reply,
            intent=intent,
            payload=payload,
        )
        if recommendations:
            rows = [
                {
                    "turn_id": turn_id, "user_id": user_id, "item_id": one.item_id, "rank": one.rank,
                    "scores": asdict(one.scores), "variant": variant,
                }
                for one in recommendations
            ]  # fmt: skip
            connection.execute(insert(ImpressionRow), rows)

    def _add_turn(
        self, connection: Connection, session_id: str, turn_id: str, user_id: str, message: Message
    ) -> None:
        said = (
            {"message": message.text, "reply": ""}
            if message.role == "user"
            else {"message": "", "reply": message.text}
        )
        self._insert_turn(
            connection, session_id, turn_id, user_id, **said, intent={}, payload={"imported": True}
        )

    def _insert_turn(
        self, connection: Connection, session_id: str, turn_id: str, user_id: str, **values: Any
    ) -> None:
        turns = select(func.count()).select_from(TurnRow).where(TurnRow.session_id == session_id)
        row = {
            "turn_id": turn_id, "session_id": session_id, "user_id": user_id, "created_at": utcnow(),
            "position": connection.scalar(turns) or 0,
        }  # fmt: skip
        connection.execute(insert(TurnRow), [row | values])

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

    def transcript(self, session_id: str, user_id: str) -> dict[str, Any]:
        """One session with all its turns, oldest first."""
        with self.engine.connect() as connection:
            row = self._row(connection, session_id, user_id)
            turns = connection.execute(
                select(TurnRow.__table__).where(TurnRow.session_id == session_id).order_by(TurnRow.position)
            ).all()
        return {
            "session_id": session_id, "title": row.title,
            "created_at": row.created_at, "updated_at": row.updated_at, "state": row.state,
            "turns": [
                {
                    "turn_id": t.turn_id, "created_at": t.created_at, "message": t.message, "reply": t.reply,
                    "intent": t.intent, "payload": t.payload,
                }
                for t in turns
            ],
        }  # fmt: skip

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

    def delete(self, session_id: str, user_id: str) -> None:
        """Delete a session with its turns and impressions; behaviour learned from it stays."""
        with writing(self.engine) as connection:
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
            for table in (ImpressionRow, TurnRow, SessionRow, ProfileRow)
        }

    def _row(self, connection: Connection, session_id: str, user_id: str) -> Any:
        query = select(SessionRow.__table__).where(SessionRow.session_id == session_id)
        row = connection.execute(query).first()
        if row is None or row.user_id != user_id:
            raise UnknownSession(session_id)
        return row
