"""The tables of behaviour: the event log and the idempotency keys."""

from datetime import datetime

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, BigId, UtcDateTime


class EventRow(Base):
    """One event at rest. Rows are only ever added, except that a person may have theirs erased."""

    __tablename__ = "events"

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(String, unique=True)
    user_id: Mapped[str] = mapped_column(String, index=True)
    item_id: Mapped[str] = mapped_column(String, index=True)
    action: Mapped[str] = mapped_column(String)
    value: Mapped[float | None] = mapped_column(Float)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String)
    session_id: Mapped[str | None] = mapped_column(String)
    turn_id: Mapped[str | None] = mapped_column(String)
    retracts: Mapped[str | None] = mapped_column(String)


class IdempotencyRow(Base):
    """Which event a client's key stands for, and the hash of the request that made it."""

    __tablename__ = "idempotency"

    user_id: Mapped[str] = mapped_column(String, primary_key=True)
    key: Mapped[str] = mapped_column(String, primary_key=True)
    body_hash: Mapped[str] = mapped_column(String)
    event_id: Mapped[str] = mapped_column(String)
