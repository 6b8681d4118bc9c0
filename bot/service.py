"""The service: everything opened from settings, and the verbs that the doors (REST, page, CLI) call."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

import numpy as np
from langchain_core.language_models import BaseChatModel
from sqlalchemy import Engine

from bot.asking import Asker
from bot.beliefs import beliefs_of, without
from bot.chat import ChatModel
from bot.errors import MessageError, UnknownBelief
from bot.facts import Reasons
from bot.grounding import Grounder
from bot.intent import Intent
from bot.layout import Message
from bot.loading import open_model
from bot.model import Model
from bot.profile import Belief, Profile, Profiles, with_profile
from bot.reply import Evidence, Listed, Recommendation, Said, Step, Turn, Understood
from bot.responding import Responder
from bot.sessions import Sessions
from bot.settings import Settings
from bot.state import DialogueState
from bot.suggesting import Suggester
from bot.turn import Context as Context
from bot.turn import Parts, answer, understand
from bot.understanding import Reading, Span
from ranking.errors import UnknownEvent, UnknownItem
from ranking.events import BehaviourEvent
from ranking.open import open_ranking
from ranking.rank import Ranked, Scores
from retrieval.catalogue import Catalogue
from retrieval.filters import Constraint
from retrieval.items import Item
from retrieval.langchain import CatalogueRetriever
from retrieval.open import open_retrieval
from storage.base import utcnow
from storage.engine import open_storage, writing

logger = logging.getLogger(__name__)


class Parley:
    """One running service. Threads may share it."""

    def __init__(self, settings: Settings, engine: Engine, parts: Parts) -> None:
        self.settings = settings
        self.engine = engine
        self.parts = parts
        self._reasons = Reasons(parts.retrieval)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        model: BaseChatModel | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> "Parley":
        """Open storage, catalogue, behaviour and model; `progress` hears what is being opened.

        `model`, any chat model of LangChain, takes the place of the one that the settings name; their
        `model.read_seconds` and `model.write_seconds` hold for it, too.
        """
        say = progress or (lambda _step: None)
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        say("storage")
        engine = open_storage(settings.state_dir, settings.storage)
        say("catalogue")
        retrieval = open_retrieval(
            engine, settings.state_dir, settings.catalogue, settings.encoder, settings.vectors_url
        )
        say("behaviour")
        ranking = open_ranking(engine, settings.state_dir, retrieval, settings.actions, settings.ranking)
        say("language model")
        speaker = open_model(settings.model) if model is None else ChatModel(model, settings.model)
        grounder = Grounder(retrieval)
        parts = Parts(
            retrieval=retrieval,
            retriever=CatalogueRetriever(retriever=retrieval.retriever),
            ranking=ranking,
            model=speaker,
            grounder=grounder,
            responder=Responder(retrieval, speaker, grounder.values),
            suggester=Suggester(retrieval.catalogue),
            asker=Asker(retrieval.catalogue, settings.turn, retrieval.encoder.encode),
            sessions=Sessions(engine),
            profiles=Profiles(engine),
            config=settings.turn,
        )
        return cls(settings, engine, parts)

    def close(self) -> None:
        self.engine.dispose()

    @property
    def catalogue(self) -> Catalogue:
        return self.parts.retrieval.catalogue

    @property
    def model_name(self) -> str:
        return self.parts.model.name or "model"

    @property
    def model(self) -> Model:
        return self.parts.model

    def chat(
        self,
        user_id: str,
        message: str,
        *,
        session_id: str | None = None,
        k: int = 5,
        context: Context | None = None,
        history: Sequence[Message] = (),
        retry_of: str | None = None,
        tell: Callable[[Understood | Listed | Said], None] = lambda _step: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Turn:
        """Answer one message. `tell` hears each step of it as soon as it may be shown.

        Once `stopped` is true no more is written, and the turn is kept as far as it came. `retry_of` is the
        session's latest turn, to be answered anew.

        Raises:
            MessageError: the message is empty or too long.
            UnknownSession: no such session of this user.
            UnknownTurn: `retry_of` is not the session's latest turn.
        """
        # JSON can carry half a surrogate pair, which no database stores.
        message = message.encode("utf-8", "replace").decode().replace("\0", " ").strip()
        limit = self.settings.server.max_message_chars
        if not message:
            raise MessageError("the message is empty; say what you are looking for")
        if len(message) > limit:
            raise MessageError(f"the message has {len(message)} characters; at most {limit} are read")
        return answer(
            self.parts,
            user_id,
            message,
            session_id=session_id,
            k=k,
            context=context or Context(),
            history=history,
            retry_of=retry_of,
            tell=tell,
            stopped=stopped,
        )

    def stream(
        self,
        user_id: str,
        message: str,
        *,
        stopped: Callable[[], bool] = lambda: False,
        **more: Any,
    ) -> Iterator[Step]:
        """What `chat` does, step by step, the Turn last; raises what it raises.

        The turn runs in a thread of its own. Closing the iterator stops it, and waits until what was said by
        then is kept.
        """
        steps: SimpleQueue[Step | Exception] = SimpleQueue()
        left = Event()

        def run() -> None:
            try:
                turn = self.chat(
                    user_id, message, tell=steps.put, stopped=lambda: left.is_set() or stopped(), **more
                )
            except Exception as error:
                steps.put(error)
            else:
                steps.put(turn)

        worker = Thread(target=run, name="turn", daemon=True)
        worker.start()
        try:
            while True:
                step = steps.get()
                if isinstance(step, Exception):
                    raise step
                yield step
                if isinstance(step, Turn):
                    return
        finally:
            left.set()
            worker.join()

    def understand(
        self, text: str, *, history: Sequence[Message] = (), shown: Sequence[tuple[str, str]] = ()
    ) -> Intent:
        """The intent of one utterance; `shown` is the list in view, ids and titles. Nothing is stored."""
        reading, _ = understand(self.model, history, text)
        ids = [item_id for item_id, _ in shown]
        return self.parts.grounder.ground(reading, text, shown=ids, now=utcnow())

    def feedback(
        self,
        user_id: str,
        item_id: str,
        action: str,
        *,
        value: float | None = None,
        session_id: str | None = None,
        turn_id: str | None = None,
        key: str | None = None,
    ) -> tuple[BehaviourEvent, bool]:
        """Store one event, durable before this returns; the event and whether it is new.

        Raises UnknownSession or ForeignTurn when it is said to belong where this user was not.
        """
        if session_id is not None or turn_id is not None:
            self.parts.sessions.check(user_id, session_id, turn_id)
        return self.parts.ranking.log.feedback(user_id, item_id, action, value, session_id, turn_id, key)

    def retract(self, event_id: str) -> BehaviourEvent:
        return self.parts.ranking.log.retract(event_id)

    def recommendations(self, user_id: str, k: int = 5) -> list[Recommendation]:
        """What this person would be offered with no word said."""
        profile = self.parts.profiles.load(user_id)
        user = self.parts.user(user_id, profile, None, said=[taste.text for taste in profile.likes])
        found = (
            self.parts.retrieval.retriever.retrieve("", vector=user.semantic) if user.semantic.any() else []
        )
        state = with_profile(DialogueState(), profile)
        ranked = self.parts.ranking.ranker.rank(
            user, found, constraints=state.constraints, excluded=profile.hidden, k=k
        )
        recommendations = []
        for one in ranked:
            item = self.catalogue[one.item_id]
            facts = self._reasons.personal(item, state, user, "")
            because = f"because you liked {facts[0].words}" if facts else "popular here"
            evidence = tuple(fact.evidence for fact in facts if fact.evidence) or (
                Evidence("popularity", round(one.scores.popularity, 3)),
            )
            recommendations.append(_recommendation(item, one, because, evidence))
        return recommendations

    def similar(self, item_id: str, k: int = 5) -> list[Recommendation]:
        """Items whose cards are nearest; UnknownItem when there is no such item."""
        item = self.item(item_id)
        vector = self.parts.retrieval.matrix[self.catalogue.position(item_id)]
        found = self.parts.retrieval.retriever.retrieve("", vector=vector, excluded=[item_id], limit=k)
        recommendations = []
        for rank, one in enumerate(found, start=1):
            scores = Scores(one.semantic, one.lexical, 0.0, 0.0, one.score)
            ranked = Ranked(one.item_id, rank, scores)
            evidence = (Evidence("similar_to", item_id),)
            like = self.catalogue[one.item_id]
            recommendations.append(_recommendation(like, ranked, f"close to {item.title}", evidence))
        return recommendations

    def item(self, item_id: str) -> Item:
        found = self.catalogue.get(item_id)
        if found is None:
            raise UnknownItem(item_id)
        return found

    def profile(self, user_id: str) -> Profile:
        return self.parts.profiles.load(user_id)

    def set_profile(self, user_id: str, profile: Profile) -> Profile:
        """Put the person's own settings in place of those held; as they are kept.

        A dislike keeps out what its words name in the catalogue. Raises UnknownItem for a hidden item that
        the catalogue does not have.
        """
        for item_id in profile.hidden:
            self.item(item_id)
        dislikes = tuple(
            taste if taste.constraints else replace(taste, constraints=self._denials(taste.text))
            for taste in profile.dislikes
        )
        profile = replace(profile, dislikes=dislikes)
        self.parts.profiles.save(user_id, profile)
        return self.parts.profiles.load(user_id)

    def _denials(self, text: str) -> tuple[Constraint, ...]:
        reading = Reading(("inform",), (Span("dislike", text, 0, len(text)),))
        return self.parts.grounder.ground(reading, text, now=utcnow()).constraints

    def beliefs(self, user_id: str) -> list[Belief]:
        """What is thought of this person, the latest first, each with where it came from."""
        return beliefs_of(
            self.parts.profiles.load(user_id),
            self.parts.ranking.log.of_user(user_id),
            self.parts.ranking.log.actions,
            self.catalogue,
            self.parts.sessions.messages,
        )

    def forget(self, user_id: str, key: str) -> None:
        """Stop believing one thing: take its event back, or drop it from the profile.

        Raises UnknownBelief when nothing of this person is held under `key`.
        """
        kind, _, what = key.partition(":")
        if kind == "event":
            try:
                self.parts.ranking.log.retract(what, user_id)
            except UnknownEvent:
                raise UnknownBelief(key) from None
            return
        with writing(self.engine) as connection:
            before = self.parts.profiles.load(user_id, connection)
            after = without(before, kind, what)
            if after == before:
                raise UnknownBelief(key)
            self.parts.profiles.save(user_id, after, connection)

    def openings(self) -> tuple[str, ...]:
        """What a person might say first."""
        popularity = self.parts.ranking.popularity
        best_known = [self.catalogue.ids[place] for place in np.argsort(-popularity, kind="stable")[:20]]
        return self.parts.suggester.openings(best_known)

    def events_of(self, user_id: str) -> list[BehaviourEvent]:
        """What a person did and has not taken back, oldest first."""
        return self.parts.ranking.log.of_user(user_id)

    def user(self, user_id: str) -> dict[str, Any]:
        """Everything held about a person."""
        events = self.parts.ranking.log.of_user(user_id)
        sessions = self.parts.sessions.of_user(user_id)
        return {
            "user_id": user_id,
            "profile": asdict(self.parts.profiles.load(user_id)),
            "events": [asdict(event) for event in events],
            "taken_back": [asdict(event) for event in self.parts.ranking.log.taken_back(user_id)],
            "impressions": self.parts.sessions.impressions(user_id),
            "sessions": [self.parts.sessions.transcript(one["session_id"], user_id) for one in sessions],
        }

    def erase(self, user_id: str) -> dict[str, int]:
        """Erase all of it, in one transaction; rows by table."""
        with writing(self.engine) as connection:
            erased = self.parts.sessions.erase(user_id, connection)
            erased["profiles"] = self.parts.profiles.erase(user_id, connection)
            return erased | {"events": self.parts.ranking.log.erase(user_id, connection)}

    def sessions(self, user_id: str) -> list[dict[str, Any]]:
        return self.parts.sessions.of_user(user_id)

    def session(
        self, session_id: str, user_id: str, *, limit: int | None = None, before: int | None = None
    ) -> dict[str, Any]:
        """One session, oldest turn first: whole, or its latest `limit` turns before position `before`."""
        return self.parts.sessions.transcript(session_id, user_id, limit=limit, before=before)

    def rename_session(self, session_id: str, user_id: str, title: str) -> None:
        self.parts.sessions.rename(session_id, user_id, title)

    def delete_session(self, session_id: str, user_id: str) -> None:
        """Delete a session. What was learned in it stays, unless the person agreed to this session only."""
        with writing(self.engine) as connection:
            self.parts.sessions.delete(session_id, user_id, connection)
            if self.parts.profiles.load(user_id, connection).consent == "session_only":
                self.parts.ranking.log.erase_session(user_id, session_id, connection)

    def health(self) -> dict[str, Any]:
        """What is being served."""
        return {
            "items": len(self.catalogue),
            "users": self.parts.ranking.log.users_count(),
            "model": self.model_name,
            "catalogue": self.catalogue.config.name,
            "trained": self.parts.ranking.factors is not None,
        }


def _recommendation(
    item: Item, ranked: Ranked, explanation: str, evidence: tuple[Evidence, ...]
) -> Recommendation:
    return Recommendation(item.item_id, item.title, ranked.rank, explanation, evidence, ranked.scores)
