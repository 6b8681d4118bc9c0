"""Bodies of requests and answers. Requests are strict: nothing unknown, nothing converted.

What a validator here refuses, the JSON Schema beside it refuses too, so that a client can know beforehand.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    WithJsonSchema,
)

from bot.intent import Act
from bot.profile import MOST_TASTES, Consent, Profile, Source, Stance, Taste
from retrieval.filters import Op

MAX_K = 100
MAX_HIDDEN = 1000

STORABLE = r"^[^\x00]*$"
SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"
PRINTABLE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"


def _storable(text: str) -> str:
    """Databases keep neither null bytes nor halves of surrogate pairs."""
    if "\x00" in text:
        raise ValueError("may not contain null bytes")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not valid Unicode") from None
    return text


def _something(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _printable(text: str) -> str:
    if re.fullmatch(PRINTABLE[1:-1], text) is None:
        raise ValueError("must be visible characters")
    return text


def _whole(value: Any) -> Any:
    """JSON does not tell 5 from 5.0, but Python tells neither 1 from true."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written_out(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError("must be a date and time as text, such as 2026-01-31T20:00:00Z")
    return value


Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra={"pattern": STORABLE})]
Words = Annotated[
    str,
    AfterValidator(_storable),
    AfterValidator(_something),
    Field(json_schema_extra={"pattern": SOMETHING}),
]
Id = Annotated[
    str,
    Field(min_length=1, max_length=200, json_schema_extra={"pattern": PRINTABLE}),
    AfterValidator(_storable),
    AfterValidator(_printable),
]
Count = Annotated[int, Field(ge=1, le=MAX_K), BeforeValidator(_whole)]
Limit = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_whole)]
Position = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(_whole)]
Time = Annotated[datetime, Field(strict=False), BeforeValidator(_written_out)]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Held(Answer):
    """A record as it is kept: what it holds beyond the fields named here is shown, too."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="allow")


class ContextBody(Request):
    """Where the person is: looking at an item, in a language, at a time."""

    item_id: Id | None = None
    locale: Annotated[Text, Field(max_length=35)] | None = None
    time: Time | None = None


class MessageBody(Request):
    role: Literal["user", "assistant"]
    text: Text


def _when(named: str, then: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema: whoever gives `named` must also keep to `then`."""
    return {"if": {"required": [named], "properties": {named: {"type": "string"}}}, "then": then}


class ChatRequest(Request):
    """One message of a conversation."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                _when("session_id", {"properties": {"history": {"maxItems": 0}}}),
                _when(
                    "retry_of", {"required": ["session_id"], "properties": {"session_id": {"type": "string"}}}
                ),
            ],
            "examples": [
                {"user_id": "ann", "message": "something calm from the 1980s", "k": 3},
                {"user_id": "ann", "message": "something calm", "stream": True},
            ],
        }
    )

    user_id: Id
    message: Words
    session_id: Id | None = None
    """Of an earlier answer; without one a session begins."""
    k: Count = 5
    stream: bool = False
    """Answer as server-sent events, sentence by sentence."""
    context: ContextBody | None = None
    history: Annotated[list[MessageBody], Field(max_length=200)] = Field(default_factory=list)
    """What was said before, elsewhere; for a new session only."""
    retry_of: Id | None = None
    """The session's latest turn: it is answered anew and replaced. The message is sent again, too."""


class FeedbackRequest(Request):
    """What someone did to an item."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user_id": "ann", "item_id": "alien-1979", "action": "like"}],
        }
    )

    user_id: Id
    item_id: Id
    action: Annotated[Text, Field(min_length=1, max_length=100)]
    value: FiniteFloat | None = None
    session_id: Id | None = None
    turn_id: Id | None = None


class SessionPatch(Request):
    user_id: Id
    title: Annotated[Text, Field(min_length=1, max_length=200)]


class TasteBody(Request):
    """Something liked or disliked, in words, and where it was said."""

    model_config = ConfigDict(from_attributes=True)

    text: Annotated[Words, Field(max_length=500)]
    session_id: Id | None = None
    turn_id: Id | None = None
    at: Time | None = None


class TastesBody(Request):
    model_config = ConfigDict(from_attributes=True)

    likes: Annotated[list[TasteBody], Field(max_length=MOST_TASTES)]
    dislikes: Annotated[list[TasteBody], Field(max_length=MOST_TASTES)]


class ProfileBody(Request):
    """A person's own settings, whole: what is left out is refused, not kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tastes": {"likes": [{"text": "slow westerns"}], "dislikes": []},
                    "hidden": [],
                    "consent": "personalise",
                }
            ]
        }
    )

    tastes: TastesBody
    hidden: Annotated[list[Id], Field(max_length=MAX_HIDDEN)]
    """Ids of items that are never shown."""
    consent: Consent
    """With session_only, what someone does counts in the session that it happened in, and nowhere else."""

    @classmethod
    def of(cls, profile: Profile) -> "ProfileBody":
        tastes = TastesBody.model_validate(
            {"likes": list(profile.likes), "dislikes": list(profile.dislikes)}, strict=False
        )
        return cls(tastes=tastes, hidden=list(profile.hidden), consent=profile.consent)

    def profile(self) -> Profile:
        likes, dislikes = (
            tuple(Taste(one.text, one.session_id, one.turn_id, one.at) for one in tastes)
            for tastes in (self.tastes.likes, self.tastes.dislikes)
        )
        return Profile(likes, dislikes, tuple(dict.fromkeys(self.hidden)), self.consent)


