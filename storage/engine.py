"""Opening the database: SQLite in the state folder, or any URL that SQLAlchemy takes.

`open_storage` is the one door. What it returns is migrated, durable (a commit has reached the disk
before it returns) and safe to share between threads.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from storage.errors import StateFolderError, StateVersionError, StorageError

MIGRATIONS = Path(__file__).parent / "migrations"

# secure_delete: what a user had erased is overwritten on disk, not only unlinked.
SQLITE_PRAGMAS = (
    "busy_timeout = 10000",
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "foreign_keys = ON",
)


class StorageConfig(BaseModel):
    """Where the tables live."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    """SQLAlchemy URL, such as `postgresql+psycopg://host/parley`; empty for SQLite in the state folder."""


def open_storage(state_dir: Path, config: StorageConfig) -> Engine:
    """Open the database, creating and migrating it as needed.

    Raises StateFolderError when the folder cannot be written, StateVersionError when a newer program
    wrote the state, StorageError when the database cannot be reached or read.
    """
    prepare_folder(state_dir)
    url = _url(state_dir, config)
    try:
        engine = create_engine(url)
    except (ArgumentError, ImportError) as error:
        raise StorageError(f"storage.url cannot be used: {error}") from error
    if url.get_backend_name() == "sqlite":
        _tune_sqlite(engine)
    try:
        _migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        shown = url.render_as_string(hide_password=True)
        raise StorageError(f"the database {shown!r} cannot be opened: {error.orig}") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def prepare_folder(folder: Path) -> None:
    """Create `folder` for this user alone if it is not there, and make sure it can be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Asking the permissions is not enough: root passes them on a file system mounted read-only.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StateFolderError(folder, error.strerror or str(error)) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write; committed at the end, rolled back on an exception.

    Use it wherever a transaction reads before it writes. On SQLite it takes the write lock at once and
    waits its turn, where one that began by reading fails as soon as another writer came between.
    """
    with engine.connect().execution_options(parley_writing=True) as connection, connection.begin():
        yield connection


def _url(state_dir: Path, config: StorageConfig) -> URL:
    if config.url is None:
        return URL.create("sqlite", database=str(state_dir / "parley.db"))
    try:
        return make_url(config.url)
    except ArgumentError as error:
        raise StorageError(f"storage.url cannot be read: {error}") from error


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(dbapi_connection: Any, _record: Any) -> None:
        # The driver's own transactions begin too late and end at DDL; ours begin in on_begin.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("parley_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine) -> None:
    # Alembic takes a fifth of a second to import, so only the door pays for it.
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    newest = script.get_current_head() or "nothing"
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            # Two workers that start together must not both create the tables.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7205391)")
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in known:
            raise StateVersionError(engine.url.render_as_string(hide_password=True), found, newest)
        if found != newest:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
