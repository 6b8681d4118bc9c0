"""The database goes away, comes back, and runs out of room."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from storage.base import Meta, insert_new, read_meta, write_meta
from storage.engine import StorageConfig, open_storage, writing
from storage.errors import StorageError, StorageFull, StorageUnavailable
from tests import homes


def test_a_postgres_that_comes_back_is_used_again(tmp_path: Path) -> None:
    """Each use in between says that it cannot be; none needs a restart."""
    homes.require_postgres()
    with homes.schema() as url, homes.gate_to_postgres() as gate:
        engine = open_storage(tmp_path, StorageConfig(url=homes.through(gate, url)))
        with writing(engine) as connection:
            write_meta(connection, {"before": 1})

        gate.down()
        for _ in range(3):
            with (
                pytest.raises(StorageUnavailable, match="try again") as caught,
                writing(engine) as connection,
            ):
                write_meta(connection, {"during": 1})
            assert "\n" not in str(caught.value)
        gate.up()

        with writing(engine) as connection:
            write_meta(connection, {"after": 1})
            found = [read_meta(connection, key) for key in ("before", "during", "after")]
        assert found == [1, None, 1]
        engine.dispose()


def test_a_postgres_that_goes_away_within_a_transaction_takes_it_with_it(tmp_path: Path) -> None:
    """Nothing of it is kept, and many connections that broke at once are replaced."""
    homes.require_postgres()
    with homes.schema() as url, homes.gate_to_postgres() as gate:
        engine = open_storage(tmp_path, StorageConfig(url=homes.through(gate, url)))

        def half_written(number: int) -> None:
            with writing(engine) as connection:
                write_meta(connection, {f"first{number}": 1})
                if number == 0:
                    gate.down()
                write_meta(connection, {f"second{number}": 1})

        with ThreadPoolExecutor(8) as pool:
            failures = [pool.submit(half_written, number).exception() for number in range(8)]
        assert any(isinstance(failure, StorageUnavailable) for failure in failures)
        assert all(failure is None or isinstance(failure, StorageUnavailable) for failure in failures)
        gate.up()

        with engine.connect() as connection:
            for number, failure in enumerate(failures):
                pair = [read_meta(connection, f"{word}{number}") for word in ("first", "second")]
                assert pair == ([1, 1] if failure is None else [None, None])
        engine.dispose()


def test_a_postgres_that_is_down_is_said_at_the_start(tmp_path: Path) -> None:
    """In one line that names the setting, without the password."""
    homes.require_postgres()
    with homes.gate_to_postgres() as gate:
        gate.down()
        url = f"postgresql+psycopg://parley:secret@127.0.0.1:{gate.port}/parley"
        with pytest.raises(StorageError, match="PARLEY_STORAGE__URL") as caught:
            open_storage(tmp_path, StorageConfig(url=url))

    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_mistakes_in_what_is_asked_stay_what_they_are(engine: Engine) -> None:
    """A broken promise of uniqueness is for the caller, a broken statement is a bug."""
    with writing(engine) as connection:
        insert_new(connection, Meta.key, [{"key": "k", "value": 1}])

    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(text("INSERT INTO meta (key, value) VALUES ('k', '2')"))
    with pytest.raises((OperationalError, ProgrammingError)), engine.connect() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


def test_a_database_that_is_locked_for_long_is_unavailable(tmp_path: Path) -> None:
    """Another program may hold SQLite's only write lock."""
    engine, other = (open_storage(tmp_path, StorageConfig()) for _ in range(2))

    with writing(other), engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        connection.rollback()
        with pytest.raises(StorageUnavailable, match="locked"):
            connection.execution_options(parley_writing=True).execute(text("SELECT 1"))

    with writing(engine) as connection:
        write_meta(connection, {"works": True})


@pytest.fixture
def crowded(
    home_kind: str, tmp_path: Path, small_disk: Callable[[int], homes.Disk]
) -> tuple[Engine, homes.Disk]:
    """A storage on a disk of its own that is soon full."""
    disk = small_disk(4)
    if home_kind == "embedded":
        yield open_storage(disk.folder, StorageConfig()), disk
        return
    with homes.tablespace(disk.folder) as url:
        engine = open_storage(tmp_path / "state", StorageConfig(url=url))
        yield engine, disk
        engine.dispose()


def test_a_full_disk_is_said_and_nothing_is_half_written(crowded: tuple[Engine, homes.Disk]) -> None:
    """What was committed stays, what failed left nothing, and with room it works again."""
    engine, disk = crowded
    disk.fill(spare=200_000)
    kept = 0

    def fill_up() -> None:
        nonlocal kept
        for kept in range(1000):
            with writing(engine) as connection:
                write_meta(connection, {f"first{kept}": "x" * 5000, f"second{kept}": "x" * 5000})

    with pytest.raises(StorageFull, match="no space") as caught:
        fill_up()
    assert "\n" not in str(caught.value)
    assert kept

    def there() -> list[bool]:
        keys = [f"{word}{number}" for number in range(kept + 1) for word in ("first", "second")]
        with engine.connect() as connection:
            return [read_meta(connection, key) is not None for key in keys]

    assert there() == [True] * 2 * kept + [False] * 2
    disk.free()
    with writing(engine) as connection:
        write_meta(connection, {f"first{kept}": 1, f"second{kept}": 1})
    assert there() == [True] * 2 * (kept + 1)


def test_an_error_does_not_quote_what_people_said(engine: Engine) -> None:
    """Statements in a log come without their values."""
    with pytest.raises(Exception, match="nowhere") as caught, engine.connect() as connection:
        connection.execute(text("SELECT :said FROM nowhere"), {"said": "a word in confidence"})

    told = [str(error) for error in (caught.value, caught.value.__cause__, caught.value.__context__)]
    assert not any("in confidence" in line for line in told)