class MentionBody(Answer):
    text: str
    item_id: str | None = None
    field: str | None = None


class ConstraintBody(Answer):
    field: str
    op: Op
    value: bool | int | float | str | list[bool | int | float | str]
    text: str = ""


class InquiryBody(Answer):
    kind: Literal["why", "compare", "ask"]
    text: str


class IntentBody(Answer):
    """What one message meant."""

    acts: list[Act]
    query: str = ""
    likes: list[MentionBody] = Field(default_factory=list)
    dislikes: list[MentionBody] = Field(default_factory=list)
    seen: list[MentionBody] = Field(default_factory=list)
    constraints: list[ConstraintBody] = Field(default_factory=list)
    retracts: list[str] = Field(default_factory=list)
    references: list[str] = Field(default_factory=list)
    count: int | None = None
    language: str = "en"
    inquiries: list[InquiryBody] = Field(default_factory=list)
    denied: list[str] = Field(default_factory=list)
    unresolved: list[str] = Field(default_factory=list)


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
    intent: IntentBody
    recommendations: list[RecommendationBody]
    events: list[EventBody]
    variant: str
    model: ModelBody
    timings_ms: dict[str, float]
    suggestions: list[str] = Field(default_factory=list)
    """What the person might say next, to be sent as it is."""
    stopped: bool = False
    """Whether the answer was stopped on the way; the reply is what had been said by then."""


class UnderstoodBody(Answer):
    """The event `intent` of a stream."""

    session_id: str
    turn_id: str
    intent: IntentBody
    events: list[EventBody]


class ListedBody(Answer):
    """The event `recommendations` of a stream; the explanations follow as texts."""

    recommendations: list[RecommendationBody]


class SaidBody(Answer):
    """The event `text` of a stream: one checked sentence."""

    text: str
    item_id: str | None
    """The item that the sentence explains."""


class RecommendationsAnswer(Answer):
    recommendations: list[RecommendationBody]


class ItemAnswer(Answer):
    item_id: str
    title: str
    description: str
    fields: dict[str, Any]


class BeliefBody(Answer):
    """One thing that is believed of a person, and where it came from."""

    key: str
    """What DELETE takes, to have it forgotten."""
    stance: Stance
    text: str
    item_id: str | None
    source: Source
    quote: str | None = None
    at: datetime | None = None


class BeliefsAnswer(Answer):
    beliefs: list[BeliefBody]


class SessionBody(Held):
    session_id: str
    title: str | None
    created_at: datetime
    updated_at: datetime


class SessionsAnswer(Answer):
    sessions: list[SessionBody]


class HeldRecommendation(Held):
    item_id: str
    title: str
    rank: int
    explanation: str
    evidence: list[EvidenceBody]
    scores: ScoresBody | None = None


class HeldAnswer(Held):
    """What an answer held beside its words."""

    recommendations: list[HeldRecommendation] = Field(default_factory=list)
    events: list[EventBody] = Field(default_factory=list)
    model: ModelBody | None = None
    suggestions: list[str] = Field(default_factory=list)
    stopped: bool = False
    imported: bool = False
    """Whether the message was brought along as history."""


class HeldTurn(Held):
    turn_id: str
    position: int
    """Its place in the session; the `before` that gives the page before it."""
    created_at: datetime
    message: str
    reply: str
    intent: Annotated[IntentBody | None, BeforeValidator(lambda held: held or None)]
    """Null for a message that was brought along."""
    payload: HeldAnswer


class SessionAnswer(SessionBody):
    turns_count: int
    """Of the whole session, whatever is shown of it."""
    turns: list[HeldTurn]


class HeldEvent(Held):
    event_id: str
    item_id: str
    action: str
    value: float | None
    timestamp: datetime
    source: str
    session_id: str | None
    turn_id: str | None


class Impression(Held):
    turn_id: str
    item_id: str
    rank: int
    scores: dict[str, float]
    variant: str


class HeldTaste(Held):
    text: str
    session_id: str | None
    turn_id: str | None
    at: datetime | None
    constraints: list[ConstraintBody] = Field(default_factory=list)
    """What the words were taken to rule out."""


class HeldTastes(Held):
    likes: list[HeldTaste]
    dislikes: list[HeldTaste]


class HeldProfile(Held):
    tastes: HeldTastes
    hidden: list[str]
    consent: Consent


class UserAnswer(Held):
    """Everything held about a person."""

    user_id: str
    profile: HeldProfile
    events: list[HeldEvent]
    taken_back: list[HeldEvent]
    impressions: list[Impression]
    sessions: list[SessionAnswer]


class Live(Answer):
    status: Literal["ok"] = "ok"


class Ready(Held):
    status: Literal["ok"] = "ok"
    items: int
    users: int
    model: str


class Invalid(Answer):
    """One thing in a request that cannot be taken."""

    where: str
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    """A URN that tells the kind of problem."""
    title: str
    status: Annotated[int, WithJsonSchema({"type": "integer", "minimum": 400, "maximum": 599})]
    detail: str
    request_id: str | None = None
    errors: list[Invalid] | None = None
    """For input that cannot be taken: where in the request, and why."""
