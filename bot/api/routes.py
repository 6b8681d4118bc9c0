"""The REST contract: each route takes what was asked, asks the facade and shapes the answer."""

from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response
from pydantic import BeforeValidator

from bot.api.metrics import Metrics
from bot.api.middleware import whole_id
from bot.api.problems import Refusal, id_of, responses
from bot.api.schemas import (
    BeliefBody,
    BeliefsAnswer,
    ChatAnswer,
    ChatRequest,
    Count,
    EventBody,
    FeedbackRequest,
    Id,
    ItemAnswer,
    Limit,
    Live,
    Position,
    ProfileBody,
    Ready,
    RecommendationBody,
    RecommendationsAnswer,
    SessionAnswer,
    SessionPatch,
    SessionsAnswer,
    UserAnswer,
)
from bot.api.streaming import DESCRIPTION, EventStream, TurnRoom, TurnSteps, for_openapi
from bot.layout import Message
from bot.reply import Recommendation, Step, Turn

if TYPE_CHECKING:
    from bot.service import Parley

UserQuery = Annotated[Id, Query(description="whose")]
CountQuery = Annotated[Count, Query(description="how many, at most")]
LimitQuery = Annotated[
    Limit | None, Query(description="the latest so many turns, and no others; all when left out")
]
BeforeQuery = Annotated[
    Position | None, Query(description="only turns before this position; the page before the last one")
]
IdPath = Annotated[Id, BeforeValidator(whole_id), Path()]


