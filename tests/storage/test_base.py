"""Column types and the small facts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from storage.base import Meta, UtcDateTime, insert_new, read_meta, utcnow, write_meta
from storage.engine import writing

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


def test_a_fact_is_replaced_and_an_unknown_one_is_none(engine: Engine) -> None:
    """Facts are kept by key, the last one wins."""
    with writing(engine) as connection:
        write_meta(connection, {"ranker": {"version": 1}})
        write_meta(connection, {"ranker": {"version": 2}})

    with engine.connect() as connection:
        assert read_meta(connection, "ranker") == {"version": 2}
        assert read_meta(connection, "nothing") is None


def test_of_rows_that_are_there_only_the_new_go_in(engine: Engine) -> None:
    """And it is told which they were."""
    with writing(engine) as connection:
        write_meta(connection, {"old": 1})
        rows = [{"key": key, "value": 2} for key in ("old", "new")]
        assert insert_new(connection, Meta.key, rows) == ["new"]
        assert insert_new(connection, Meta.key, []) == []

    with engine.connect() as connection:
        assert [read_meta(connection, key) for key in ("old", "new")] == [1, 2]


def test_many_rows_go_in_at_once(engine: Engine) -> None:
    """More than a statement has room for parameters."""
    rows = [{"key": f"key{number}", "value": number} for number in range(40_000)]

    with writing(engine) as connection:
        assert len(insert_new(connection, Meta.key, rows)) == len(rows)


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_the_ends_of_time_come_back(engine: Engine, moment: datetime) -> None:
    """As a behaviour log may hold them."""
    moments = Table("ends", MetaData(), Column("at", UtcDateTime))
    with engine.begin() as connection:
        moments.create(connection)
        connection.execute(insert(moments).values(at=moment))
        assert connection.scalar(select(moments.c.at)) == moment


def test_text_of_any_language_and_json_of_any_shape_come_back(engine: Engine) -> None:
    """JSON may also hold what a text column of PostgreSQL does not: a null byte, half a surrogate pair."""
    odd = {
        "猫头鹰 🦉": ["\u202eمرحبا", "a\x00b", "\ud800", "'; drop table items"],
        "big": 10**30,
        "deep": [[{}]],
    }
    with writing(engine) as connection:
        write_meta(connection, {"odd 🦉": odd})

    with engine.connect() as connection:
        assert read_meta(connection, "odd 🦉") == odd
