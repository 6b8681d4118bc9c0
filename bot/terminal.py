"""Talking in the terminal: sentences as they come, the items they are about, and commands after a slash.

Knows the service's verbs and the console. Whatever comes from items or people is shown as text: it is
neither markup nor a control sequence of the terminal.
"""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.facts import value_words
from bot.plain import plain
from bot.reply import Listed, Said, Turn, Understood
from retrieval.items import CatalogueConfig, FieldValue, Item
from storage.errors import ParleyError

if TYPE_CHECKING:
    from bot.service import Parley

PROMPT = "you> "
MOST_DETAILS, MOST_VALUES, LONGEST_VALUE = 5, 3, 60
MOST_SESSIONS, TURNS_SHOWN, BAR = 20, 3, 20

SCORES = {
    "semantic": "meaning of your words", "lexical": "words in common", "mf": "your taste",
    "popularity": "popularity", "fused": "altogether",
}  # fmt: skip
EVIDENCE = {
    "wish": "you asked for",
    "liked": "you liked",
    "taste": "you said you like",
    "similar_to": "close to",
}
DONE = {"like": "You like", "dislike": "You dislike", "seen": "You know"}
HELP = {
    "/like N, /dislike N, /seen N": "say so of item N of the last list",
    "/undo": "take back what was noted last",
    "/why N": "what item N rests on",
    "/profile": "what Parley thinks you like",
    "/new": "begin a new conversation",
    "/sessions, /open N": "earlier conversations; go on with one",
    "/help, /quit": "this list; the end (Ctrl+D ends, too; Ctrl+C stops an answer)",
}


def details_of(config: CatalogueConfig, item: Item) -> str:
    """The short facts under a title, in the order of the fields; texts are no short facts."""
    named = [name for name, spec in config.fields.items() if spec.type != "text"]
    facts = (_fact(config, name, item.fields.get(name)) for name in named)
    return " · ".join([fact for fact in facts if fact][:MOST_DETAILS])


def item_panel(config: CatalogueConfig, item: Item) -> Panel:
    """One item with its details and description."""
    lines = [plain(line) for line in (details_of(config, item), item.description) if line]
    return Panel(Group(*lines), title=plain(item.title, "bold"), title_align="left")


def _fact(config: CatalogueConfig, name: str, value: FieldValue) -> str:
    """A field in a few words; a yes is the field's name, and a no is left out."""
    spec, spoken = config.fields[name], name.replace("_", " ")
    if value is None or value is False or value == "":
        return ""
    if value is True:
        return spoken
    if isinstance(value, list):
        words = ", ".join(value[:MOST_VALUES]) + (" …" if len(value) > MOST_VALUES else "")
    else:
        words = value_words(value, spec.unit)
    words = words if len(words) <= LONGEST_VALUE else words[: LONGEST_VALUE - 1] + "…"
    # A bare number or letter says nothing without its name.
    unclear = isinstance(value, int | float) or len(words) < 3
    return f"{spoken} {words}" if unclear and spec.unit is None and spec.role_of(name) is None else words


@dataclass(slots=True)
class _View:
    """What the conversation stands at: the session, its last list, and what can be taken back."""

    session_id: str | None = None
    turn_id: str | None = None
    listed: Sequence[Mapping[str, Any]] = ()
    """The recommendations of the last list, as a turn's log has them."""
    sessions: Sequence[Mapping[str, Any]] = ()
    """The conversations last shown, which /open counts."""
    events: list[tuple[str, str]] = field(default_factory=list)
    """Ids of the events noted here, and what each says."""


