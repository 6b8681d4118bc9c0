"""The REST contract: each route takes what was asked, asks the facade and shapes the answer."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Query, Response

from bot.api.metrics import Metrics
from bot.api.problems import RESPONSES
from bot.api.schemas import (
    ChatAnswer,
    ChatRequest,
    Count,
    EventBody,
    FeedbackRequest,
    Id,
    ItemAnswer,
    RecommendationBody,
    RecommendationsAnswer,
    SessionPatch,
    SessionsAnswer,
)
from bot.layout import Message
from bot.reply import Recommendation, Turn

if TYPE_CHECKING:
    from bot.service import Parley

NO_PROFILE = {"tastes": {}, "hidden": [], "consent": "personalise"}

UserQuery = Annotated[Id, Query(description="whose")]
CountQuery = Annotated[Count, Query(description="how many, at most")]
IdPath = Annotated[Id, Path()]


def build_router(parley: "Parley", metrics: Metrics) -> APIRouter:
    """All routes over one opened service."""
    router = APIRouter(responses=RESPONSES)
    for add in (_conversation, _feedback, _items, _people, _sessions, _health):
        add(router, parley, metrics)
    return router


def _conversation(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.post("/chat", response_model=ChatAnswer, summary="One turn of a conversation")
    def chat(body: ChatRequest) -> ChatAnswer:
        if body.stream:
            raise HTTPException(HTTPStatus.NOT_IMPLEMENTED, "streaming is not there yet: leave `stream` out")
        if body.history and body.session_id is not None:
            detail = "`history` is for a new session: leave it or `session_id` out"
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        turn = parley.chat(
            body.user_id,
            body.message,
            session_id=body.session_id,
            k=body.k,
            context=_context(body),
            history=[Message(message.role, message.text) for message in body.history],
        )
        metrics.turn(turn)
        return chat_answer(turn)

    @router.get("/recommendations", response_model=RecommendationsAnswer, summary="Items for someone")
    def recommendations(user_id: UserQuery, k: CountQuery = 5) -> RecommendationsAnswer:
        return _recommendations(parley.recommendations(user_id, k=k))


def _feedback(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.post(
        "/feedback",
        response_model=EventBody,
        status_code=HTTPStatus.CREATED,
        responses={200: {"model": EventBody, "description": "This key's event was there already"}},
        summary="Record what someone did to an item",
    )
    def feedback(
        body: FeedbackRequest,
        response: Response,
        idempotency_key: Annotated[Id | None, Header()] = None,
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

    @router.delete("/feedback/{event_id}", response_model=EventBody, summary="Take an event back")
    def retract(event_id: IdPath) -> EventBody:
        return EventBody.model_validate(parley.retract(event_id))


def _items(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    # Ids may hold slashes, so the longer path is tried first.
    @router.get(
        "/items/{item_id:path}/similar", response_model=RecommendationsAnswer, summary="Items like one"
    )
    def similar(item_id: IdPath, k: CountQuery = 5) -> RecommendationsAnswer:
        return _recommendations(parley.similar(item_id, k=k))

    @router.get("/items/{item_id:path}", response_model=ItemAnswer, summary="One item")
    def item(item_id: IdPath) -> ItemAnswer:
        return ItemAnswer.model_validate(parley.item(item_id))


def _people(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.get("/users/{user_id:path}/profile", summary="Tastes, hidden items and consent of someone")
    def profile(user_id: IdPath) -> dict[str, Any]:
        # Nobody has a profile before they, or a PUT for them, wrote one.
        held: dict[str, Any] = parley.user(user_id).get("profile") or NO_PROFILE
        return held

    @router.get("/users/{user_id:path}", summary="Everything held about someone")
    def user(user_id: IdPath) -> dict[str, Any]:
        return parley.user(user_id)

    @router.delete("/users/{user_id:path}", summary="Erase everything held about someone")
    def erase(user_id: IdPath) -> dict[str, Any]:
        return parley.erase(user_id)


def _sessions(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.get("/sessions", response_model=SessionsAnswer, summary="Someone's sessions")
    def sessions(user_id: UserQuery) -> SessionsAnswer:
        return SessionsAnswer(sessions=parley.sessions(user_id))

    @router.get("/sessions/{session_id}", summary="One session with its turns")
    def session(session_id: IdPath, user_id: UserQuery) -> dict[str, Any]:
        return parley.session(session_id, user_id)

    @router.patch("/sessions/{session_id}", summary="Name a session")
    def rename(session_id: IdPath, body: SessionPatch) -> dict[str, Any]:
        parley.rename_session(session_id, body.user_id, body.title)
        return parley.session(session_id, body.user_id)

    @router.delete("/sessions/{session_id}", status_code=HTTPStatus.NO_CONTENT, summary="Forget a session")
    def delete(session_id: IdPath, user_id: UserQuery) -> None:
        parley.delete_session(session_id, user_id)


def _health(router: APIRouter, parley: "Parley", metrics: Metrics) -> None:
    @router.get("/health/live", summary="Whether the process answers")
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/health/ready", summary="Whether turns can be answered")
    def ready() -> dict[str, Any]:
        health = parley.health()
        if not health.get("items"):
            detail = "the catalogue is empty: run `parley ingest`"
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        return {"status": "ok", **health}

    @router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
    def counters() -> Response:
        return Response(metrics.page(), media_type=metrics.content_type)


def chat_answer(turn: Turn) -> ChatAnswer:
    """A turn as REST writes it."""
    return ChatAnswer.model_validate(
        {
            "session_id": turn.session_id,
            "turn_id": turn.turn_id,
            "reply": turn.reply,
            "intent": turn.intent.as_dict(),
            "recommendations": list(turn.recommendations),
            "events": list(turn.events),
            "variant": turn.variant,
            "model": turn.model,
            "timings_ms": dict(turn.timings_ms),
            "suggestions": list(turn.suggestions),
        }
    )


def _recommendations(found: list[Recommendation]) -> RecommendationsAnswer:
    bodies = [RecommendationBody.model_validate(one) for one in found]
    return RecommendationsAnswer(recommendations=bodies)


def _context(body: ChatRequest) -> Any:
    if body.context is None:
        return None
    from bot.service import Context

    return Context(item_id=body.context.item_id, locale=body.context.locale, time=body.context.time)
