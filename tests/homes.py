"""Where a Parley under test keeps what it knows: the two homes that every test of storage runs on.

`embedded` is SQLite and a Chroma in the state folder; `shared` is PostgreSQL, in a schema of its own, and
a Chroma server. No test opens a storage in another way, except those that are about SQLite itself.
"""

import shutil
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from benchmarks.serving import Server
from benchmarks.shared import POSTGRES, ChromaServer, free_port, schema, variables
from storage.engine import StorageConfig, open_storage

KINDS = ("embedded", "shared")


@dataclass(frozen=True)
class Home:
    """One state: a folder, and where its tables and vectors are."""

    state_dir: Path
    storage_url: str | None = None
    chroma: Callable[[], ChromaServer] | None = None
    """Gives the server, which is started only for those who ask for its address."""

    def open(self):
        """The storage, migrated; the caller disposes of it."""
        return open_storage(self.state_dir, StorageConfig(url=self.storage_url))

    @property
    def vectors_url(self):
        return None if self.chroma is None else self.chroma().url

    @property
    def variables(self):
        """The environment that leads a `parley` command here, beside its state folder."""
        return variables(self.storage_url, self.vectors_url)

    @property
    def overrides(self):
        """The same for `load_settings`."""
        return {
            "state_dir": self.state_dir,
            "storage__url": self.storage_url,
            "vectors_url": self.vectors_url,
        }


class HomeServer(Server):
    """A server in a home."""

    def __init__(self, config, home):
        super().__init__(config, home.state_dir, home.variables)
        self.home = home


@contextmanager
def home(kind, folder, chroma):
    """A home of `kind` in `folder`; `chroma` gives the Chroma server when one is needed."""
    if kind == "embedded":
        yield Home(folder)
        return
    require_postgres()
    with schema() as url:
        yield Home(folder, url, chroma)


def require_postgres():
    """Skip the test where there is no PostgreSQL."""
    if POSTGRES is None:
        pytest.skip("PARLEY_TEST_POSTGRES_URL names no PostgreSQL")


class Gate:
    """A TCP door in front of another address, to take a server away from its clients and give it back."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.port = free_port()
        self._listener = None
        self._lock = threading.Lock()
        self._open = set()

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.down()

    def up(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self):
        """As when the server's process ends: no one listens, and every connection breaks."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            sockets, self._open = self._open, set()
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def through(gate, url):
    """`url` with the gate in its place."""
    moved = make_url(url).set(host="127.0.0.1", port=gate.port)
    return moved.render_as_string(hide_password=False)


@contextmanager
def gate_to_postgres():
    """A gate in front of the PostgreSQL of the tests."""
    url = make_url(POSTGRES)
    with Gate(url.host or "127.0.0.1", url.port or 5432) as gate:
        yield gate


@dataclass(frozen=True)
class Disk:
    """A file system of a few megabytes."""

    folder: Path

    @property
    def _filler(self):
        return self.folder / "filler"

    def fill(self, spare=0):
        """Take all the room but `spare` bytes."""
        with self._filler.open("wb", buffering=0) as file, suppress(OSError):
            while shutil.disk_usage(self.folder).free > spare:
                file.write(bytes(4096))

    def free(self):
        """Give the room back."""
        self._filler.unlink()


@contextmanager
def mounted(megabytes):
    """A new disk; skips where no one may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="parley-disk-"))
    folder.chmod(0o755)  # for PostgreSQL, which is another user
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here: it takes root")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@contextmanager
def tablespace(folder):
    """The URL of an empty schema whose tables are kept in `folder`."""
    require_postgres()
    name = f"parley_{uuid.uuid4().hex}"
    inside = folder / "postgres"
    inside.mkdir()
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        try:
            shutil.chown(inside, "postgres", "postgres")
            connection.execute(text(f"CREATE TABLESPACE {name} LOCATION '{inside}'"))
        except (LookupError, DBAPIError):
            pytest.skip("a tablespace takes a PostgreSQL on this machine and its superuser")
        with schema() as url:
            moved = make_url(url).query["options"] + f" -cdefault_tablespace={name}"
            yield make_url(url).update_query_dict({"options": moved}).render_as_string(hide_password=False)
        connection.execute(text(f"DROP TABLESPACE {name}"))
    admin.dispose()
