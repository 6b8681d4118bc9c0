"""Bodies of requests and answers. Requests are strict: nothing unknown, nothing converted."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat

MAX_K = 100


def _storable(text: str) -> str:
    """Databases keep neither null bytes nor halves of surrogate pairs."""
    if "\x00" in text:
        raise ValueError("may not contain null bytes")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not valid Unicode") from None
    return text


def _printable(text: str) -> str:
    if not text.strip() or any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise ValueError("must be visible characters")
    return text


def _not_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Text = Annotated[str, AfterValidator(_storable)]
Id = Annotated[Text, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Count = Annotated[int, BeforeValidator(_not_bool), Field(ge=1, le=MAX_K)]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class ContextBody(Request):
    """Where the person is: looking at an item, in a language, at a time."""

    item_id: Id | None = None
    locale: Annotated[str, Field(max_length=35), AfterValidator(_storable)] | None = None
    time: Annotated[datetime, Field(strict=False)] | None = None


class MessageBody(Request):
    role: Literal["user", "assistant"]
    text: Text


class ChatRequest(Request):
    user_id: Id
    message: Text
    session_id: Id | None = None
    """Of an earlier answer; without one a session begins."""
    k: Count = 5
    stream: bool = False
    context: ContextBody | None = None
    history: Annotated[list[MessageBody], Field(max_length=200)] = Field(default_factory=list)
    """What was said before, elsewhere; for a new session only."""


class FeedbackRequest(Request):
    user_id: Id
    item_id: Id
    action: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_storable)]
    value: FiniteFloat | None = None
    session_id: Id | None = None
    turn_id: Id | None = None


class SessionPatch(Request):
    user_id: Id
    title: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]


class EvidenceBody(Answer):
    field: str
    value: Any


class ScoresBody(Answer):
    semantic: float
    lexical: float
    mf: float
    popularity: float
    fused: float


class RecommendationBody(Answer):
    item_id: str
    title: str
    rank: int
    explanation: str
    evidence: list[EvidenceBody]
    scores: ScoresBody


class EventBody(Answer):
    event_id: str
    item_id: str
    action: str


class ModelBody(Answer):
    name: str
    fallback: bool
    reason: str | None = None


class ChatAnswer(Answer):
    session_id: str
    turn_id: str
    reply: str
    intent: dict[str, Any]
    recommendations: list[RecommendationBody]
    events: list[EventBody]
    variant: str
    model: ModelBody
    timings_ms: dict[str, float]
    suggestions: list[str] = Field(default_factory=list)


class RecommendationsAnswer(Answer):
    recommendations: list[RecommendationBody]


class ItemAnswer(Answer):
    item_id: str
    title: str
    description: str
    fields: dict[str, Any]


class SessionsAnswer(Answer):
    sessions: list[dict[str, Any]]


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    """A URN that tells the kind of problem."""
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: list[dict[str, str]] | None = None
    """For input that cannot be taken: where in the request, and why."""
