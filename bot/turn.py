"""One turn, from message to reply, top to bottom.

Knows the order of the steps and what passes between them; each step lives in a module of its own.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bot.asking import Asker, Question, says_nothing
from bot.configs import TurnConfig
from bot.errors import ModelError
from bot.grounding import Grounder
from bot.intent import Intent
from bot.layout import Message
from bot.learning import events_of
from bot.model import Model
from bot.policy import Plan, decide
from bot.profile import Profile, Profiles, learned, with_profile, without_profile
from bot.relaxing import is_number, nearest, reliefs
from bot.reply import Listed, ModelReport, Recommendation, Said, Turn, Understood
from bot.responding import Responder
from bot.sessions import Opened, Sessions
from bot.state import MOST_ITEMS, DialogueState, apply
from bot.suggesting import Suggester
from bot.understanding import Reading, Span, read
from ranking.events import BehaviourEvent
from ranking.open import Ranking
from ranking.rank import Ranked
from ranking.users import UserState
from retrieval.filters import Constraint, mask
from retrieval.langchain import CatalogueRetriever, candidates_of
from retrieval.open import Retrieval
from retrieval.search import Candidate, FloatArray
from storage.base import utcnow
from storage.engine import writing

VARIANT = "default"


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
    model: Model
    grounder: Grounder
    responder: Responder
    suggester: Suggester
    asker: Asker
    sessions: Sessions
    profiles: Profiles
    config: TurnConfig

    def user(
        self, user_id: str, profile: Profile, session_id: str | None, said: Sequence[str] = ()
    ) -> UserState:
        """The person as this session may know them: by everything, or by what they did in it alone."""
        events = self.ranking.log.of_user(user_id)
        if profile.consent == "session_only":
            events = [event for event in events if session_id and event.session_id == session_id]
        return self.ranking.state_of(user_id, events, said)


@dataclass(frozen=True, slots=True)
class Found:
    """A list of recommendations, and the wishes that had to be left aside to have one."""

    ranked: tuple[Ranked, ...] = ()
    given_up: tuple[Constraint, ...] = ()
    closest: str | None = None
    """The item that comes nearest to the number given up, of all there are."""


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
    retry_of: str | None = None,
    tell: Callable[[Understood | Listed | Said], None] = lambda _step: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Turn:
    """Answer one message; what it teaches is durable before anything is shown.

    `tell` hears each step as soon as it may be shown. Once `stopped` is true no more is written; the turn is
    kept as far as it came. `retry_of`, the session's latest turn, is answered anew in its place and id.
    """
    clock = Clock()
    turn_id = retry_of or secrets.token_hex(16)
    opened = (
        parts.sessions.new(history)
        if session_id is None
        else parts.sessions.load(session_id, user_id, retry_of)
    )
    profile = parts.profiles.load(user_id)
    before = with_profile(opened.state, profile)
    if context.item_id and context.item_id in parts.retrieval.catalogue:
        before = replace(before, focus=(context.item_id,))

    with clock.stage("understand"):
        reading, failure = understand(parts.model, opened.history, message)
    with clock.stage("ground"):
        now = context.time or utcnow()
        intent = parts.grounder.ground(
            reading, message, shown=before.shown, focus=before.focus, asked=before.pending, now=now,
            locale=context.locale,
        )  # fmt: skip
    with clock.stage("learn"):
        events, profile = _learn(parts, intent, user_id, opened, turn_id, profile)
        state = _added(parts, before, intent)
        user = parts.user(user_id, profile, opened.session_id, said=_said(state))
    tell(Understood(opened.session_id, turn_id, intent, events))
    newcomer = not user.n_behaviour and not user.events
    plan = decide(intent, before, state, newcomer=newcomer)
    if plan.recommend and parts.asker.may_ask(message, intent, before, state, newcomer=newcomer):
        question = _question(parts, state, user, k, profile.hidden, clock)
        plan = plan.asking(question) if question else plan
    found = (
        recommend(parts, plan, intent, state, user, k, profile.hidden, clock) if plan.recommend else Found()
    )
    if found.ranked:
        tell(Listed(tuple(_unexplained(parts, one) for one in found.ranked)))
    with clock.stage("explain"):
        response = parts.responder.respond(
            plan, intent, before, state, user, found.ranked, given_up=found.given_up, closest=found.closest,
            message=message,
            history=opened.history, seed=_seed(opened, message, retry_of), tell=tell, stopped=stopped,
        )  # fmt: skip
    shown = [one.item_id for one in response.recommendations]
    state = _after(state, plan, shown)
    reason = failure or response.failure
    turn = Turn(
        opened.session_id, turn_id, response.reply, intent, response.recommendations, events, VARIANT,
        ModelReport(parts.model.name or "model", reason is not None, reason), clock.total(),
        parts.suggester.follow_ups(plan, state, shown, opened.position), response.stopped,
    )  # fmt: skip

    def redo(other: DialogueState) -> DialogueState:
        """This turn's share of the state, on top of the one that a turn beside it left."""
        again = _added(parts, with_profile(other, profile), intent)
        return without_profile(_after(again, plan, shown), profile)

    with writing(parts.sessions.engine) as connection:
        parts.sessions.log(
            connection, opened, turn, user_id=user_id, message=message,
            state=without_profile(state, profile), redo=redo,
        )  # fmt: skip
    return turn


