"""Kill the service at random moments (SIGKILL), again and again, and see what is left.

    python -m benchmarks.durability                     # all of it: 80 + 10 + 10 kills
    python -m benchmarks.durability --log 2 --http 2 --whole 1

Three kinds of rounds, all on one state each, so that a later kill also strikes what earlier ones left:

  log    a process that does nothing but record feedback through the service's own log, in four threads. It
         starts in a second where a server takes ten, so that many kills can be tried.
  http   the server, and three clients that send it feedback.
  whole  the server under chat and feedback of four people at once. In every second round the vectors are
         lost, too, and another kill strikes while they are being made again.

Every request carries an Idempotency-Key. Once the process runs again, each event that it acknowledged must
be there exactly once, and sending the requests it had not answered again must make exactly one of each. After
a `whole` round the sessions must load with every acknowledged turn in them once, and Chroma must hold the
vectors that the encoder makes of the items in the database.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.report import publish
from benchmarks.report import table as markdown_table
from benchmarks.serving import ROOT, Server, environment

CONFIG = ROOT / "configs" / "shop.yaml"
"""The shop is small, so that most of the time goes into what is measured."""
THREADS = 4
CLIENTS = 3
PEOPLE = 4
LONGEST = 1.5
"""Seconds of work before a kill, at most; the moment is drawn evenly."""
SAYINGS = (
    "something for the kitchen",
    "I love the first one",
    "not the second one, something cheaper",
    "I already have the first one",
    "a gift for a runner under 100 dollars",
    "something like the second one but in blue",
)


@dataclass
class Account:
    """What clients asked for and what they were told, over all kills so far."""

    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    """Every request that was begun, by its key."""
    told: dict[str, str] = field(default_factory=dict)
    """The event that was acknowledged, by the key of its request."""
    said: dict[str, list[str]] = field(default_factory=dict)
    """Events that turns acknowledged, by user."""
    turns: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Acknowledged turns, by user: session and turn."""

    def begin(self, user: str, item: str) -> str:
        key = uuid.uuid4().hex
        self.asked[key] = {"user_id": user, "item_id": item, "action": "click"}
        return key

    @property
    def open(self) -> list[str]:
        """The keys of requests that were not answered."""
        return [key for key in self.asked if key not in self.told]


@dataclass(frozen=True, slots=True)
class Round:
    """What one kill left behind."""

    kind: str
    acknowledged: int
    """New events since the kill before."""
    in_flight: int
    """Requests that the kill left without an answer."""
    lost: int
    doubled: int
    """Over everything acknowledged so far, and everything that was asked again."""
    other: tuple[str, ...] = ()
    """What else went wrong."""
    restart_seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not self.lost and not self.doubled and not self.other


Again = Callable[[str, Mapping[str, str]], str]
"""Sends a request once more under its key; the id of its event."""
Events = Callable[[str], Sequence[str]]
"""The ids of the events of a person's feedback, those that turns recorded among them."""


def audit(account: Account, before: int, again: Again, events: Events) -> tuple[int, int, int, int]:
    """Acknowledged since `before`, left in flight, lost and doubled; what was in flight is asked again."""
    left = account.open
    found = {user: Counter(events(user)) for user in _users(account)}
    lost = sum(found[account.asked[key]["user_id"]][event] != 1 for key, event in account.told.items())
    lost += sum(found[user][event] != 1 for user, told in account.said.items() for event in told)
    acknowledged = len(account.told) - before
    for key in left:
        event = again(key, account.asked[key])
        if again(key, account.asked[key]) != event:
            lost += 1
        account.told[key] = event
    doubled = 0
    for user in _users(account):
        mine = {event for key, event in account.told.items() if account.asked[key]["user_id"] == user}
        there = [event for event in events(user) if event not in account.said.get(user, ())]
        asked = sum(body["user_id"] == user for body in account.asked.values())
        doubled += abs(len(mine) - asked) + sum(count - 1 for count in Counter(there).values())
        doubled += len(set(there) - mine)
    return acknowledged, len(left), lost, doubled


def _users(account: Account) -> set[str]:
    return {body["user_id"] for body in account.asked.values()} | set(account.said)


