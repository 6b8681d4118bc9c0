"""PostgreSQL and Chroma as several workers share them: a schema for one use, a Chroma server of one's own."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from sqlalchemy import create_engine, make_url, text

POSTGRES = os.environ.get("PARLEY_TEST_POSTGRES_URL")
"""The database in which schemas may be made and dropped."""
STARTS_WITHIN = 60


def variables(storage_url: str | None = None, vectors_url: str | None = None) -> Mapping[str, str]:
    """The environment that leads a `parley` command to these; None says nothing."""
    named = {"PARLEY_STORAGE__URL": storage_url, "PARLEY_VECTORS_URL": vectors_url}
    return {name: url for name, url in named.items() if url is not None}


@contextmanager
def schema(database: str | None = POSTGRES) -> Iterator[str]:
    """The URL of an empty schema in `database`, which is dropped afterwards."""
    if database is None:
        raise RuntimeError("PARLEY_TEST_POSTGRES_URL names no PostgreSQL")
    name = f"parley_{uuid.uuid4().hex}"
    admin = create_engine(database)
    with admin.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    url = make_url(database).update_query_dict({"options": f"-csearch_path={name}"})
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with admin.begin() as connection:
            # A server that a test killed may not be gone from here yet, and would hold the tables.
            mine = "SELECT pid FROM pg_locks JOIN pg_class ON pg_class.oid = relation"
            mine += f" WHERE relnamespace = '{name}'::regnamespace AND pid <> pg_backend_pid()"
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM ({mine}) AS held"))
        with admin.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
        admin.dispose()


class ChromaServer:
    """`chroma run` over a folder; it can be killed, frozen and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "ChromaServer":
        command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(self.folder)]
        environment = os.environ | {"ANONYMIZED_TELEMETRY": "False"}
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(self.port)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/api/v2/heartbeat", trust_env=False, timeout=5).is_success:
                    return self
            time.sleep(0.1)
        self.kill()
        raise RuntimeError("the Chroma server did not start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def signal(self, number: int) -> None:
        if self._process is None:
            raise RuntimeError("the Chroma server is not running")
        self._process.send_signal(number)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
