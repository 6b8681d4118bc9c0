"""Nothing leaves the machine: not while ingesting, training or serving, and not through the page."""

import ipaddress
import re
import subprocess
import sys
import threading

import psutil
import pytest

from benchmarks.serving import ROOT, Server, environment, parley

pytestmark = pytest.mark.slow

CONFIG = str(ROOT / "configs" / "demo.yaml")
OTHER_HOST = re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//(?!127\.0\.0\.1|localhost)[^"']*""")
OWN_FILE = re.compile(r"""(?:src|href)\s*=\s*["'](?!https?:|//|data:|#)([^"']+)""")


class Watch:
    """Looks at a process's connections while it runs, which also sees code that is not Python."""

    def __init__(self, pid):
        self.elsewhere = set()
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.wait(0.1):
            try:
                connections = self._process.net_connections(kind="inet")
            except psutil.Error:
                return
            remote = {connection.raddr.ip for connection in connections if connection.raddr}
            self.elsewhere |= {ip for ip in remote if not ipaddress.ip_address(ip).is_loopback}


@pytest.fixture
def blocked(tmp_path):
    """Variables under which a Python process cannot connect elsewhere, and the file of its attempts."""
    attempts = tmp_path / "attempts"
    folder = str(ROOT / "tests" / "offline")
    return {"PYTHONPATH": folder, "CONNECTION_ATTEMPTS": str(attempts)}, attempts


def _attempts(file):
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_the_block_holds(tmp_path, blocked):
    """A process that does try fails, and is found out."""
    variables, attempts = blocked
    script = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"

    tried = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path, variables),
        capture_output=True,
        text=True,
        check=False,
    )

    assert tried.returncode != 0
    assert "not on this machine" in tried.stderr
    assert "192.0.2.1" in _attempts(attempts)[0]


@pytest.mark.timeout(900)
def test_no_connection_leaves_the_machine(tmp_path, blocked):
    """Ingest, behaviour, training, chat, feedback and the page work with every way out closed."""
    variables, attempts = blocked
    state = tmp_path / "state"

    ingested = parley("ingest", "--config", CONFIG, state_dir=state, extra=variables)
    assert ingested.returncode == 0, ingested.stderr

    server = Server(ROOT / "configs" / "demo.yaml", state, variables)
    server.start("demo")
    try:
        with Watch(server.pid) as watch:
            turn = server.ask("offline", "some adventure on the high seas")
            assert turn["reply"]
            item = turn["recommendations"][0] if turn["recommendations"] else {"item_id": "jaws-1975"}
            body = {"user_id": "offline", "item_id": item["item_id"], "action": "like"}
            assert server.client.post("/feedback", json=body).status_code == 201
            assert server.client.get("/recommendations", params={"user_id": "offline"}).status_code == 200
            page = server.client.get("/ui/").raise_for_status().text
            files = [file for file in OWN_FILE.findall(page) if not file.startswith("javascript:")]
            texts = [page, *(_fetched(server, file) for file in files)]
        assert watch.elsewhere == set()
    finally:
        server.stop()

    trained = parley("train", "--config", CONFIG, state_dir=state, extra=variables)
    assert trained.returncode == 0, trained.stderr
    assert _attempts(attempts) == []
    assert files, "the page names no file of its own"
    assert [found for text in texts for found in OTHER_HOST.findall(text)] == []


def _fetched(server, file):
    """A file that the page names, as text where it is HTML or CSS."""
    path = file if file.startswith("/") else f"/ui/{file.removeprefix('./')}"
    response = server.client.get(path, follow_redirects=True)
    kind = response.headers.get("content-type", "")
    return response.text if kind.startswith(("text/html", "text/css")) else ""