# The log alone: this file runs itself as the process that is killed.


def hammer(state_dir: Path, item: str) -> None:
    """Record feedback until killed; a line before each request and after each answer."""
    log = _open_log(state_dir, os.environ.get("PARLEY_STORAGE__URL"))

    def work(name: str) -> None:
        while True:
            key = uuid.uuid4().hex
            os.write(1, f"asked {key} {name}\n".encode())
            event, _ = log.feedback(name, item, "click", key=key)
            os.write(1, f"told {key} {event.event_id}\n".encode())

    for number in range(THREADS):
        threading.Thread(target=work, args=(f"log{number}",)).start()


def log_rounds(
    state_dir: Path, count: int, dice: random.Random, storage_url: str | None = None
) -> list[Round]:
    """Kills of the process that only records."""
    from retrieval.items import ItemRow
    from storage.base import insert_new, utcnow
    from storage.engine import StorageConfig, open_storage, writing

    item = {"item_id": "lamp", "title": "Lamp", "description": "", "fields": {}, "aliases": [], "digest": "1"}
    engine = open_storage(state_dir, StorageConfig(url=storage_url))
    with writing(engine) as connection:
        insert_new(connection, ItemRow.item_id, [item | {"added_at": utcnow()}])
    engine.dispose()
    account, rounds = Account(), []
    extra = {} if storage_url is None else {"PARLEY_STORAGE__URL": storage_url}
    for _ in range(count):
        before = len(account.told)
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.durability", "--hammer", str(state_dir)],
            cwd=ROOT,
            env=environment(state_dir, extra),
            stdout=subprocess.PIPE,
        )
        if process.stdout is None:
            raise RuntimeError("the process has no output")
        lines = [process.stdout.readline()]
        threading.Timer(dice.uniform(0, LONGEST), process.kill).start()
        lines += process.stdout.readlines()
        process.wait()
        for line in lines:
            match line.decode().split():
                case ["asked", key, user] if len(key) == 32 and line.endswith(b"\n"):
                    account.asked[key] = {"user_id": user, "item_id": "lamp", "action": "click"}
                case ["told", key, event] if line.endswith(b"\n"):
                    account.told[key] = event
        began = time.perf_counter()
        log = _open_log(state_dir, storage_url)
        seconds = time.perf_counter() - began
        found = _audit_log(log, account, before)
        log.engine.dispose()
        rounds.append(_progress(Round("log", *found, restart_seconds=seconds)))
    return rounds


def _open_log(state_dir: Path, storage_url: str | None) -> Any:
    from ranking.actions import ActionsConfig
    from ranking.events import EventLog
    from storage.engine import StorageConfig, open_storage

    return EventLog(open_storage(state_dir, StorageConfig(url=storage_url)), ActionsConfig())


def _audit_log(log: Any, account: Account, before: int) -> tuple[int, int, int, int]:
    return audit(
        account,
        before,
        lambda key, body: str(log.feedback(**body, key=key)[0].event_id),
        lambda user: [event.event_id for event in log.of_user(user)],
    )


# The server.


