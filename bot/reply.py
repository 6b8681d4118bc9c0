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
