"""Column types and the small facts."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from storage.base import UtcDateTime, read_meta, utcnow, write_meta
from storage.engine import StorageConfig, open_storage, writing

MOMENTS = Table("moments", MetaData(), Column("at", UtcDateTime))


def test_a_moment_comes_back_in_utc() -> None:
    """Whatever zone it went in with."""
    engine = create_engine("sqlite://")
    MOMENTS.metadata.create_all(engine)
    noon_in_tokyo = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=9)))

    with engine.begin() as connection:
        connection.execute(insert(MOMENTS).values(at=noon_in_tokyo))
        found = connection.scalar(select(MOMENTS.c.at))

    assert found == datetime(2024, 5, 1, 3, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_a_moment_without_zone_is_refused() -> None:
    """Guessing a zone would move events by hours."""
    engine = create_engine("sqlite://")
    MOMENTS.metadata.create_all(engine)

    with engine.begin() as connection, pytest.raises(StatementError, match="no time zone"):
        connection.execute(insert(MOMENTS).values(at=datetime(2024, 5, 1)))


def test_now_knows_its_zone() -> None:
    assert utcnow().tzinfo is UTC


def test_a_fact_is_replaced_and_an_unknown_one_is_none(tmp_path: Path) -> None:
    """Facts are kept by key, the last one wins."""
    engine = open_storage(tmp_path, StorageConfig())
    with writing(engine) as connection:
        write_meta(connection, {"ranker": {"version": 1}})
        write_meta(connection, {"ranker": {"version": 2}})

    with engine.connect() as connection:
        assert read_meta(connection, "ranker") == {"version": 2}
        assert read_meta(connection, "nothing") is None