class Crowd:
    """People who use a server from threads of their own until it is gone."""

    def __init__(self, server: Server, account: Account, items: Sequence[str], talking: bool) -> None:
        self.trouble: list[str] = []
        self._url = server.url
        self._account = account
        self._items = items
        self._over = threading.Event()
        count, work = (PEOPLE, self._talk) if talking else (CLIENTS, self._click)
        self._threads = [
            threading.Thread(target=self._run, args=(work, f"person{number}", number))
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def disperse(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, work: Callable[[httpx.Client, str, random.Random], None], user: str, seed: int) -> None:
        dice = random.Random(f"{user}{seed}")
        with httpx.Client(base_url=self._url, timeout=60, trust_env=False) as client:
            while not self._over.is_set():
                try:
                    work(client, user, dice)
                except httpx.HTTPError as error:
                    if isinstance(error, httpx.HTTPStatusError):
                        self.trouble.append(f"{error.response.status_code}: {error.response.text[:200]}")
                    return

    def _click(self, client: httpx.Client, user: str, dice: random.Random) -> None:
        key = self._account.begin(user, dice.choice(self._items))
        body = self._account.asked[key]
        answer = client.post("/feedback", json=body, headers={"Idempotency-Key": key}).raise_for_status()
        self._account.told[key] = answer.json()["event_id"]

    def _talk(self, client: httpx.Client, user: str, dice: random.Random) -> None:
        turns = self._account.turns.setdefault(user, [])
        session = turns[-1][0] if turns and dice.random() < 0.7 else None
        body = {"user_id": user, "message": dice.choice(SAYINGS), "session_id": session}
        answer = client.post("/chat", json=body).raise_for_status().json()
        turns.append((answer["session_id"], answer["turn_id"]))
        told = self._account.said.setdefault(user, [])
        told += [event["event_id"] for event in answer["events"]]
        for _ in range(3):
            self._click(client, user, dice)


def server_rounds(
    server: Server, account: Account, count: int, dice: random.Random, whole: bool
) -> list[Round]:
    """Kills of a running server, which is running again afterwards."""
    rounds = []
    offered = server.client.get("/recommendations", params={"user_id": "nobody", "k": 100}).json()
    items = [one["item_id"] for one in offered["recommendations"]]
    for place in range(count):
        before = len(account.told)
        crowd = Crowd(server, account, items, talking=whole)
        time.sleep(dice.uniform(0, LONGEST * (4 if whole else 1)))
        server.kill()
        crowd.disperse()
        other = list(crowd.trouble)
        if other:
            other[-1] += server.output()[-6000:]
        if whole and place % 2:
            _kill_while_filling(server, dice)
        seconds = server.start()
        found = audit(
            account,
            before,
            lambda key, body: str(
                server.client.post("/feedback", json=body, headers={"Idempotency-Key": key})
                .raise_for_status()
                .json()["event_id"]
            ),
            lambda user: _events_of(server, user),
        )
        if whole:
            other += _sessions_trouble(server, account) + vectors_trouble(server.config, server.state_dir)
        kind = "whole" if whole else "http"
        rounds.append(_progress(Round(kind, *found, other=tuple(other), restart_seconds=seconds)))
    return rounds


def _events_of(server: Server, user: str) -> list[str]:
    """Feedback of the person, and what their acknowledged turns recorded; not what a cut turn left."""
    events = server.client.get(f"/users/{user}").raise_for_status().json()["events"]
    turns = {turn["turn_id"] for turn in _turns_of(server, user)}
    return [one["event_id"] for one in events if one["source"] == "feedback" or one["turn_id"] in turns]


def _turns_of(server: Server, user: str) -> list[dict[str, Any]]:
    held = server.client.get(f"/users/{user}").raise_for_status().json()
    return [turn for session in held["sessions"] for turn in session["turns"]]


def _kill_while_filling(server: Server, dice: random.Random) -> None:
    """Lose the vectors, start, and kill the start at a random moment."""
    shutil.rmtree(server.state_dir / "chroma", ignore_errors=True)
    starting = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "serve", "--config", str(server.config), "--port", "0"],
        cwd=ROOT,
        env=environment(server.state_dir),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (server.state_dir / "chroma").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(dice.uniform(0, 5))
    starting.kill()
    starting.wait()


def _sessions_trouble(server: Server, account: Account) -> list[str]:
    """Acknowledged turns that are not in their session once, and turns that stand in the same place."""
    trouble = []
    for user, turns in account.turns.items():
        held = {}
        for session in {session for session, _ in turns}:
            response = server.client.get(f"/sessions/{session}", params={"user_id": user})
            if not response.is_success:
                trouble.append(f"session {session}: {response.status_code}")
                continue
            held[session] = [turn["turn_id"] for turn in response.json()["turns"]]
            if len(set(held[session])) != len(held[session]):
                trouble.append(f"session {session} has a turn twice")
        trouble += [
            f"turn {turn} is not in its session once"
            for session, turn in turns
            if held.get(session, []).count(turn) != 1
        ]
    return trouble


