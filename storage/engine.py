"""Opening the database: SQLite in the state folder, or PostgreSQL by URL.

`open_storage` is the one door. What it returns is migrated, durable (a commit has reached the disk
before it returns) and safe to share between threads; when the database fails, it raises StorageError.
"""

import errno
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from storage.errors import (
    StateFolderError,
    StateVersionError,
    StorageError,
    StorageFull,
    StorageUnavailable,
)

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

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


BACKENDS = ("sqlite", "postgresql")

# What SQLite says when the file, and not the statement, is the trouble; each by its primary code.
SQLITE_TROUBLE = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
    }
)  # fmt: skip
POSTGRES_DISK_FULL = "53100"
PATIENCE = {
    "connect_timeout": 10,
    "tcp_user_timeout": 20_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""How long a host may stay silent: by itself the driver waits for many minutes, with a turn behind it."""


def open_storage(state_dir: Path, config: StorageConfig) -> Engine:
    """Open the database, creating and migrating it as needed.

    Raises StateFolderError when the folder cannot be written, StateVersionError when a newer program
    wrote the state, StorageError when the database cannot be reached or read.
    """
    prepare_folder(state_dir)
    url = _url(state_dir, config)
    engine = _engine(url)
    try:
        _migrate(engine)
    except (StorageUnavailable, DBAPIError) as error:
        engine.dispose()
        reason = error.reason if isinstance(error, StorageUnavailable) else _one_line(error.orig)
        raise StorageError(f"{_named(url)} cannot be opened: {reason}; {_way_out(url)}") from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def look_at_storage(state_dir: Path, config: StorageConfig) -> Engine | None:
    """The database to read from, looked through for damage; None when there is none that is up to date yet.

    Nothing is created, migrated or repaired. Raises what `open_storage` raises.
    """
    url = _url(state_dir, config)
    engine = _engine(url) if url.get_backend_name() != "sqlite" else _reading_engine(url)
    if engine is None:
        return None
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
                if found != "ok":
                    raise StorageUnavailable(_one_line(ValueError(found)))
            script = _migrations()
            return engine if _version(connection, script, url) == script.get_current_head() else None
    except (StorageUnavailable, DBAPIError) as error:
        reason = error.reason if isinstance(error, StorageUnavailable) else _one_line(error.orig)
        raise StorageError(f"{_named(url)} cannot be used: {reason}; {_way_out(url)}") from error


def _reading_engine(url: URL) -> Engine | None:
    """An engine that cannot write; None when the file is not there."""
    file = Path(url.database or "")
    if not file.is_file():
        return None
    # Beside a log that holds something SQLite must keep an index; without one it need write nothing at all.
    log = file.with_name(f"{file.name}-wal")
    mode = {"mode": "ro"} if log.exists() and log.stat().st_size else {"immutable": "1"}
    database = f"file:{quote(str(file.resolve()))}"
    engine = create_engine(URL.create("sqlite", database=database, query={**mode, "uri": "true"}))
    _translate_errors(engine)
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
    waits its turn, where one that began by reading fails as soon as another writer came between. On
    PostgreSQL others write beside it: lock what is read with `FOR UPDATE`, or let a constraint decide.
    """
    with engine.connect().execution_options(parley_writing=True) as connection, connection.begin():
        yield connection


@contextmanager
def alone(engine: Engine, task: str) -> Iterator[None]:
    """One at a time within, of all threads and processes that share the database; the others wait.

    It is no transaction: those within begin and end as they like.
    """
    if engine.dialect.name == "postgresql":
        # current_schema(): installations may share a database, and are no business of each other.
        key = "hashtextextended(current_schema() || %(task)s, 0)"
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({key})", {"task": task})
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({key})", {"task": task})
    elif not engine.url.database or sys.platform == "win32":
        yield
    else:
        import fcntl

        # The lock goes with the open file, so that a process that dies lets go of it.
        with Path(f"{engine.url.database}.{task}.lock").open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _url(state_dir: Path, config: StorageConfig) -> URL:
    if config.url is None:
        return URL.create("sqlite", database=str(state_dir / "parley.db"))
    try:
        url = make_url(config.url)
        # Without a driver's name SQLAlchemy takes one that is not installed with this program.
        return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url
    except ArgumentError:
        # The library's message repeats the URL, password and all.
        raise StorageError(
            "storage.url cannot be read; write it as postgresql+psycopg://user:password@host:5432/name"
        ) from None


def _engine(url: URL) -> Engine:
    """An engine that translates what goes wrong; nothing is asked of the database yet."""
    backend = url.get_backend_name()
    if backend not in BACKENDS:
        raise StorageError(f"storage.url names {backend!r}; use one of {', '.join(BACKENDS)}")
    # As many connections as there are threads: a request that waits for another's would only be slower.
    # An error quotes the statement without its values: what people say stays out of logs.
    options: dict[str, Any] = {"max_overflow": -1, "hide_parameters": True}
    if backend == "postgresql":
        # The ping finds connections that a restarted server has forgotten.
        options["pool_pre_ping"] = True
        if url.get_driver_name().startswith("psycopg"):
            own = {name: value for name, value in PATIENCE.items() if name not in url.query}
            options["connect_args"] = own
    try:
        engine = create_engine(url, **options)
    except (ArgumentError, ImportError) as error:
        raise StorageError(f"storage.url cannot be used: {error}") from error
    _translate_errors(engine)
    if backend == "sqlite":
        _tune_sqlite(engine)
    return engine


def _translate_errors(engine: Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def on_error(context: ExceptionContext) -> StorageError | None:
        if context.is_pre_ping:
            return None  # the pool's own business: it connects again
        error = context.original_exception
        if _is_full(error):
            return StorageFull(_one_line(error))
        if context.is_disconnect or _is_trouble(error, context.sqlalchemy_exception):
            return StorageUnavailable(_one_line(error))
        return None


def _is_full(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    return getattr(error, "sqlstate", None) == POSTGRES_DISK_FULL


def _is_trouble(error: BaseException, wrapped: BaseException | None) -> bool:
    """Whether the database is the trouble, rather than what was asked of it."""
    if isinstance(error, sqlite3.Error):
        # An OperationalError of SQLite may also be a mistake in a statement, so the code decides.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_TROUBLE
    return isinstance(wrapped, OperationalError | InterfaceError)


def _one_line(error: BaseException | None) -> str:
    return " ".join(str(error).split())


def _named(url: URL) -> str:
    return f"the database {url.render_as_string(hide_password=True)!r}"


def _way_out(url: URL) -> str:
    if url.get_backend_name() == "postgresql":
        return "start it, or set storage.url (PARLEY_STORAGE__URL) right"
    return "restore it from a backup, or name another state_dir"


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


def _migrations() -> "ScriptDirectory":
    # Alembic takes a fifth of a second to import, so only the door pays for it.
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def _version(connection: Connection, script: "ScriptDirectory", url: URL) -> str | None:
    """The version of the tables, None when there are none; raises StateVersionError for a newer one."""
    from alembic.runtime.migration import MigrationContext

    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {revision.revision for revision in script.walk_revisions()}:
        newest = script.get_current_head() or "nothing"
        raise StateVersionError(url.render_as_string(hide_password=True), found, newest)
    return found


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    script = _migrations()
    # Workers that start together must not all create the tables. Nor may they change SQLite's journal
    # together: there a second one is refused at once, however long it would wait.
    with alone(engine, "migration"), writing(engine) as connection:
        if _version(connection, script, engine.url) != script.get_current_head():
            config = Config()
            config.set_main_option("script_location", str(script.dir).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