def add_routes(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    """All routes over one opened service."""
    for add in (_conversation, _feedback, _items, _people, _sessions, _health):
        add(router, parley, metrics)


def _conversation(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    room = TurnRoom(parley.settings.server.max_turns)

    @router.post(
        "/chat",
        response_model=ChatAnswer,
        responses={200: {"content": for_openapi()}, **responses(400, 404, 413, 415, 507)},
        summary="One turn of a conversation",
        description=DESCRIPTION,
    )
    async def chat(body: ChatRequest, request: Request) -> Any:
        asked = _asked(body)
        if not body.stream:
            turn = await room.run(partial(parley.chat, body.user_id, body.message, **asked))
            metrics.turn(turn)
            return chat_answer(turn)

        def begin(stopped: Callable[[], bool]) -> Iterator[Step]:
            for step in parley.stream(body.user_id, body.message, stopped=stopped, **asked):
                if isinstance(step, Turn):
                    metrics.turn(step)
                yield step

        steps = TurnSteps(room, begin)
        # What the first step raises is an ordinary problem, with a status of its own.
        return EventStream(await steps.next(), steps, chat_answer, id_of(request))

    @router.get(
        "/recommendations",
        response_model=RecommendationsAnswer,
        responses=responses(),
        summary="Items for someone",
    )
    def recommendations(user_id: UserQuery, k: CountQuery = 5) -> RecommendationsAnswer:
        return _recommendations(parley.recommendations(user_id, k=k))


def _feedback(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.post(
        "/feedback",
        response_model=EventBody,
        status_code=HTTPStatus.CREATED,
        responses={
            200: {"model": EventBody, "description": "This key's event was there already."},
            **responses(400, 404, 409, 413, 415, 507),
        },
        summary="Record what someone did to an item",
    )
    def feedback(
        body: FeedbackRequest,
        response: Response,
        idempotency_key: Annotated[
            Id | None, Header(description="the same key and body again give the same event, once")
        ] = None,
    ) -> EventBody:
        event, created = parley.feedback(
            body.user_id,
            body.item_id,
            body.action,
            value=body.value,
            session_id=body.session_id,
            turn_id=body.turn_id,
            key=idempotency_key,
        )
        if created:
            metrics.event(event)
        else:
            response.status_code = HTTPStatus.OK
        return EventBody.model_validate(event)

    @router.delete(
        "/feedback/{event_id}",
        response_model=EventBody,
        responses=responses(404, 507),
        summary="Take an event back",
    )
    def retract(event_id: IdPath) -> EventBody:
        return EventBody.model_validate(parley.retract(event_id))


def _items(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.get(
        "/items/{item_id}/similar",
        response_model=RecommendationsAnswer,
        responses=responses(404),
        summary="Items like one",
    )
    def similar(item_id: IdPath, k: CountQuery = 5) -> RecommendationsAnswer:
        return _recommendations(parley.similar(item_id, k=k))

    @router.get("/items/{item_id}", response_model=ItemAnswer, responses=responses(404), summary="One item")
    def item(item_id: IdPath) -> ItemAnswer:
        return ItemAnswer.model_validate(parley.item(item_id))


def _people(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.get(
        "/users/{user_id}/profile",
        response_model=ProfileBody,
        responses=responses(),
        summary="Tastes, hidden items and consent of someone",
    )
    def profile(user_id: IdPath) -> ProfileBody:
        return ProfileBody.of(parley.profile(user_id))

    @router.put(
        "/users/{user_id}/profile",
        response_model=ProfileBody,
        responses=responses(400, 404, 413, 415, 507),
        summary="Replace tastes, hidden items and consent of someone",
    )
    def set_profile(user_id: IdPath, body: ProfileBody) -> ProfileBody:
        return ProfileBody.of(parley.set_profile(user_id, body.profile()))

    @router.get(
        "/users/{user_id}/beliefs",
        response_model=BeliefsAnswer,
        responses=responses(),
        summary="What is believed of someone, latest first, and where it came from",
    )
    def beliefs(user_id: IdPath) -> BeliefsAnswer:
        return BeliefsAnswer(beliefs=[BeliefBody.model_validate(one) for one in parley.beliefs(user_id)])

    @router.delete(
        "/users/{user_id}/beliefs/{key}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=responses(404),
        summary="Have one thing forgotten that is believed of someone",
    )
    def forget(user_id: IdPath, key: IdPath) -> None:
        parley.forget(user_id, key)

    @router.get(
        "/users/{user_id}",
        response_model=UserAnswer,
        responses=responses(),
        summary="Everything held about someone",
    )
    def user(user_id: IdPath) -> Any:
        held = parley.user(user_id)
        profile = dict(held["profile"])
        profile["tastes"] = {"likes": profile.pop("likes"), "dislikes": profile.pop("dislikes")}
        return {**held, "profile": profile}

    @router.delete("/users/{user_id}", responses=responses(), summary="Erase everything held about someone")
    def erase(user_id: IdPath) -> dict[str, int]:
        return parley.erase(user_id)


def _sessions(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.get(
        "/sessions", response_model=SessionsAnswer, responses=responses(), summary="Someone's sessions"
    )
    def sessions(user_id: UserQuery) -> Any:
        return {"sessions": parley.sessions(user_id)}

    @router.get(
        "/sessions/{session_id}",
        response_model=SessionAnswer,
        responses=responses(404),
        summary="One session with its turns, oldest first: all of them, or a page",
    )
    def session(
        session_id: IdPath, user_id: UserQuery, limit: LimitQuery = None, before: BeforeQuery = None
    ) -> Any:
        return parley.session(session_id, user_id, limit=limit, before=before)

    @router.patch(
        "/sessions/{session_id}",
        response_model=SessionAnswer,
        responses=responses(400, 404, 413, 415, 507),
        summary="Name a session",
    )
    def rename(session_id: IdPath, body: SessionPatch) -> Any:
        parley.rename_session(session_id, body.user_id, body.title)
        return parley.session(session_id, body.user_id)

    @router.delete(
        "/sessions/{session_id}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=responses(404),
        summary="Forget a session",
    )
    def delete(session_id: IdPath, user_id: UserQuery) -> None:
        parley.delete_session(session_id, user_id)


def _health(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.get("/health/live", summary="Whether the process answers")
    def live() -> Live:
        return Live()

    @router.get("/health/ready", responses=responses(), summary="Whether turns can be answered")
    def ready() -> Ready:
        health = parley.health()
        if not health.get("items"):
            detail = "the catalogue is empty: run `parley ingest`"
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "empty-catalogue", detail)
        return Ready.model_validate(health)

    @router.get(
        "/metrics",
        summary="Counters for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def counters() -> Response:
        return Response(metrics.page(), media_type=metrics.content_type)


def chat_answer(turn: Turn) -> ChatAnswer:
    """A turn as REST writes it."""
    return ChatAnswer.model_validate(
        {
            "session_id": turn.session_id,
            "turn_id": turn.turn_id,
            "reply": turn.reply,
            "intent": turn.intent,
            "recommendations": list(turn.recommendations),
            "events": list(turn.events),
            "variant": turn.variant,
            "model": turn.model,
            "timings_ms": dict(turn.timings_ms),
            "suggestions": list(turn.suggestions),
            "stopped": turn.stopped,
        }
    )


def _recommendations(found: list[Recommendation]) -> RecommendationsAnswer:
    bodies = [RecommendationBody.model_validate(one) for one in found]
    return RecommendationsAnswer(recommendations=bodies)


def _asked(body: ChatRequest) -> dict[str, Any]:
    """What `chat` and `stream` of the facade take beside user and message."""
    if body.history and body.session_id is not None:
        detail = "`history` is for a new session: leave it or `session_id` out"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    if body.retry_of is not None and body.session_id is None:
        detail = "`retry_of` names a turn of a session: send its `session_id`, too"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return {
        "session_id": body.session_id,
        "k": body.k,
        "context": _context(body),
        "history": [Message(message.role, message.text) for message in body.history],
        "retry_of": body.retry_of,
    }


def _context(body: ChatRequest) -> Any:
    if body.context is None:
        return None
    from bot.service import Context

    return Context(item_id=body.context.item_id, locale=body.context.locale, time=body.context.time)