def _learn(
    parts: Parts, intent: Intent, user_id: str, opened: Opened, turn_id: str, profile: Profile
) -> tuple[tuple[BehaviourEvent, ...], Profile]:
    """Events and tastes of an utterance, durable together."""
    events = events_of(intent, user_id, opened.session_id, turn_id, opened.position)
    after = learned(profile, intent, opened.session_id, turn_id, utcnow())
    if not events and after == profile:
        return (), profile
    with writing(parts.sessions.engine) as connection:
        if after != profile:
            # Another turn of this person may have changed it since; only what was said now is added.
            after = learned(
                parts.profiles.load(user_id, connection), intent, opened.session_id, turn_id, utcnow()
            )
            parts.profiles.save(user_id, after, connection)
        return tuple(parts.ranking.log.append(connection, events)), after


def _added(parts: Parts, state: DialogueState, intent: Intent) -> DialogueState:
    return apply(state, intent, lambda constraints: int(mask(parts.retrieval.catalogue, constraints).sum()))


def _unexplained(parts: Parts, ranked: Ranked) -> Recommendation:
    title = parts.retrieval.catalogue[ranked.item_id].title
    return Recommendation(ranked.item_id, title, ranked.rank, "", (), ranked.scores)


def understand(model: Model, past: Sequence[Message], message: str) -> tuple[Reading, str | None]:
    """What was read, and why it could not be: then the whole message is taken as words to search by."""
    try:
        return read(model, past, message), None
    except ModelError as error:
        return Reading(("request",), (Span("need", message, 0, len(message)),)), str(error)


def recommend(
    parts: Parts,
    plan: Plan,
    intent: Intent,
    state: DialogueState,
    user: UserState,
    k: int,
    hidden: Sequence[str],
    clock: Clock,
) -> Found:
    """At most as many items as were asked for; a wish that leaves none is given up, the oldest first."""
    if plan.welcome:
        ranked = parts.ranking.ranker.rank(
            user, (), excluded={*state.offered, *hidden}, k=parts.config.welcome,
            diversity=parts.config.welcome_diversity,
        )  # fmt: skip
        return Found(tuple(ranked))
    k = intent.count or k
    ranked = _ranked(parts, state, state.constraints, user, k, hidden, clock)
    if ranked or not state.constraints:
        return Found(tuple(ranked))
    for given_up in reliefs(state.constraints):
        others = [other for other in state.constraints if other not in given_up]
        ranked = _ranked(parts, state, others, user, k, hidden, clock)
        if ranked:
            return _nearer(parts, state, others, user, k, hidden, clock, Found(tuple(ranked), given_up))
    return Found()


def _nearer(
    parts: Parts,
    state: DialogueState,
    others: Sequence[Constraint],
    user: UserState,
    k: int,
    hidden: Sequence[str],
    clock: Clock,
    found: Found,
) -> Found:
    """`found`, but what comes nearest to a number that had to be given up: "under 90 minutes", then 94."""
    catalogue = parts.retrieval.catalogue
    if not is_number(catalogue, found.given_up):
        return found
    excluded = [*state.models, *state.excluded, *hidden, *state.focus, *state.offered]
    bounds, closest = nearest(catalogue, others, found.given_up, excluded, k)
    ranked = _ranked(parts, state, [*others, *bounds], user, k, hidden, clock) if bounds else []
    if not ranked:
        return found
    shown = next((one.item_id for one in ranked if one.item_id in closest), None)
    return Found(tuple(ranked), found.given_up, shown)


