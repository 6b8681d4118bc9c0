"""The demo service as the measurements use it: its films and simulated behaviour, in a folder of its own.

Conversations are held in this process (`hold`) or with a server of its own (`served`).
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console
from rich.progress import track
from sqlalchemy import insert

from bot.loading import SHIPPED
from bot.prepare import Preparation
from bot.reply import Said, Turn
from bot.service import Parley
from bot.sessions import SessionRow
from bot.settings import Settings, load_settings
from storage.base import utcnow
from storage.engine import writing

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "configs" / "demo.yaml"
CONVERSATIONS = Path(__file__).with_name("conversations")

progress = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Held:
    """One turn of a measured conversation: which, by whom, what was said, how long it took from outside."""

    conversation: int
    user: str
    message: str
    turn: Turn
    wall_ms: float
    first_ms: float
    """Until the first checked sentence could be shown."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server process, ready, and how long it took to be."""

    url: str
    process: psutil.Process
    start_s: float

    def resident_mib(self) -> float:
        return float(self.process.memory_info().rss / 2**20)


def described(said: Sequence[Sequence[str]]) -> str:
    """The data in words."""
    return (
        f"the demo films with 200 simulated people, 20 events each, seed 7; {len(said)} conversations of "
        "benchmarks/conversations/films.txt, five turns each, every second one by a newcomer, the others by "
        "simulated people"
    )


def conversations(limit: int | None = None, name: str = "films") -> list[list[str]]:
    """What people say about one of the demo catalogues, conversation by conversation."""
    text = (CONVERSATIONS / f"{name}.txt").read_text(encoding="utf-8")
    said = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [block.splitlines() for block in said.strip().split("\n\n")][:limit]


def model_folder(settings: Settings) -> Path:
    """Where the weights that are measured lie."""
    return Path(settings.model.path or SHIPPED)


def named(folder: Path) -> str:
    """A model folder as a report names it, with the beginning of its weights' SHA-256."""
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return f"{folder.name} ({digest[:12]})"


@contextmanager
def prepared(model: Path | None = None, config: Path = CONFIG, **overrides: Any) -> Iterator[Settings]:
    """Settings of a demo with its data brought in and trained on, in a folder that is gone afterwards."""
    path = str(model.resolve()) if model else None
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        settings = load_settings(config, state_dir=Path(folder), model__path=path, **overrides)
        preparation = Preparation(settings)
        preparation.demo()
        preparation.close()
        yield settings


@contextmanager
def opened(settings: Settings) -> Iterator[Parley]:
    """The service in this process."""
    parley = Parley.open(settings)
    try:
        yield parley
    finally:
        parley.close()


def visitor(number: int, label: str) -> str:
    """Who holds conversation `number`: in turn a newcomer, and one of the simulated people."""
    return f"newcomer-{label}-{number}" if number % 2 else f"simulated-{number + 1:04d}"


def hold(parley: Parley, said: Sequence[Sequence[str]], seed: int, label: str = "here") -> Iterator[Held]:
    """Hold the conversations one after another, turn by turn; `label` tells the newcomers of runs apart."""
    for number, messages in enumerate(track(said, description="conversations", console=progress)):
        user = visitor(number, label)
        session = begin_session(parley, user, f"{seed}-{label}-{number}")
        for message in messages:
            said_at: list[float] = []

            def hear(step: object, said_at: list[float] = said_at) -> None:
                if isinstance(step, Said):
                    said_at.append(time.perf_counter())

            began = time.perf_counter()
            turn = parley.chat(user, message, session_id=session, tell=hear)
            ended = time.perf_counter()
            yield Held(
                number, user, message, turn, 1000 * (ended - began), 1000 * (min([*said_at, ended]) - began)
            )


def begin_session(parley: Parley, user_id: str, session_id: str) -> str:
    """An empty session under a known id: the writer's sampling is seeded by it, so a run can be repeated."""
    now = utcnow()
    row = {
        "session_id": session_id, "user_id": user_id, "created_at": now, "updated_at": now,
        "title": None, "state": {},
    }  # fmt: skip
    with writing(parley.engine) as connection:
        connection.execute(insert(SessionRow), [row])
    return session_id


@contextmanager
def served(config: Path, settings: Settings) -> Iterator[Server]:
    """`parley serve` as a process of its own, over the state and model of `settings`."""
    environment = os.environ | {"PARLEY_STATE_DIR": str(settings.state_dir)}
    if settings.model.path is not None:
        environment["PARLEY_MODEL__PATH"] = settings.model.path
    began = time.perf_counter()
    command = [sys.executable, "-m", "bot.cli", "serve", "--config", str(config), "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        url = _address(process)
        httpx.get(f"{url}/health/ready", timeout=60).raise_for_status()
        yield Server(url, psutil.Process(process.pid), time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://[\w.:]+", line):
            return found.group()
    raise SystemExit("the server did not start; what it said is above")
