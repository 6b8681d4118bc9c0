"""What the page does for whoever asks: each verb takes what the browser sent and gives what to show.

Knows the facade and HTML, and neither Gradio nor the browser. Nothing is kept between two verbs but the
answers that are being written, so that a reload, a second tab and a restarted service find all as it was.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from bot.api.metrics import Metrics
from bot.errors import UnknownSession
from bot.profile import Consent
from bot.reply import Turn
from storage.errors import ParleyError
from ui.cards import ACTIONS, OPPOSITE, Reaction, actions_html, cards_of, more_html
from ui.covers import cover_svg
from ui.panel import CONSENTS, beliefs_html, sessions_html
from ui.transcript import Answers, Told, chips_html, told_of, turn_html
from ui.words import escape

if TYPE_CHECKING:
    from bot.service import Parley

log = logging.getLogger(__name__)

Asked = Mapping[str, Any]
"""What the browser sent."""
Shown = dict[str, Any]
"""What the browser is to show; `error` holds a sentence when the verb was not done."""

AT_ONCE = 30
"""Turns of a conversation that are shown together."""
COVERS = 5
"""Covers that greet on an empty page."""


class NoVisitor(ParleyError):
    """A request of the page without its cookie."""

    def __init__(self) -> None:
        super().__init__("this page needs its cookie; allow cookies for it and reload")


class Page:
    """The verbs. Threads may share it."""

    def __init__(self, parley: "Parley", metrics: Metrics | None = None) -> None:
        self._parley = parley
        self._metrics = metrics
        self._writing = Writing()

    def open(self, asked: Asked, visitor: str) -> Shown:
        """A conversation with its latest turns: the one asked for, a new one, or else the latest."""
        sessions = self._parley.sessions(visitor)
        wanted = str(asked.get("session") or "")
        if not wanted and not asked.get("new"):
            wanted = sessions[0]["session_id"] if sessions else ""
        shown: Shown = {"session": wanted, "sessions": sessions_html(sessions)}
        if not wanted:
            return shown | {"log": "", "greeting": self._greeting()}
        return shown | {"greeting": ""} | self._turns(wanted, visitor)

    def earlier(self, asked: Asked, visitor: str) -> Shown:
        """The turns before the first one shown."""
        return self._turns(str(asked["session"]), visitor, before=int(asked["before"]))

    def say(self, asked: Asked, visitor: str | None) -> Iterator[Shown]:
        """One turn, again and again as it grows. An error leaves the transcript as it was."""
        token, message = str(asked.get("token", "")), str(asked.get("message", ""))
        session, retry_of = asked.get("session") or None, asked.get("retry") or None
        told = Told(message, writing=True)
        try:
            if visitor is None:
                raise NoVisitor
            with self._writing.of(visitor, token) as stop:
                for step in self._parley.stream(
                    visitor, message, session_id=session, retry_of=retry_of, stopped=stop.is_set
                ):
                    told = told.after(step)
                    shown: Shown = {"token": token, "turn": self._turn(told)}
                    if isinstance(step, Turn):
                        if self._metrics is not None:
                            self._metrics.turn(step)
                        sessions = sessions_html(self._parley.sessions(visitor))
                        shown |= {"done": True, "session": step.session_id, "sessions": sessions}
                    yield shown
        except ParleyError as error:
            yield {"token": token, "error": sentence(error), "gone": isinstance(error, UnknownSession)}
        except Exception:
            # The queue would only end the answer without a word, and the page would wait for ever.
            log.exception("an answer of the page failed")
            words = "Something went wrong here; the service’s log says what."
            yield {"token": token, "error": words, "gone": False}

    def stop(self, asked: Asked, visitor: str) -> Shown:
        """End the answer that is being written; what has been said of it stays."""
        self._writing.stop(visitor, str(asked["token"]))
        return {}

    def react(self, asked: Asked, visitor: str) -> Shown:
        """A button of a card, pressed or taken back: on record before it is shown as done."""
        turn, item_id, action = str(asked["turn"]), str(asked["item"]), str(asked["action"])
        given = self._given(visitor, turn, item_id)
        # What shall be so is said, not what shall change: asked for twice, it is done once.
        wanted = {action} if asked["on"] and action in ACTIONS else set()
        for other in {action, OPPOSITE.get(action)} - wanted:
            if other in given:
                self._parley.retract(given[other])
        for new in wanted - given.keys():
            event, created = self._parley.feedback(
                visitor, item_id, new, session_id=str(asked["session"]), turn_id=turn
            )
            if created and self._metrics is not None:
                self._metrics.event(event)
        return self._actions(visitor, turn, item_id)

    def hide(self, asked: Asked, visitor: str) -> Shown:
        """Never show an item again, or do."""
        item_id, profile = str(asked["item"]), self._parley.profile(visitor)
        others = tuple(one for one in profile.hidden if one != item_id)
        hidden = (*others, item_id) if asked["hidden"] else others
        self._parley.set_profile(visitor, replace(profile, hidden=hidden))
        return self._actions(visitor, str(asked["turn"]), item_id)

    def beliefs(self, asked: Asked, visitor: str) -> Shown:
        """What is believed of the visitor."""
        return {"beliefs": beliefs_html(self._parley.beliefs(visitor), self._parley.profile(visitor))}

    def forget(self, asked: Asked, visitor: str) -> Shown:
        """Drop one belief."""
        self._parley.forget(visitor, str(asked["key"]))
        return self.beliefs(asked, visitor)

    def consent(self, asked: Asked, visitor: str) -> Shown:
        """How far beliefs may be used."""
        consent: Consent = "session_only" if asked["consent"] == "session_only" else "personalise"
        self._parley.set_profile(visitor, replace(self._parley.profile(visitor), consent=consent))
        return {"notice": CONSENTS[consent][1]}

    def rename(self, asked: Asked, visitor: str) -> Shown:
        """Give a conversation another title."""
        title = " ".join(str(asked["title"]).split())[:120]
        if title:
            self._parley.rename_session(str(asked["session"]), visitor, title)
        return {"sessions": sessions_html(self._parley.sessions(visitor))}

    def delete(self, asked: Asked, visitor: str) -> Shown:
        """Delete a conversation."""
        self._parley.delete_session(str(asked["session"]), visitor)
        return {"sessions": sessions_html(self._parley.sessions(visitor))}

    def erase(self, asked: Asked, visitor: str) -> Shown:
        """Delete all that is held of the visitor."""
        self._parley.erase(visitor)
        return {"notice": "Everything about you has been deleted."}

    def _greeting(self) -> str:
        """What stands on an empty page."""
        catalogue = self._parley.catalogue
        step = max(1, len(catalogue.items) // COVERS)
        cards = cards_of(
            [
                {"item_id": item.item_id, "title": item.title, "explanation": "", "evidence": ()}
                for item in catalogue.items[::step][:COVERS]
            ],
            (),
            catalogue,
        )
        nouns = escape(catalogue.config.nouns)
        covers = "".join(cover_svg(card.item_id, card.kind, card.title) for card in cards)
        return (
            f'<div class="greeting"><div class="fan" aria-hidden="true">{covers}</div>'
            f"<h2>What are you in the mood for?</h2>"
            f"<p>Say it in your own words. Parley looks through {len(catalogue):,} {nouns}, "
            f"says why it picked each one, and learns from your answers.</p>"
            f"{chips_html(self._parley.openings(), 'To begin with, you could say')}</div>"
        )

    def _turns(self, session: str, visitor: str, before: int | None = None) -> Shown:
        """At most `AT_ONCE` turns as HTML, the latest or those `before` a place."""
        turns = self._parley.session(session, visitor, limit=AT_ONCE, before=before)["turns"]
        given = self._reactions(visitor, turns)
        return {"log": "".join(self._turn(told_of(one, given[one["turn_id"]])) for one in turns)}

    def _turn(self, told: Told) -> str:
        return turn_html(told, cards_of(told.listed, told.wishes, self._parley.catalogue))

    def _reactions(self, visitor: str, turns: Sequence[Mapping[str, Any]]) -> dict[str, Answers]:
        """What the visitor said to the items of each turn."""
        hidden = set(self._parley.profile(visitor).hidden)
        given: dict[tuple[str | None, str], set[str]] = defaultdict(set)
        for event in self._parley.events_of(visitor):
            given[event.turn_id, event.item_id].add(event.action)
        return {
            turn["turn_id"]: {
                item_id: Reaction(frozenset(given[turn["turn_id"], item_id]), item_id in hidden)
                for item_id in (one["item_id"] for one in turn["payload"].get("recommendations", ()))
            }
            for turn in turns
        }

    def _given(self, visitor: str, turn: str, item_id: str) -> dict[str, str]:
        """What the visitor said to one item of one turn: by action, the event of it."""
        return {
            event.action: event.event_id
            for event in self._parley.events_of(visitor)
            if (event.turn_id, event.item_id) == (turn, item_id) and event.action in ACTIONS
        }

    def _actions(self, visitor: str, turn: str, item_id: str) -> Shown:
        given = self._given(visitor, turn, item_id)
        hidden = item_id in self._parley.profile(visitor).hidden
        title = self._parley.item(item_id).title
        said = Reaction(frozenset(given), hidden)
        return {"answers": actions_html(title, said) + more_html(title, said), "hidden": hidden}


class Writing:
    """The answers that are being written, by visitor and tab, each with what stops it."""

    def __init__(self) -> None:
        self._stops: dict[tuple[str, str], Event] = {}
        self._lock = Lock()

    @contextmanager
    def of(self, visitor: str, token: str) -> Iterator[Event]:
        stop = Event()
        with self._lock:
            self._stops[visitor, token] = stop
        try:
            yield stop
        finally:
            with self._lock:
                self._stops.pop((visitor, token), None)

    def stop(self, visitor: str, token: str) -> None:
        with self._lock:
            found = self._stops.get((visitor, token))
        if found is not None:
            found.set()


def sentence(error: ParleyError) -> str:
    """An error as a sentence for whoever looks at the page."""
    if isinstance(error, UnknownSession):
        return "This conversation is gone. What you say next begins a new one."
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."