class Talk:
    """One person's conversation on a console."""

    def __init__(self, parley: "Parley", user_id: str, console: Console) -> None:
        self._parley = parley
        self._user = user_id
        self._console = console
        self._view = _View()
        self._commands: dict[str, Callable[[str], None]] = {
            "like": lambda which: self._react("like", which),
            "dislike": lambda which: self._react("dislike", which),
            "seen": lambda which: self._react("seen", which),
            "undo": lambda _: self._undo(),
            "why": self._why,
            "profile": lambda _: self._profile(),
            "new": lambda _: self._begin(),
            "sessions": lambda _: self._list_sessions(),
            "open": self._open,
            "help": lambda _: self._help(),
        }

    def run(self, lines: Iterable[str]) -> None:
        """Answer one line after the other, until they end or one says quit, with or without its slash."""
        for line in lines:
            message = line.strip()
            if message.casefold().removeprefix("/") in ("quit", "exit"):
                return
            try:
                if message.startswith("/"):
                    self._command(message)
                elif message:
                    self._answer(message)
            except ParleyError as error:
                self._say(" ".join(str(error).split()), "red")

    def greet(self) -> None:
        """What can be done here, before the first line."""
        nouns = self._parley.catalogue.config.nouns
        self._say(f"Tell me what you are looking for among {len(self._parley.catalogue):,} {nouns}.")
        openings = " · ".join(f"“{opening}”" for opening in self._parley.openings()[:3])
        self._say(f"For example: {openings}" if openings else "", "dim")
        self._say("/help lists the commands, /quit ends.", "dim")

    def _answer(self, message: str) -> None:
        view = self._view
        with _stopping() as stopped:
            for step in self._parley.stream(
                self._user, message, session_id=view.session_id, stopped=stopped.is_set
            ):
                match step:
                    case Understood():
                        view.session_id, view.turn_id = step.session_id, step.turn_id
                        view.events += [
                            (one.event_id, self._noted(one.action, one.item_id)) for one in step.events
                        ]
                    case Listed():
                        view.listed = [asdict(one) for one in step.recommendations]
                    case Said():
                        self._show_said(step)
                    case Turn():
                        self._finish(step)

    def _show_said(self, said: Said) -> None:
        place = next(
            (n for n, one in enumerate(self._view.listed, 1) if one["item_id"] == said.item_id), None
        )
        if said.item_id is None or place is None:
            self._say(said.text)
            return
        item = self._parley.item(said.item_id)
        self._say(f"{place}. {item.title}", "bold")
        for text, style in ((details_of(self._parley.catalogue.config, item), "dim"), (said.text, "")):
            if text:
                self._console.print(Padding(plain(text, style), (0, 0, 0, 3)))

    def _finish(self, turn: Turn) -> None:
        if turn.recommendations:
            self._view.listed = [asdict(one) for one in turn.recommendations]
        if turn.stopped:
            self._say("(stopped)", "yellow")
        elif turn.suggestions:
            self._say("You might say: " + " · ".join(f"“{one}”" for one in turn.suggestions), "dim")

    def _command(self, line: str) -> None:
        name, _, argument = line[1:].partition(" ")
        known = self._commands.get(name.lower())
        if known is None:
            self._say(f"There is no command /{name}; /help lists them.", "yellow")
        else:
            known(argument.strip())

    def _react(self, action: str, which: str) -> None:
        one = self._chosen(which)
        if one is None:
            return
        event, _ = self._parley.feedback(
            self._user, one["item_id"], action, session_id=self._view.session_id, turn_id=self._view.turn_id
        )
        noted = self._noted(action, one["item_id"])
        self._view.events.append((event.event_id, noted))
        self._say(f"{noted}. /undo takes it back.", "green")

    def _undo(self) -> None:
        if not self._view.events:
            self._say("There is nothing to take back.", "yellow")
            return
        event_id, noted = self._view.events.pop()
        self._parley.retract(event_id)
        self._say(f"Taken back: {noted}.", "green")

    def _why(self, which: str) -> None:
        one = self._chosen(which)
        if one is None:
            return
        self._say(one["title"], "bold")
        table = Table.grid(padding=(0, 2))
        for fact in one.get("evidence") or ():
            words = EVIDENCE.get(fact["field"], fact["field"].replace("_", " "))
            table.add_row(plain(words), plain(self._evidence(fact)))
        strongest = {
            name: max(
                (float((other.get("scores") or {}).get(name, 0.0)) for other in self._view.listed), default=0
            )
            for name in SCORES
        }
        for name, score in (one.get("scores") or {}).items():
            share = max(0.0, score / strongest[name]) if strongest.get(name) else 0.0
            table.add_row(
                SCORES.get(name, name), Text(f"{'━' * round(BAR * share):{BAR}} {score:.2f}", "cyan")
            )
        self._console.print(Padding(table, (0, 0, 0, 3)))

    def _evidence(self, fact: Mapping[str, Any]) -> str:
        value = fact["value"]
        if fact["field"] in ("liked", "similar_to"):
            return self._title(str(value))
        spec = self._parley.catalogue.config.fields.get(fact["field"])
        return value_words(value, spec.unit if spec is not None else None)

    def _profile(self) -> None:
        beliefs = self._parley.beliefs(self._user)
        if not beliefs:
            self._say("Nothing yet: tell me what you like.")
            return
        table = Table(box=None, pad_edge=False)
        for header in ("", "what", "where from"):
            table.add_column(header)
        for belief in beliefs:
            source = f"said: “{belief.quote}”" if belief.quote else belief.source
            table.add_row(belief.stance, plain(belief.text), plain(source, "dim"))
        self._console.print(table)

    def _begin(self) -> None:
        self._view = _View(events=self._view.events)
        self._say("A new conversation.", "green")

    def _list_sessions(self) -> None:
        self._view.sessions = self._parley.sessions(self._user)[:MOST_SESSIONS]
        if not self._view.sessions:
            self._say("There are no conversations yet.")
        for number, one in enumerate(self._view.sessions, start=1):
            here = " (this one)" if one["session_id"] == self._view.session_id else ""
            self._say(f"{number}. {one['title'] or 'untitled'} · {one['updated_at']:%d %b %Y %H:%M}{here}")

    def _open(self, which: str) -> None:
        sessions = self._view.sessions or self._parley.sessions(self._user)[:MOST_SESSIONS]
        if not which.isdecimal() or not 1 <= int(which) <= len(sessions):
            self._say(f"/open takes a number from 1 to {len(sessions)}; /sessions lists them.", "yellow")
            return
        opened = self._parley.session(sessions[int(which) - 1]["session_id"], self._user)
        self._view = _View(opened["session_id"], sessions=sessions, events=self._view.events)
        for turn in opened["turns"][-TURNS_SHOWN:]:
            self._say(f"{PROMPT}{turn['message']}" if turn["message"] else "", "dim")
            self._say(turn["reply"])
        for turn in opened["turns"]:
            listed = (turn.get("payload") or {}).get("recommendations")
            if listed:
                self._view.turn_id, self._view.listed = turn["turn_id"], listed

    def _help(self) -> None:
        table = Table.grid(padding=(0, 2))
        for command, does in HELP.items():
            table.add_row(command, does)
        self._console.print(table)

    def _chosen(self, which: str) -> Mapping[str, Any] | None:
        """The item of the last list that a command counts; none named is the only one."""
        count = len(self._view.listed)
        number = int(which) if which.isdecimal() else 1 if not which and count == 1 else 0
        if 1 <= number <= count:
            return self._view.listed[number - 1]
        self._say(
            f"Which one? Give a number from 1 to {count}."
            if count
            else "There is no list yet: ask for something.",
            "yellow",
        )
        return None

    def _noted(self, action: str, item_id: str) -> str:
        return f"{DONE.get(action, action)} {self._title(item_id)}"

    def _title(self, item_id: str) -> str:
        item = self._parley.catalogue.get(item_id)
        return item.title if item is not None else item_id

    def _say(self, text: str, style: str = "") -> None:
        if text:
            self._console.print(plain(text, style), soft_wrap=not self._console.is_terminal)


def typed_lines(console: Console) -> Iterator[str]:
    """The lines that a person types, with a prompt; those of a pipe, without one."""
    prompt = PROMPT if console.is_terminal and sys.stdin.isatty() else ""
    while True:
        try:
            yield input(prompt)
        except EOFError:
            return
        except KeyboardInterrupt:
            console.print(Text("\n/quit ends.", "dim"))


@contextmanager
def _stopping() -> Iterator[Event]:
    """Ctrl+C sets the event that is given; pressed once more it interrupts, as it does elsewhere."""
    stopped = Event()

    def stop(*_: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
