"""What a turn gives back: the reply, what was recommended and why, what was learned, how long it took."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.intent import Intent
from ranking.events import BehaviourEvent
from ranking.rank import Scores


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a reason rests on: a field of the item, or what the person said or did."""

    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class Recommendation:
    item_id: str
    title: str
    rank: int
    explanation: str
    evidence: tuple[Evidence, ...]
    scores: Scores


@dataclass(frozen=True, slots=True)
class ModelReport:
    """Which model wrote; `fallback` when a plain sentence stands in for it, and why."""

    name: str
    fallback: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    session_id: str
    turn_id: str
    reply: str
    intent: Intent
    recommendations: tuple[Recommendation, ...]
    events: tuple[BehaviourEvent, ...]
    variant: str
    model: ModelReport
    timings_ms: Mapping[str, float]
    suggestions: tuple[str, ...] = ()
    """What the person might say next, in their own words."""
    stopped: bool = False
    """Whether the person stopped the answer; the reply is what they had seen by then."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The first step of a turn: what was meant, and the events that were learned from it, durable by now."""

    session_id: str
    turn_id: str
    intent: Intent
    events: tuple[BehaviourEvent, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """The items of the answer, ranked; their explanations are still to be written."""

    recommendations: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One checked sentence, in the order of the reply; `item_id` when it is that item's explanation."""

    text: str
    item_id: str | None = None


Step = Understood | Listed | Said | Turn
"""What a streamed turn gives, in this order: Understood, Listed (with items only), Said..., and the Turn."""
