"""Opening the database: created, migrated, durable, and refused with a way out."""

import os
import sqlite3
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select, text

from storage.base import Base, Meta, read_meta, write_meta
from storage.engine import StorageConfig, alone, open_storage, writing
from storage.errors import ParleyError, StateFolderError, StateVersionError, StorageError
from tests.homes import Home

TABLES = {"items", "meta", "events", "idempotency", "sessions", "turns", "impressions", "profiles"}


def test_a_new_folder_gets_every_table_and_is_private(tmp_path: Path) -> None:
    """Opening creates the folder for its owner alone and all tables in it."""
    engine = open_storage(tmp_path / "state", StorageConfig())

    assert set(inspect(engine).get_table_names()) >= TABLES
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_opening_again_keeps_what_is_there(home: Home) -> None:
    """A restart finds what was committed before it."""
    first = home.open()
    with writing(first) as connection:
        write_meta(connection, {"factors": "v3"})
    first.dispose()

    with home.open().connect() as connection:
        assert read_meta(connection, "factors") == "v3"


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)],
)
def test_every_connection_is_durable_and_erases(tmp_path: Path, pragma: str, value: object) -> None:
    """The settings hold on each connection, as SQLite forgets most of them."""
    with open_storage(tmp_path, StorageConfig()).connect() as connection:
        assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_an_explicit_url_is_used(tmp_path: Path) -> None:
    """storage.url moves the tables elsewhere."""
    elsewhere = tmp_path / "elsewhere.db"

    open_storage(tmp_path / "state", StorageConfig(url=f"sqlite:///{elsewhere}"))

    assert elsewhere.exists()
    assert not (tmp_path / "state" / "parley.db").exists()


def test_a_state_of_a_newer_program_is_refused_untouched(home: Home) -> None:
    """Tables that this program does not know are not tampered with."""
    with home.open().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StateVersionError, match="'9999', newer than this program"):
        home.open()


def test_a_state_without_migrations_yet_is_brought_up_to_date(tmp_path: Path) -> None:
    """An older state is migrated on opening, and keeps its other tables."""
    with sqlite3.connect(tmp_path / "parley.db") as old:
        old.execute("CREATE TABLE notes (body TEXT)")

    assert {*TABLES, "notes"} <= set(inspect(open_storage(tmp_path, StorageConfig())).get_table_names())


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """The message names the folder and the setting that moves it."""
    (tmp_path / "state").write_text("not a folder")

    with pytest.raises(StateFolderError, match="PARLEY_STATE_DIR"):
        open_storage(tmp_path / "state", StorageConfig())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    """Nothing can be kept there, so opening says so at once."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StateFolderError, match="cannot be used"):
            open_storage(tmp_path, StorageConfig())
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that even root cannot write")
def test_a_folder_that_nobody_can_make_is_refused() -> None:
    """Read-only file systems are found out also when permissions look fine."""
    with pytest.raises(StateFolderError):
        open_storage(Path("/proc/self/parley"), StorageConfig())


def test_a_broken_database_is_refused_in_one_line(tmp_path: Path) -> None:
    """SQLite's own exception does not reach the caller."""
    (tmp_path / "parley.db").write_bytes(b"this is no database " * 100)

    with pytest.raises(StorageError, match="cannot be opened") as caught:
        open_storage(tmp_path, StorageConfig())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "no url with a secret at all", "nosuch://me:secret@host/db", "mysql://me:secret@host/db",
        "postgresql+psycopg://me:secret@127.0.0.1:9/db", "postgresql+nosuch://me:secret@host/db",
    ],
)  # fmt: skip
def test_an_impossible_url_is_refused(tmp_path: Path, url: str) -> None:
    """The message names the setting, and keeps the password to itself."""
    with pytest.raises(StorageError, match=r"storage\.url") as caught:
        open_storage(tmp_path, StorageConfig(url=url))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_two_programs_starting_together_both_succeed(home: Home) -> None:
    """One migrates while the other waits."""
    failures: list[BaseException] = []

    def start() -> None:
        try:
            home.open()
        except ParleyError as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_writers_that_read_first_take_turns(engine: Engine) -> None:
    """No update is lost and none fails when many count up the same number."""
    with writing(engine) as connection:
        write_meta(connection, {"count": 0})

    def count_up() -> None:
        for _ in range(5):
            with writing(engine) as connection:
                count = read_meta(connection, "count", for_update=True)
                write_meta(connection, {"count": count + 1})

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with engine.connect() as connection:
        assert read_meta(connection, "count") == 20


def test_a_task_that_one_does_alone_makes_the_others_wait(engine: Engine) -> None:
    """Whether it ends well or not, and not those with another task."""
    within: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with suppress(RuntimeError), alone(engine, "work"), alone(engine, f"other{number}"):
            within.append(number)
            most.append(len(within))
            time.sleep(0.02)
            within.remove(number)
            raise RuntimeError

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * 5


def test_a_failed_transaction_leaves_nothing(engine: Engine) -> None:
    """An exception rolls everything back."""

    def fail_halfway() -> None:
        with writing(engine) as connection:
            write_meta(connection, {"half": True})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()

    with engine.connect() as connection:
        assert connection.execute(select(Meta)).all() == []


def test_a_mistyped_setting_is_refused() -> None:
    """A typing error in the configuration does not pass for a default."""
    with pytest.raises(ValueError, match="urls"):
        StorageConfig.model_validate({"urls": "sqlite://"})


def test_the_tables_are_those_that_the_rooms_declare(engine: Engine) -> None:
    """The hand-written migration and the declared classes agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    for owner in ("retrieval.items", "ranking.tables", "bot.sessions", "bot.profile"):
        pytest.importorskip(owner)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert differences == []
