"""The declarative base, the column types and the one table that belongs to no room.

Each room declares its own tables on `Base`, beside the code that uses them.
"""

from collections.abc import Mapping, Sequence
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
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column
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


def insert_new(
    connection: Connection, returning: InstrumentedAttribute[str], rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Insert those of `rows` that break no uniqueness; the `returning` column of each that went in.

    One statement, so that of two workers that insert the same row one does and the other is told.
    """
    if not rows:
        return []
    statement = _insert(connection, returning.class_).on_conflict_do_nothing().returning(returning)
    return list(connection.scalars(statement, list(rows)))


def read_meta(connection: Connection, key: str, *, for_update: bool = False) -> Any:
    """The value kept under `key`, or None; `for_update` keeps others from changing it until the commit."""
    query = select(Meta.value).where(Meta.key == key)
    return connection.scalar(query.with_for_update() if for_update else query)


def write_meta(connection: Connection, values: Mapping[str, Any]) -> None:
    """Keep each value under its key, in the caller's transaction."""
    for key, value in values.items():
        statement = _insert(connection, Meta).values(key=key, value=value)
        changes = {"value": statement.excluded.value}
        connection.execute(statement.on_conflict_do_update(index_elements=[Meta.key], set_=changes))


def _insert(connection: Connection, table: Any) -> Any:
    # SQLAlchemy knows ON CONFLICT only by dialect, though both write it the same.
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
