"""How scripted conversations are written down, held and judged; `conversations.py` has the conversations.

Knows HTTP and the demo's CSV files. What is true of an item is read from the file, never from the service.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from benchmarks.serving import ROOT, Server

HIDING = {"reject", "dislike", "seen", "accept", "purchase"}
"""Actions after which an item is never recommended again."""

Record = Mapping[str, Any]
Which = int | str
"""An item: a place in the last list (1 is the first), a name given by `keep`, or an id."""


@dataclass(frozen=True)
class Catalogue:
    """A demo catalogue as its files have it."""

    records: Mapping[str, Record]
    fields: frozenset[str]


def load_catalogue(config: str) -> Catalogue:
    """The items of `configs/<config>`, each value of the type that the config declares."""
    path = ROOT / "configs" / config
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    types = {name: spec["type"] for name, spec in settings["catalogue"]["fields"].items()}
    with (path.parent / settings["data"]["items"]).open(encoding="utf-8", newline="") as file:
        records = {
            row["item_id"]: {name: _typed(text, types.get(name)) for name, text in row.items()}
            for row in csv.DictReader(file)
        }
    return Catalogue(records, frozenset(types))


def _typed(text: str, kind: str | None) -> Any:
    match kind:
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "bool":
            return text == "true"
        case "list":
            return text.split("|")
    return text


@dataclass(frozen=True)
class Moment:
    """An answer, and what lay on the table when it came."""

    answer: Mapping[str, Any]
    shown: Sequence[str]
    earlier: frozenset[str]
    kept: Mapping[str, str]
    records: Mapping[str, Record]

    @property
    def listed(self) -> list[str]:
        return [one["item_id"] for one in self.answer["recommendations"]]

    @property
    def reply(self) -> str:
        return str(self.answer.get("reply", "")).casefold()

    def item(self, which: Which) -> str:
        if isinstance(which, int):
            return self.shown[which - 1]
        return which if which in self.records else self.kept[which]

    def record(self, which: Which) -> Record:
        return self.records[self.item(which)]


@dataclass(frozen=True)
class Check:
    """One assertion about an answer; it does not hold either where an item that it speaks of is missing."""

    claim: str
    holds: Callable[[Moment], bool]

    def judge(self, moment: Moment) -> bool:
        try:
            return self.holds(moment)
        except (LookupError, ValueError):
            return False


@dataclass(frozen=True)
class Say:
    """A message and what is expected of the answer; `keep` first names items of the list in view."""

    message: str
    checks: tuple[Check, ...]
    keep: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class React:
    """A button pressed on an item of the list in view."""

    action: str
    place: int
    keep: str = ""


@dataclass(frozen=True)
class Anew:
    """The same person begins a new session."""


@dataclass(frozen=True)
class Browse:
    """Recommendations without a word said."""

    checks: tuple[Check, ...]


Step = Say | React | Anew | Browse


@dataclass(frozen=True)
class Conversation:
    name: str
    config: str
    steps: tuple[Step, ...]


@dataclass
class Exchange:
    """One request and what came back, with the checks that held and those that did not."""

    conversation: str
    user_id: str
    config: str
    kind: str
    said: str
    status: int
    answer: dict[str, Any]
    session: int
    held: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


# ---- assertions: each a line of what must be true of an answer


def some() -> Check:
    return Check("something is recommended", lambda m: bool(m.listed))


def exactly(count: int) -> Check:
    return Check(f"{count} items are recommended", lambda m: len(m.listed) == count)


def nothing() -> Check:
    return Check("nothing is recommended", lambda m: not m.listed)


def each(claim: str, fits: Callable[[Record], bool]) -> Check:
    """All recommended items fit; an empty list does not."""
    return Check(
        f"each is {claim}", lambda m: bool(m.listed) and all(fits(m.records[item]) for item in m.listed)
    )


def each_has(name: str, value: str) -> Check:
    return each(f"{name} {value}", lambda record: _has(record[name], value))


def none_has(name: str, value: str) -> Check:
    return each(f"not {name} {value}", lambda record: not _has(record[name], value))


def not_all_have(name: str, value: str) -> Check:
    """A wish that was taken back rules no longer."""
    return Check(
        f"not all are {name} {value}",
        lambda m: bool(m.listed) and not all(_has(m.records[item][name], value) for item in m.listed),
    )


def each_within(name: str, low: float, high: float) -> Check:
    return each(f"{name} {low} to {high}", lambda record: low <= record[name] <= high)


def fresh() -> Check:
    return Check("none was listed before", lambda m: bool(m.listed) and not m.earlier & set(m.listed))


def without(which: Which) -> Check:
    return Check(f"{which} is not there", lambda m: m.item(which) not in m.listed)


def names(*which: Which) -> Check:
    """The reply speaks of these items by title."""
    return Check(
        f"the reply names {', '.join(map(str, which))}",
        lambda m: all(m.record(one)["title"].casefold() in m.reply for one in which),
    )


def tells(name: str, *which: Which) -> Check:
    """The reply holds the true value of a field (of a list: its first) of these items."""
    return Check(
        f"the reply tells the {name} of {', '.join(map(str, which))}",
        lambda m: all(_spoken(m.record(one)[name]) in m.reply for one in which),
    )


def names_extreme(name: str, sign: int, count: int = 5) -> Check:
    """The reply names the item of the list in view with the greatest (1) or least (-1) value."""

    def holds(m: Moment) -> bool:
        best = max(m.shown[:count], key=lambda item: sign * m.records[item][name])
        return str(m.records[best]["title"]).casefold() in m.reply

    return Check(f"the reply names the one with the {'most' if sign > 0 else 'least'} {name}", holds)


def learned(actions: str, *which: Which) -> Check:
    """An event of one of these actions (separated by |) is on record for each item."""
    allowed = set(actions.split("|"))

    def holds(m: Moment) -> bool:
        events = {event["item_id"] for event in m.answer["events"] if event["action"] in allowed}
        return {m.item(one) for one in which} <= events

    return Check(f"learned: {actions} {', '.join(map(str, which))}", holds)


def learned_nothing() -> Check:
    return Check("no event is learned", lambda m: not m.answer["events"])


def asks() -> Check:
    return Check("a question comes back, without a list", lambda m: not m.listed and "?" in m.reply)


def lower(name: str) -> Check:
    """All items are below the dearest of the list in view, and cheaper on the whole."""

    def holds(m: Moment) -> bool:
        before = [m.records[item][name] for item in m.shown]
        after = [m.records[item][name] for item in m.listed]
        return bool(after) and max(after) < max(before) and _mean(after) < _mean(before)

    return Check(f"lower {name} than before", holds)


def admits() -> Check:
    """What cannot be had is said: the wish is quoted, or the reply says that nothing is left."""
    return Check("the reply admits that nothing fits", lambda m: "“" in m.reply or "nothing" in m.reply)


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _has(held: Any, value: str) -> bool:
    values = held if isinstance(held, list) else [held]
    return value.casefold() in [str(one).casefold() for one in values]


def _spoken(value: Any) -> str:
    if isinstance(value, list):
        value = value[0]
    if isinstance(value, float):
        value = f"{value:.2f}".removesuffix(".00")
    return str(value).casefold()


# ---- holding a conversation


def converse(server: Server, conversation: Conversation, catalogue: Catalogue) -> list[Exchange]:
    """Hold a conversation with a running server, as a person of its own."""
    return _Talk(server, conversation, catalogue).run()


class _Talk:
    def __init__(self, server: Server, conversation: Conversation, catalogue: Catalogue) -> None:
        self._server = server
        self._conversation = conversation
        self._records = catalogue.records
        self._user = f"someone-{conversation.name}"
        self._session_id: str | None = None
        self._session = 0
        self._shown: list[str] = []
        self._earlier: frozenset[str] = frozenset()
        self._kept: dict[str, str] = {}
        self._exchanges: list[Exchange] = []

    def run(self) -> list[Exchange]:
        for step in self._conversation.steps:
            match step:
                case Say():
                    self._say(step)
                case React():
                    self._react(step)
                case Browse():
                    self._browse(step)
                case Anew():
                    self._session_id, self._shown, self._earlier = None, [], frozenset()
                    self._session += 1
        return self._exchanges

    def _say(self, step: Say) -> None:
        self._keep(step.keep)
        body: dict[str, Any] = {"user_id": self._user, "message": step.message}
        if self._session_id is not None:
            body["session_id"] = self._session_id
        exchange = self._ask("chat", step.message, "POST", "/chat", step.checks, json=body)
        if exchange.status == 200:
            self._session_id = exchange.answer["session_id"]
            listed = [one["item_id"] for one in exchange.answer["recommendations"]]
            self._shown = listed or self._shown
            self._earlier |= set(listed)

    def _react(self, step: React) -> None:
        if step.place > len(self._shown):
            return
        if step.keep:
            self._keep({step.keep: step.place})
        body = {"user_id": self._user, "item_id": self._shown[step.place - 1], "action": step.action}
        self._ask("feedback", f"({step.action} {step.place})", "POST", "/feedback", (), json=body)

    def _browse(self, step: Browse) -> None:
        params = {"user_id": self._user, "k": 20}
        self._ask("recommendations", "(browses)", "GET", "/recommendations", step.checks, params=params)

    def _keep(self, places: Mapping[str, int]) -> None:
        self._kept |= {name: self._shown[p - 1] for name, p in places.items() if p <= len(self._shown)}

    def _ask(
        self, kind: str, said: str, method: str, path: str, checks: Sequence[Check], **body: Any
    ) -> Exchange:
        response = self._server.client.request(method, path, **body)
        name, config = self._conversation.name, self._conversation.config
        answer = response.json() if response.is_success else {}
        exchange = Exchange(name, self._user, config, kind, said, response.status_code, answer, self._session)
        if response.is_success and kind != "feedback":
            moment = Moment(answer, self._shown, self._earlier, self._kept, self._records)
            for check in checks:
                (exchange.held if check.judge(moment) else exchange.failed).append(check.claim)
        else:
            exchange.failed += [check.claim for check in checks]
        self._exchanges.append(exchange)
        return exchange


def words(text: str) -> list[str]:
    """Lower-cased words without punctuation."""
    return re.findall(r"\w+", text.lower())


EVER = 10_000
"""A year, a price, a length that nothing reaches."""


def films(name: str, *steps: Step) -> Conversation:
    return Conversation(f"films-{name}", "demo.yaml", steps)


def shop(name: str, *steps: Step) -> Conversation:
    return Conversation(f"shop-{name}", "shop.yaml", steps)