def vectors_trouble(config: Path, state_dir: Path) -> list[str]:
    """What is wrong with the vectors, as a process of its own sees them beside the server."""
    looked = subprocess.run(
        [sys.executable, "-m", "benchmarks.durability", "--vectors", str(state_dir), "--config", str(config)],
        cwd=ROOT,
        env=environment(state_dir),
        capture_output=True,
        text=True,
        check=False,
    )
    if looked.returncode:
        return [looked.stderr.strip().splitlines()[-1]]
    found = json.loads(looked.stdout)
    if found["embedded"] or not found["items"] or found["difference"] > 1e-4:
        return [f"vectors: {found}"]
    return []


def look_at_vectors(config: Path, state_dir: Path) -> None:
    """Print how the vectors differ from what the encoder makes of the items in the database."""
    import numpy as np

    from bot.settings import load_settings
    from retrieval.open import open_retrieval
    from storage.engine import open_storage

    settings = load_settings(config, state_dir=state_dir)
    engine = open_storage(state_dir, settings.storage)
    embedded: list[int] = []
    retrieval = open_retrieval(
        engine,
        state_dir,
        settings.catalogue,
        settings.encoder,
        settings.vectors_url,
        progress=embedded.append,
    )
    catalogue = retrieval.catalogue
    fresh = retrieval.encoder.encode([catalogue.card_text(item) for item in catalogue.items])
    difference = float(np.abs(fresh - retrieval.matrix).max()) if len(catalogue) else 0.0
    print(json.dumps({"items": len(catalogue), "embedded": sum(embedded), "difference": difference}))


def table(rounds: Sequence[Round]) -> str:
    """The rounds by kind as a Markdown table; those that were not clean under it."""
    head = ["kills", "rounds", "acknowledged", "in flight at the kill", "lost", "doubled", "other", "restart"]
    rows = []
    for kind in dict.fromkeys(one.kind for one in rounds):
        some = [one for one in rounds if one.kind == kind]
        restarts = sorted(one.restart_seconds for one in some)
        sums = [sum(getattr(one, name) for one in some) for name in ("acknowledged", "in_flight")]
        worst = [sum(getattr(one, name) for one in some) for name in ("lost", "doubled")]
        other = sum(len(one.other) for one in some)
        median = f"{restarts[len(restarts) // 2]:.1f} s"
        rows.append([kind, *(str(number) for number in (len(some), *sums, *worst, other)), median])
    lines = [markdown_table(head, rows)]
    lines += [f"- NOT CLEAN: {one}" for one in rounds if not one.clean]
    clean = sum(one.clean for one in rounds)
    lines.append(
        f"\n{clean} of {len(rounds)} kills left every acknowledged event there once, and nothing else."
    )
    return "\n".join(lines)


def _progress(one: Round) -> Round:
    print(one, file=sys.stderr, flush=True)
    return one


def measure(folder: Path, counts: Mapping[str, int], seed: int) -> list[Round]:
    """The rounds of each kind."""
    dice = random.Random(seed)
    rounds = log_rounds(folder / "log", counts["log"], dice)
    if counts["http"] or counts["whole"]:
        server = Server(CONFIG, folder / "state")
        server.start("demo")
        try:
            account = Account()
            rounds += server_rounds(server, account, counts["http"], dice, whole=False)
            rounds += server_rounds(server, account, counts["whole"], dice, whole=True)
        finally:
            server.stop()
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--log", type=int, default=80)
    parser.add_argument("--http", type=int, default=10)
    parser.add_argument("--whole", type=int, default=10)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--json", type=Path, help="write every round to this file")
    parser.add_argument("--hammer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--vectors", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--config", type=Path, default=CONFIG, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.hammer is not None:
        hammer(arguments.hammer, "lamp")
        return
    if arguments.vectors is not None:
        look_at_vectors(arguments.config, arguments.vectors)
        return
    with tempfile.TemporaryDirectory() as folder:
        counts = {kind: getattr(arguments, kind) for kind in ("log", "http", "whole")}
        rounds = measure(Path(folder), counts, arguments.seed)
    publish({"rounds": [_plain(one) for one in rounds]}, table(rounds), arguments.json)
    if not all(one.clean for one in rounds):
        sys.exit(1)


def _plain(one: Round) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Round.__slots__}


if __name__ == "__main__":
    main()
