"""The service: everything opened from settings, and the verbs that the doors (REST, page, CLI) call."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Engine

from bot.errors import MessageError
from bot.facts import Reasons
from bot.grounding import Grounder
from bot.intent import Intent
from bot.layout import Message
from bot.loading import load_model
from bot.model import LanguageModel
from bot.reply import Evidence, Recommendation, Turn
from bot.responding import Responder
from bot.sessions import Sessions
from bot.settings import Settings
from bot.state import DialogueState
from bot.turn import Context as Context
from bot.turn import Parts, answer, understand
from ranking.errors import UnknownItem
from ranking.events import BehaviourEvent
from ranking.open import open_ranking
from ranking.rank import Ranked, Scores
from retrieval.catalogue import Catalogue
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
    def open(cls, settings: Settings, *, progress: Callable[[str], None] | None = None) -> "Parley":
        """Open storage, catalogue, behaviour and model; `progress` hears what is being opened."""
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
        model = load_model(settings.model)
        grounder = Grounder(retrieval)
        parts = Parts(
            retrieval=retrieval,
            retriever=CatalogueRetriever(retriever=retrieval.retriever),
            ranking=ranking,
            model=model,
            grounder=grounder,
            responder=Responder(retrieval, model, grounder.values),
            sessions=Sessions(engine),
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
    def model(self) -> LanguageModel:
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
    ) -> Turn:
        """Answer one message.

        Raises:
            MessageError: the message is empty or too long.
            UnknownSession: no such session of this user.
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
        )

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
        """Store one event, durable before this returns; the event and whether it is new."""
        if session_id is not None:
            self.parts.sessions.load(session_id, user_id)
        return self.parts.ranking.log.feedback(user_id, item_id, action, value, session_id, turn_id, key)

    def retract(self, event_id: str) -> BehaviourEvent:
        return self.parts.ranking.log.retract(event_id)

    def recommendations(self, user_id: str, k: int = 5) -> list[Recommendation]:
        """What this person would be offered with no word said."""
        user = self.parts.ranking.user(user_id)
        found = (
            self.parts.retrieval.retriever.retrieve("", vector=user.semantic) if user.semantic.any() else []
        )
        ranked = self.parts.ranking.ranker.rank(user, found, k=k)
        state = DialogueState()
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

    def user(self, user_id: str) -> dict[str, Any]:
        """Everything held about a person."""
        events = self.parts.ranking.log.of_user(user_id)
        sessions = self.parts.sessions.of_user(user_id)
        return {
            "user_id": user_id,
            "events": [asdict(event) for event in events],
            "taken_back": [asdict(event) for event in self.parts.ranking.log.taken_back(user_id)],
            "impressions": self.parts.sessions.impressions(user_id),
            "sessions": [self.parts.sessions.transcript(one["session_id"], user_id) for one in sessions],
        }

    def erase(self, user_id: str) -> dict[str, int]:
        """Erase all of it, in one transaction; rows by table."""
        with writing(self.engine) as connection:
            erased = self.parts.sessions.erase(user_id, connection)
            return erased | {"events": self.parts.ranking.log.erase(user_id, connection)}

    def sessions(self, user_id: str) -> list[dict[str, Any]]:
        return self.parts.sessions.of_user(user_id)

    def session(self, session_id: str, user_id: str) -> dict[str, Any]:
        return self.parts.sessions.transcript(session_id, user_id)

    def rename_session(self, session_id: str, user_id: str, title: str) -> None:
        self.parts.sessions.rename(session_id, user_id, title)

    def delete_session(self, session_id: str, user_id: str) -> None:
        self.parts.sessions.delete(session_id, user_id)

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
