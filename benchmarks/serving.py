"""A real server as a process of its own, for measurements and tests that go through HTTP.

Knows the `parley` command and nothing behind it: what is asked of a server here, a user can ask too.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
READY = re.compile(r"Parley is at (http://\S+?)/ui/")
STARTS_WITHIN = 1200
"""Seconds; far above the budget, as the machine may be busy with something else."""
NO_SETTINGS = ("PARLEY_TEST_", "PARLEY_REPORT", "PARLEY_SCREENSHOTS")
"""Variables that speak to tests; the service refuses what looks like a setting and is none."""


def environment(state_dir: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, for a `parley` command over `state_dir`; `extra` goes on top."""
    own = {"PARLEY_STATE_DIR": str(state_dir), "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"}
    outer = {name: value for name, value in os.environ.items() if not name.startswith(NO_SETTINGS)}
    return {**outer, **own, **(extra or {})}


def parley(
    *arguments: str, state_dir: Path, extra: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a `parley` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=ROOT,
        env=environment(state_dir, extra),
        capture_output=True,
        text=True,
        timeout=STARTS_WITHIN,
        check=False,
    )


class Server:
    """`parley demo` or `parley serve` over one state folder; it can be stopped, killed and started again."""

    def __init__(
        self, config: Path, state_dir: Path, extra: Mapping[str, str] | None = None, name: str | None = None
    ) -> None:
        """`extra` variables go on top of this process's; `name` tells apart those that share a folder."""
        self.config = config
        self.state_dir = state_dir
        self.extra = extra
        self.log = state_dir.parent / f"{name or state_dir.name}.log"
        self._environment = environment(state_dir, extra)
        self._process: subprocess.Popen[bytes] | None = None
        self._client: httpx.Client | None = None

    def start(self, verb: str = "serve") -> float:
        """Start and wait for the first answer; the seconds that took."""
        began = time.perf_counter()
        with self.log.open("ab") as log:
            before = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", verb, "--config", str(self.config), "--port", "0"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        url = self._wait_for_url(before)
        self._client = httpx.Client(base_url=url, timeout=120, trust_env=False)
        self._client.get("/health/ready").raise_for_status()
        return time.perf_counter() - began

    def stop(self) -> None:
        """Ask it to end, as a service manager does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a word (kill -9)."""
        self._end(signal.SIGKILL)

    @property
    def client(self) -> httpx.Client:
        if self._client is None:
            raise RuntimeError("the server is not running")
        return self._client

    @property
    def url(self) -> str:
        return str(self.client.base_url).rstrip("/")

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def output(self) -> str:
        """All that it printed, over all its starts."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ask(self, user_id: str, message: str, **more: Any) -> dict[str, Any]:
        """One turn that must succeed."""
        response = self.client.post("/chat", json={"user_id": user_id, "message": message, **more})
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def _end(self, number: signal.Signals) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=30)
            self._process = None

    def _wait_for_url(self, before: int) -> str:
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            printed = self.log.read_bytes()[before:].decode("utf-8", "replace")
            ready = READY.search(printed)
            if ready:
                return ready.group(1)
            if self._process is not None and self._process.poll() is not None:
                raise RuntimeError(f"the server ended before it answered:\n{printed[-2000:]}")
            time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"the server did not answer within {STARTS_WITHIN} s; see {self.log}")
