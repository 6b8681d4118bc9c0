"""One turn, from message to reply, top to bottom.

Knows the order of the steps and what passes between them; each step lives in a module of its own.
"""

import hashlib
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

from bot.errors import ModelError
from bot.grounding import Grounder
from bot.intent import Intent
from bot.layout import Message
from bot.learning import events_of
from bot.model import LanguageModel
from bot.policy import Plan, Question, best_question, decide
from bot.reply import ModelReport, Recommendation, Turn
from bot.responding import Responder
from bot.sessions import Sessions
from bot.state import DialogueState, apply
from bot.understanding import Reading, Span, read
from ranking.open import Ranking
from ranking.rank import Ranked
from ranking.users import UserState
from retrieval.filters import Constraint, mask
from retrieval.langchain import CatalogueRetriever, candidates_of
from retrieval.open import Retrieval
from retrieval.search import FloatArray
from storage.base import utcnow
from storage.engine import writing

VARIANT = "default"


class TurnConfig(BaseModel):
    """The conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: PositiveInt = 200
    """How many items the text search hands to the ranker."""
    questions: NonNegativeInt = 2
    """How many questions back a session may hold."""
    welcome: PositiveInt = 3
    """How many spread-out items a newcomer is greeted with."""
    welcome_diversity: float = Field(default=0.7, ge=0, le=1)
    """How far those are spread."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where the person is: an item's page, a locale, a local time."""

    item_id: str | None = None
    locale: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a turn works with."""

    retrieval: Retrieval
    retriever: CatalogueRetriever
    ranking: Ranking
    model: LanguageModel
    grounder: Grounder
    responder: Responder
    sessions: Sessions
    config: TurnConfig


@dataclass(frozen=True, slots=True)
class Found:
    """A list of recommendations, and the wishes that had to be left aside to have one."""

    ranked: tuple[Ranked, ...] = ()
    given_up: tuple[Constraint, ...] = ()


class Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._began = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.ms[name] = self.ms.get(name, 0.0) + 1000 * (time.perf_counter() - began)

    def total(self) -> dict[str, float]:
        stages = ("understand", "ground", "learn", "retrieve", "rank", "explain")
        timed = {stage: round(self.ms.get(stage, 0.0), 2) for stage in stages}
        return timed | {"total": round(1000 * (time.perf_counter() - self._began), 2)}


def answer(
    parts: Parts,
    user_id: str,
    message: str,
    *,
    session_id: str | None,
    k: int,
    context: Context,
    history: Sequence[Message] = (),
) -> Turn:
    """Answer one message; what it teaches is durable before anything is shown."""
    clock = Clock()
    turn_id = secrets.token_hex(16)
    new_session = session_id is None
    session = session_id or secrets.token_hex(16)
    before, past = (DialogueState(), list(history)) if new_session else parts.sessions.load(session, user_id)
    if context.item_id and context.item_id in parts.retrieval.catalogue:
        before = replace(before, focus=(context.item_id,))

    with clock.stage("understand"):
        reading, failure = understand(parts.model, past, message)
    with clock.stage("ground"):
        intent = parts.grounder.ground(
            reading, message, shown=before.shown, focus=before.focus, asked=before.pending,
            now=context.time or utcnow(), locale=context.locale,
        )  # fmt: skip
    with clock.stage("learn"):
        events = parts.ranking.log.append(None, events_of(intent, user_id, session, turn_id))
        state = apply(
            before, intent, lambda constraints: int(mask(parts.retrieval.catalogue, constraints).sum())
        )
        user = parts.ranking.user(user_id, said=_said(state))
    plan = decide(
        intent, before, state, newcomer=not user.n_behaviour and not user.events,
        question=_question(parts, state),
    )  # fmt: skip
    found = recommend(parts, plan, intent, state, user, k, clock) if plan.recommend else Found()
    with clock.stage("explain"):
        response = parts.responder.respond(
            plan, intent, before, state, user, found.ranked, given_up=found.given_up,
            message=message, history=past, seed=_seed(session, len(before.offered), message),
        )  # fmt: skip
    state = _after(state, plan, response.recommendations)
    reason = failure or response.failure
    turn = Turn(
        session, turn_id, response.reply, intent, response.recommendations, tuple(events), VARIANT,
        ModelReport(parts.model.name or "model", reason is not None, reason), clock.total(),
        response.suggestions,
    )  # fmt: skip
    _log(parts, turn, user_id, message, state, history if new_session else ())
    return turn


def understand(model: LanguageModel, past: Sequence[Message], message: str) -> tuple[Reading, str | None]:
    """What was read, and why it could not be: then the whole message is taken as words to search by."""
    try:
        return read(model, past, message), None
    except ModelError as error:
        return Reading(("request",), (Span("need", message, 0, len(message)),)), str(error)


def recommend(
    parts: Parts, plan: Plan, intent: Intent, state: DialogueState, user: UserState, k: int, clock: Clock
) -> Found:
    """At most as many items as were asked for; a wish that leaves none is given up, the oldest first."""
    if plan.welcome:
        ranked = parts.ranking.ranker.rank(
            user, (), excluded=state.offered, k=parts.config.welcome, diversity=parts.config.welcome_diversity
        )
        return Found(tuple(ranked))
    k = intent.count or k
    ranked = _ranked(parts, state, state.constraints, user, k, clock)
    if ranked or not state.constraints:
        return Found(tuple(ranked))
    for given_up in _reliefs(state.constraints):
        others = [other for other in state.constraints if other not in given_up]
        ranked = _ranked(parts, state, others, user, k, clock)
        if ranked:
            return Found(tuple(ranked), given_up)
    return Found()


def _reliefs(constraints: Sequence[Constraint]) -> Iterator[tuple[Constraint, ...]]:
    """What may be given up, least first: one wish, the oldest before the others; then more and more of them.

    What a person does not want is never given up.
    """
    texts = list(dict.fromkeys(c.text for c in constraints if c.op not in ("ne", "not_in")))
    wishes = [
        tuple(c for c in constraints if c.text == text and c.op not in ("ne", "not_in")) for text in texts
    ]
    yield from wishes
    for count in range(2, len(wishes) + 1):
        yield tuple(c for wish in wishes[:count] for c in wish)


def _ranked(
    parts: Parts,
    state: DialogueState,
    constraints: Sequence[Constraint],
    user: UserState,
    k: int,
    clock: Clock,
) -> list[Ranked]:
    """New items first; ones offered before fill up when too few are left."""
    mentioned = {*state.models, *state.excluded}
    with clock.stage("retrieve"):
        vector = _query_vector(parts.retrieval, state, user)
        documents = parts.retriever.invoke(
            state.query, constraints=constraints, limit=parts.config.candidates, vector=vector,
        )  # fmt: skip
    with clock.stage("rank"):
        candidates = candidates_of(documents)
        asked = vector if state.has_request else None
        ranked: list[Ranked] = []
        for excluded in ({*mentioned, *state.focus, *state.offered}, mentioned):
            taken = {one.item_id for one in ranked}
            ranked += parts.ranking.ranker.rank(
                user, candidates, query_vector=asked, constraints=constraints,
                excluded=excluded | taken, k=k - len(ranked),
            )  # fmt: skip
            if len(ranked) >= k:
                break
    return [replace(one, rank=place) for place, one in enumerate(ranked, start=1)]


def _query_vector(retrieval: Retrieval, state: DialogueState, user: UserState) -> FloatArray | None:
    """The unit vector searched by: the standing words and the items named as models, else the taste."""
    vectors = [retrieval.matrix[retrieval.catalogue.position(item)] for item in state.models]
    words = retrieval.retriever.vector_of(state.query)
    if words is not None:
        vectors.append(words)
    total: FloatArray | None = sum(vectors[1:], vectors[0]) if vectors else None
    if total is None:
        return user.semantic if user.semantic.any() and not state.query else None
    length = float((total @ total) ** 0.5)
    unit: FloatArray = total / length if length > 1e-6 else total
    return unit


def _said(state: DialogueState) -> list[str]:
    """The wishes of this session as sentences, for the semantic user vector."""
    return [*(wish.query for wish in state.wishes if wish.query), *state.tastes][-4:]


def _question(parts: Parts, state: DialogueState) -> Question | None:
    if len(state.asked) >= parts.config.questions:
        return None
    left = mask(parts.retrieval.catalogue, state.constraints).nonzero()[0]
    return best_question(parts.retrieval.catalogue, left.tolist(), state.asked)


def _after(state: DialogueState, plan: Plan, shown: Sequence[Recommendation]) -> DialogueState:
    if plan.question is not None:
        return replace(state, asked=(*state.asked, plan.question.field), pending=plan.question.field)
    if not shown:
        return state
    ids = tuple(one.item_id for one in shown)
    offered = tuple(dict.fromkeys((*state.offered, *ids)))
    return replace(state, shown=ids, offered=offered, focus=ids if len(ids) == 1 else ())


def _seed(session: str, place: int, message: str) -> int:
    """Equal conversations in different sessions are not worded alike; a repeated test is."""
    return int.from_bytes(hashlib.sha256(f"{session}|{place}|{message}".encode()).digest()[:4])


def _log(
    parts: Parts, turn: Turn, user_id: str, message: str, state: DialogueState, imported: Sequence[Message]
) -> None:
    payload = {
        "recommendations": [
            {
                "item_id": one.item_id, "title": one.title, "rank": one.rank, "explanation": one.explanation,
                "evidence": [{"field": e.field, "value": e.value} for e in one.evidence],
            }
            for one in turn.recommendations
        ],
        "events": [
            {"event_id": event.event_id, "item_id": event.item_id, "action": event.action}
            for event in turn.events
        ],
        "model": {"name": turn.model.name, "fallback": turn.model.fallback, "reason": turn.model.reason},
    }  # fmt: skip
    with writing(parts.sessions.engine) as connection:
        parts.sessions.log(
            connection, session_id=turn.session_id, turn_id=turn.turn_id, user_id=user_id, message=message,
            reply=turn.reply, intent=turn.intent.as_dict(), payload=payload, state=state,
            recommendations=turn.recommendations, variant=turn.variant, imported=imported,
        )  # fmt: skip
