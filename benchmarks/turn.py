"""A turn's time by stage, and the service under load: `python -m benchmarks.turn`.

Scripted conversations over the demo films are held one turn after another in this process; then a server
of its own tells start time, memory, how fast feedback is acknowledged, and 16 people at once.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import numpy as np
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult

from benchmarks import demo
from benchmarks.report import arguments, machine, percentiles, publish, table, verdict
from bot.layout import MARKS
from bot.service import Parley
from bot.settings import Settings

STAGES = ("understand", "ground", "learn", "retrieve", "rank", "explain")
TURN_MS, FIRST_MS, FEEDBACK_MS, INTENT_TOKENS, REPLY_TOKENS, START_S, MEMORY_MIB = (
    600,
    350,
    15,
    45,
    120,
    8,
    1536,
)
TIMES_SEQUENTIAL = 4
ACTIONS = ("like", "click", "view", "seen")


class Tokens(BaseCallbackHandler):
    """Counts what the model says, as LangChain tells anyone who listens to it."""

    def __init__(self, parley: Parley) -> None:
        self._tokenizer = parley.model.tokenizer
        self._reading: dict[UUID, bool] = {}
        self.intents: list[int] = []
        self.drafted = 0

    def on_llm_start(
        self, serialized: dict[str, Any], prompts: list[str], *, run_id: UUID, **_kwargs: Any
    ) -> None:
        self._reading[run_id] = MARKS["spans"] in prompts[0]

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **_kwargs: Any) -> None:
        tokens = self.count(response.generations[0][0].text)
        if self._reading.pop(run_id):
            self.intents.append(tokens)
        else:
            self.drafted += tokens

    def count(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])


@dataclass(frozen=True, slots=True)
class Load:
    """What one way of asking came to."""

    turns: int
    seconds: float
    errors: int
    fallbacks: int
    slowest_ms: dict[str, float]

    @property
    def turns_per_second(self) -> float:
        return self.turns / self.seconds


def stages(settings: Settings, said: Sequence[Sequence[str]], seed: int) -> dict[str, Any]:
    """Milliseconds by stage, and tokens, over all turns of the conversations."""
    times: dict[str, list[float]] = defaultdict(list)
    drafted, shown, fallbacks = [], [], 0
    with demo.opened(settings) as parley:
        tokens = Tokens(parley)
        parley.model.callbacks = [tokens]
        for held in demo.hold(parley, said, seed):
            timings = held.turn.timings_ms
            for stage in STAGES:
                times[stage].append(timings[stage])
            # What no stage claims: loading the session, deciding, and the transaction that logs the turn.
            times["the rest"].append(held.wall_ms - sum(timings[stage] for stage in STAGES))
            times["first checked sentence"].append(held.first_ms)
            times["whole turn"].append(held.wall_ms)
            fallbacks += held.turn.model.fallback
            shown.append(tokens.count(held.turn.reply))
            drafted.append(tokens.drafted)
    return {
        "turns": len(shown),
        "fallbacks": fallbacks,
        "ms": {stage: percentiles(values) for stage, values in times.items()},
        "tokens": {
            "Intent": percentiles(tokens.intents),
            "reply, drafted": percentiles(np.diff([0, *drafted]).tolist()),
            "reply, as shown": percentiles(shown),
        },
    }


def service(
    settings: Settings, said: Sequence[Sequence[str]], users: int, events: int, starts: int, seed: int
) -> dict[str, Any]:
    """Start time, memory, feedback and load of the server."""
    started = []
    for _ in range(starts - 1):
        with demo.served(demo.CONFIG, settings) as server:
            started.append(server.start_s)
    with demo.served(demo.CONFIG, settings) as server:
        started.append(server.start_s)
        memory = {"after start": server.resident_mib()}
        acknowledged = feedback(server, events, seed)
        taken = [said[number % len(said)] for number in range(users)]
        alone = load(server, taken, 1, "alone")
        together = load(server, taken, users, "together")
        memory["after the load"] = server.resident_mib()
    return {
        "start_s": started,
        "resident_mib": memory,
        "feedback_ms": percentiles(acknowledged),
        "events": events,
        "users": users,
        "sequential": _load(alone),
        "at_once": _load(together),
        "times_sequential": together.turns_per_second / alone.turns_per_second,
    }


def feedback(server: demo.Server, events: int, seed: int) -> list[float]:
    """Milliseconds until each event was acknowledged, one client, one after another."""
    random = np.random.default_rng(seed)
    times = []
    with httpx.Client(base_url=server.url, timeout=60) as client:
        popular = client.get("/recommendations", params={"user_id": "nobody", "k": 100}).json()
        items = [one["item_id"] for one in popular["recommendations"]]
        for number in range(events):
            body = {
                "user_id": f"reacting-{number % 20}",
                "item_id": str(random.choice(items)),
                "action": str(random.choice(ACTIONS)),
            }
            began = time.perf_counter()
            client.post("/feedback", json=body).raise_for_status()
            times.append(1000 * (time.perf_counter() - began))
    return times


def load(server: demo.Server, said: Sequence[Sequence[str]], workers: int, label: str) -> Load:
    """Hold all conversations over HTTP, `workers` of them at a time."""
    answers: list[tuple[float, bool, bool]] = []

    def one(number: int) -> None:
        session: str | None = None
        with httpx.Client(base_url=server.url, timeout=120) as client:
            for message in said[number]:
                body = {"user_id": demo.visitor(number, label), "message": message}
                began = time.perf_counter()
                try:
                    answer = client.post("/chat", json=body | ({"session_id": session} if session else {}))
                    answer.raise_for_status()
                except httpx.HTTPError:
                    answers.append((1000 * (time.perf_counter() - began), True, False))
                    continue
                turn = answer.json()
                session = turn["session_id"]
                answers.append((1000 * (time.perf_counter() - began), False, turn["model"]["fallback"]))

    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, range(len(said))))
    seconds = time.perf_counter() - began
    times, errors, fallbacks = zip(*answers, strict=True)
    return Load(len(answers), seconds, sum(errors), sum(fallbacks), percentiles(times))


def _load(found: Load) -> dict[str, Any]:
    return {
        "turns": found.turns, "seconds": found.seconds, "turns_per_second": found.turns_per_second,
        "errors": found.errors, "fallbacks": found.fallbacks, "ms": found.slowest_ms,
    }  # fmt: skip


def markdown(report: dict[str, Any]) -> str:
    """The report as a section of RESULTS.md."""
    turn, server = report["turn"], report["service"]
    ms = [
        [stage, *(f"{found[name]:.0f}" for name in ("p50", "p95", "max")), ""]
        for stage, found in turn["ms"].items()
    ]
    ms[-2][-1] = f"p95 <= {FIRST_MS}: {verdict(turn['ms']['first checked sentence']['p95'], FIRST_MS)}"
    ms[-1][-1] = f"p95 <= {TURN_MS}: {verdict(turn['ms']['whole turn']['p95'], TURN_MS)}"
    most = {"Intent": INTENT_TOKENS, "reply, as shown": REPLY_TOKENS}
    tokens = [
        [
            name,
            *(f"{found[figure]:.0f}" for figure in ("p50", "p95", "max")),
            f"<= {most[name]}: {verdict(found['max'], most[name])}" if name in most else "",
        ]
        for name, found in turn["tokens"].items()
    ]
    at_once, alone = server["at_once"], server["sequential"]
    start, memory = max(server["start_s"]), max(server["resident_mib"].values())
    ratio, feedback_p95 = server["times_sequential"], server["feedback_ms"]["p95"]
    enough = "kept" if ratio >= TIMES_SEQUENTIAL and not at_once["errors"] else "**missed**"
    rows = [
        [
            f"feedback acknowledged over HTTP, {server['events']} events",
            f"p50 {server['feedback_ms']['p50']:.1f} ms, p95 {feedback_p95:.1f} ms",
            f"p95 <= {FEEDBACK_MS} ms: {verdict(feedback_p95, FEEDBACK_MS)}",
        ],
        [
            f"serve start to ready, {len(server['start_s'])} starts",
            f"{min(server['start_s']):.1f} to {start:.1f} s",
            f"<= {START_S} s: {verdict(start, START_S)}",
        ],
        [
            "resident memory of the server",
            ", ".join(f"{mib:.0f} MiB {when}" for when, mib in server["resident_mib"].items()),
            f"<= {MEMORY_MIB} MiB: {verdict(memory, MEMORY_MIB)}",
        ],
        [
            f"{server['users']} people at once, {at_once['turns']} turns",
            f"{at_once['turns_per_second']:.2f} turns/s, {alone['turns_per_second']:.2f} one after another: "
            f"{ratio:.2f} times; p95 {at_once['ms']['p95']:.0f} ms; {at_once['errors']} errors, "
            f"{at_once['fallbacks']} fallbacks ({alone['fallbacks']} one after another)",
            f">= {TIMES_SEQUENTIAL} times, no error: {enough}",
        ],
    ]
    return "\n".join(
        [
            "## A turn's time, and the service under load",
            "",
            f"{turn['turns']} turns in one process, {turn['fallbacks']} of them fallbacks. Data: "
            f"{report['data']}. Seed {report['seed']}. Model: {report['model']}, int8 on the CPU. Machine: "
            f"{report['machine']}. Percentiles are of this one run.",
            "",
            table(["milliseconds", "p50", "p95", "most", "budget"], ms),
            "",
            table(["tokens of a turn", "p50", "p95", "most", "budget"], tokens),
            "",
            table(["service", "measured", "budget"], rows),
            "",
        ]
    )


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--conversations", type=int, default=40, help="of five turns each")
    parser.add_argument("--users", type=int, default=16, help="people at once")
    parser.add_argument("--events", type=int, default=200, help="of feedback")
    parser.add_argument("--starts", type=int, default=3, help="how often the server is started")
    given = parser.parse_args()
    said = demo.conversations(given.conversations)
    with demo.prepared(given.model) as settings:
        # The server comes first: nothing of this process is in its way yet.
        found = service(settings, said, given.users, given.events, given.starts, given.seed)
        report = {
            "data": demo.described(said),
            "machine": machine(),
            "seed": given.seed,
            "model": demo.named(demo.model_folder(settings)),
            "turn": stages(settings, said, given.seed),
            "service": found,
        }
    publish(report, markdown(report), given.json)


if __name__ == "__main__":
    main()