def _ranked(
    parts: Parts,
    state: DialogueState,
    constraints: Sequence[Constraint],
    user: UserState,
    k: int,
    hidden: Sequence[str],
    clock: Clock,
) -> list[Ranked]:
    """New items first; ones offered before fill up when too few are left."""
    barred = {*state.models, *state.excluded, *hidden}
    vector, candidates = _candidates(parts, state, constraints, user, clock)
    with clock.stage("rank"):
        asked = vector if state.has_request else None
        ranked: list[Ranked] = []
        for excluded in ({*barred, *state.focus, *state.offered}, barred):
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


def _question(
    parts: Parts, state: DialogueState, user: UserState, k: int, hidden: Sequence[str], clock: Clock
) -> Question | None:
    """The question worth more than a list of `k`, if there is one, about nothing asked or wished for yet."""
    scores = _scores(parts, state, user, hidden, clock)
    if says_nothing(state) and not user.liked:
        scores[np.isfinite(scores)] = 0.0  # the order of a list that nothing is known for means nothing
    likely = parts.asker.likelihoods(scores)
    wished = (wish.field for wish in state.constraints if wish.op not in ("ne", "not_in"))
    return parts.asker.question(likely, {*state.asked, *wished}, k)


def _scores(
    parts: Parts, state: DialogueState, user: UserState, hidden: Sequence[str], clock: Clock
) -> NDArray[np.float64]:
    """The ranker's score of each item of the catalogue, (n,); -inf for what would not be shown as new.

    What the ranker did not look at, having found better, has the score of its last.
    """
    catalogue = parts.retrieval.catalogue
    vector, candidates = _candidates(parts, state, state.constraints, user, clock)
    barred = {*state.models, *state.excluded, *hidden, *state.focus, *state.offered}
    with clock.stage("rank"):
        ranked = parts.ranking.ranker.rank(
            user, candidates, query_vector=vector if state.has_request else None,
            constraints=state.constraints, excluded=barred, k=len(catalogue), diversity=0.0,
        )  # fmt: skip
        scores = np.full(len(catalogue), -np.inf)
        if ranked:
            scores[mask(catalogue, state.constraints)] = ranked[-1].scores.fused
            places = catalogue.positions([one.item_id for one in ranked])
            scores[places] = [one.scores.fused for one in ranked]
            scores[catalogue.positions([*barred, *user.consumed, *user.hidden])] = -np.inf
    return scores


def _candidates(
    parts: Parts, state: DialogueState, constraints: Sequence[Constraint], user: UserState, clock: Clock
) -> tuple[FloatArray | None, list[Candidate]]:
    """The vector searched by, and what the text search finds."""
    with clock.stage("retrieve"):
        vector = _query_vector(parts.retrieval, state, user)
        documents = parts.retriever.invoke(
            state.query, constraints=constraints, limit=parts.config.candidates, vector=vector,
        )  # fmt: skip
        return vector, candidates_of(documents)


def _after(state: DialogueState, plan: Plan, shown: Sequence[str]) -> DialogueState:
    """The state once these items were shown, or the plan's question was asked."""
    if plan.question is not None:
        return replace(state, asked=(*state.asked, plan.question.field), pending=plan.question.field)
    if not shown:
        return state
    offered = tuple(dict.fromkeys((*state.offered, *shown)))[-MOST_ITEMS:]
    return replace(state, shown=tuple(shown), offered=offered, focus=tuple(shown) if len(shown) == 1 else ())


def _seed(opened: Opened, message: str, retry_of: str | None) -> int:
    """Equal conversations in different sessions are not worded alike; a repeated test is."""
    place = f"{opened.session_id}|{len(opened.state.offered)}|{message}|{retry_of or ''}"
    return int.from_bytes(hashlib.sha256(place.encode()).digest()[:4])
