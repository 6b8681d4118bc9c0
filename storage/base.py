"""The declarative base, the column types and the one table that belongs to no room.

Each room declares its own tables on `Base`, beside the code that uses them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    insert,
    select,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite gives out row numbers by itself only for a column of the exact type INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """The root of every table; constraint names are the same on every database."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, aware of it on the way in and on the way out.

    SQLite keeps no time zone, so a naive moment is refused rather than guessed.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use storage.base.utcnow() or an aware datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utcnow() -> datetime:
    """Now, in UTC and aware of it."""
    return datetime.now(UTC)


class Meta(Base):
    """Small facts about the whole state: the catalogue's digest, which artefacts are current."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(String, primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


def read_meta(connection: Connection, key: str) -> Any:
    """The value kept under `key`, or None."""
    return connection.scalar(select(Meta.value).where(Meta.key == key))


def write_meta(connection: Connection, values: Mapping[str, Any]) -> None:
    """Keep each value under its key, in the caller's transaction."""
    for key, value in values.items():
        changed = connection.execute(update(Meta).where(Meta.key == key).values(value=value))
        if not changed.rowcount:
            connection.execute(insert(Meta).values(key=key, value=value))
