"""What the port answers while the service is being opened: a server of its own, opening what we say."""

import json
import signal
import subprocess
import sys
import textwrap
import time

import httpx
import pytest

from benchmarks.serving import ROOT
from bot.api.schemas import Problem
from bot.listening import share_heaps

PROGRAM = """
import sys, time
from pathlib import Path
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from bot.listening import listen, serve
from bot.waking import Opened
from bot.errors import SettingsError

gate = Path(sys.argv[1])

@asynccontextmanager
async def life(app):
    print("app began", flush=True)
    yield
    print("app ended", flush=True)

def opening(tell):
    tell("language model")
    while not gate.exists():
        time.sleep(0.02)
        if {steps}:
            tell("language model")
    if gate.read_text() == "fail":
        raise SettingsError("the model is not there")
    app = Starlette(routes=[Route("/chat", lambda request: PlainTextResponse("hello"))], lifespan=life)
    return Opened(app, lambda: print("closed", flush=True))

bound = listen("127.0.0.1", 0)
print(bound.getsockname()[1], flush=True)
try:
    serve(opening, bound, lambda: print("ready", flush=True))
except SettingsError as error:
    print(error, flush=True)
    raise SystemExit(1)
print("over", flush=True)
"""


class Program:
    def __init__(self, tmp_path, steps=True):
        self.gate = tmp_path / "gate"
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM.replace("{steps}", str(steps))), str(self.gate)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.process.stdout.readline().strip()}")
        for _ in range(500):  # the port is bound, and listened on when the server has begun
            try:
                self.client.get("/health/live")
                return
            except httpx.ConnectError:
                time.sleep(0.02)

    def opens(self):
        self.gate.write_text("open")
        assert self.process.stdout.readline() == "app began\n"
        assert self.process.stdout.readline() == "ready\n"

    def ends(self, number=None):
        """What it still printed, and its status."""
        if number is not None:
            self.process.send_signal(number)
        printed, _ = self.process.communicate(timeout=30)
        self.client.close()
        return printed.splitlines(), self.process.returncode


@pytest.fixture
def program(tmp_path):
    program = Program(tmp_path)
    yield program
    program.process.kill()
    program.process.wait()


def test_a_loading_service_is_alive_and_says_when_to_come_back(program):
    """Alive at once, not ready; a problem for programs, with its header."""
    assert program.client.get("/health/live").json() == {"status": "ok"}
    for method, path in (("GET", "/health/ready"), ("POST", "/chat"), ("GET", "/items/x"), ("PUT", "/")):
        response = program.client.request(method, path, content=b"{}" if method == "POST" else None)
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert int(response.headers["retry-after"]) > 0
        problem = Problem.model_validate_json(response.content)
        assert problem.type == "urn:parley:problem:loading"
        assert "language model" in problem.detail
        assert problem.request_id == response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/", "/ui/", "/ui", "/docs"])
def test_a_browser_sees_what_is_being_done(program, path):
    """A page that comes again by itself and asks nothing of anybody else."""
    response = program.client.get(path)

    assert response.status_code == 503
    assert response.headers["content-type"].startswith("text/html")
    assert "loading the language model" in response.text
    assert 'http-equiv="refresh"' in response.text
    assert "http://" not in response.text
    assert "src=" not in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_the_application_takes_over_with_its_own_beginning_and_end(program):
    """Announced when it answers; what it stands on is closed after it ended."""
    program.opens()

    assert program.client.get("/chat").text == "hello"
    assert program.client.get("/health/live").status_code == 404
    assert program.ends(signal.SIGTERM) == (["app ended", "closed", "over"], 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_clean_at_any_time(program, number):
    """While it loads, at the next step: nothing was opened, nothing is announced."""
    program.client.get("/health/ready")
    assert program.ends(number) == (["over"], 0)


def test_a_stop_does_not_wait_for_a_step_that_takes_minutes(tmp_path):
    """The process is gone within seconds."""
    program = Program(tmp_path, steps=False)
    began = time.monotonic()

    assert program.ends(signal.SIGINT) == ([], 0)
    assert time.monotonic() - began < 15


def test_what_cannot_be_opened_ends_the_process_with_its_reason(program):
    """As it would without the waiting."""
    program.gate.write_text("fail")
    assert program.ends() == (["the model is not there"], 1)


def test_the_port_needs_nothing_heavy():
    """The port answers before anything that takes long is imported."""
    heavy = ["torch", "numpy", "fastapi", "gradio", "sqlalchemy"]
    code = f"import bot.listening, sys, json; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(loaded.stdout) == []


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is meant")
def test_threads_share_heaps(monkeypatch):
    """Unless the environment says how many."""
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    assert share_heaps()
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    assert not share_heaps()
