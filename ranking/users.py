"""One person as the ranker sees them, made fresh from the log: two vectors, and what may not come back.

The semantic vector reads events as short sentences and works from the first one; the factors are
folded in from the whole history. Nothing of a person is kept beyond a turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from ranking.actions import ActionsConfig
from ranking.events import BehaviourEvent, strengths
from ranking.snapshot import Snapshot
from ranking.sources import Positions, top
from retrieval.catalogue import Catalogue
from retrieval.embedding import UNKNOWN_LIMIT

FloatArray = NDArray[np.float32]
READABLE_KEPT = 10_000


class UsersConfig(BaseModel):
    """How events become a semantic vector."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_life: PositiveFloat = 10
    """Number of later events after which an event counts half."""
    history: PositiveInt = 200
    """How many of the latest events take part."""
    sentences: NonNegativeInt = 20
    """How many of the latest are also read as sentences; older ones count by their item's card alone."""
    card_share: float = Field(default=0.6, ge=0, le=1)
    """Share of the item's card, against the sentence, in the vector of one event."""
    said: NonNegativeFloat = 1.0
    """Weight of a wish said in the conversation; a like, just now, has 1."""
    neighbours: PositiveInt = 100
    """How many items that go together with the person's own are looked up."""
    unknown_limit: float = Field(default=UNKNOWN_LIMIT, ge=0, le=1)
    """A sentence with a larger share of words unknown to the encoder is left out."""


class Encoder(Protocol):
    """What is needed of a text encoder."""

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Unit rows (n, d)."""
        ...

    def unknown_share(self, text: str) -> float:
        """The share of word pieces that the encoder does not know."""
        ...


@dataclass(frozen=True, slots=True)
class UserState:
    """A person at one moment; holds for one turn."""

    user_id: str
    events: tuple[BehaviourEvent, ...]
    """What they did and did not take back, oldest first, pending items included."""
    semantic: FloatArray
    """(d,) of length 1, or zeros when nothing is known."""
    mf: FloatArray
    """(k,) folded in, zeros without behaviour; (0,) before the first training."""
    consumed: frozenset[str]
    """Seen, owned or liked: never recommended again."""
    hidden: frozenset[str]
    """Rejected or disliked: never recommended again."""
    liked: tuple[tuple[str, float], ...]
    """Items of the catalogue that they are for, strongest first, with the strength."""
    n_behaviour: int
    """How many of their events are about items of the catalogue."""
    neighbours: tuple[tuple[str, float], ...]
    """Items that go together with those, closest first; never consumed or hidden ones."""
    snapshot: Snapshot
    """The model of everyone's behaviour that this state, and a ranking from it, is based on."""


class UserReader:
    """Makes a `UserState` from events."""

    def __init__(
        self,
        catalogue: Catalogue,
        matrix: FloatArray,
        encoder: Encoder,
        actions: ActionsConfig,
        config: UsersConfig,
    ) -> None:
        self.catalogue = catalogue
        self.matrix = matrix
        self.encoder = encoder
        self.actions = actions
        self.config = config
        # Telling whether a sentence can be read costs a tokenisation, and the same ones come every turn.
        self._readable = lru_cache(maxsize=READABLE_KEPT)(self._can_read)

    def read(
        self, user_id: str, events: Sequence[BehaviourEvent], said: Sequence[str], snapshot: Snapshot
    ) -> UserState:
        """The state after `events` (oldest first) and wishes `said` in this conversation (oldest first)."""
        known = [event for event in events if event.item_id in self.catalogue]
        specs = self.actions.actions
        acted = [(event.item_id, specs[event.action]) for event in events if event.action in specs]
        consumed = frozenset(item_id for item_id, spec in acted if spec.consumed)
        hidden = frozenset(item_id for item_id, spec in acted if spec.hides)
        found = strengths(known, self.actions).items()
        liked = sorted(
            ((one, strength) for one, strength in found if strength > 0), key=lambda pair: -pair[1]
        )
        places = np.asarray(self.catalogue.positions([item_id for item_id, _ in liked]), dtype=np.int64)
        weights = np.array([strength for _, strength in liked], dtype=np.float64)
        return UserState(
            user_id,
            tuple(events),
            self.semantic_vector(known, said),
            snapshot.fold_in(places, weights),
            consumed,
            hidden,
            tuple(liked),
            len(known),
            self._neighbours(snapshot, places, weights, consumed | hidden),
            snapshot,
        )

    def semantic_vector(self, events: Sequence[BehaviourEvent], said: Sequence[str]) -> FloatArray:
        """The decayed mean (d,), scaled to length 1, of events on known items and of wishes.

        What speaks against an item is subtracted. What the encoder cannot read is left out.
        """
        latest = events[-self.config.history :]
        total = np.zeros(self.matrix.shape[1], dtype=np.float32)
        if latest:
            strength = [self.actions.strength(event.action, event.value) for event in latest]
            age = np.arange(len(latest) - 1, -1, -1)
            total += (np.array(strength) * 0.5 ** (age / self.config.half_life)) @ self._event_vectors(latest)
        if readable := [wish for wish in said if self._readable(wish)]:
            total += self.config.said * self.encoder.encode(readable).sum(axis=0)
        length = float(np.linalg.norm(total))
        return (
            (total / length).astype(np.float32) if length > 1e-6 else np.zeros_like(total, dtype=np.float32)
        )

    def _event_vectors(self, events: Sequence[BehaviourEvent]) -> FloatArray:
        """One vector per event (m, d): its item's card, for the latest blended with its sentence."""
        sentences = [self.sentence(event) for event in events]
        vectors = self.matrix[self.catalogue.positions([event.item_id for event in events])]  # (m, d)
        first = max(0, len(events) - self.config.sentences)
        if recent := sentences[first:]:
            share = self.config.card_share
            vectors[first:] = share * vectors[first:] + (1 - share) * self.encoder.encode(recent)
        vectors[[not self._readable(sentence) for sentence in sentences]] = 0.0
        return vectors

    def sentence(self, event: BehaviourEvent) -> str:
        """An event on a known item as a short sentence: "bought Blue Backpack"."""
        return self.actions.sentence(event.action, event.value, self.catalogue[event.item_id].title)

    def _can_read(self, sentence: str) -> bool:
        return self.encoder.unknown_share(sentence) <= self.config.unknown_limit

    def _neighbours(
        self, snapshot: Snapshot, places: Positions, weights: NDArray[np.float64], barred: frozenset[str]
    ) -> tuple[tuple[str, float], ...]:
        if snapshot.neighbours is None or not len(places):
            return ()
        scores = snapshot.goes_with(places, weights)  # (n,)
        allowed = scores > 0
        allowed[self.catalogue.positions(list(barred))] = False
        allowed[places] = False
        best = top(scores, allowed, self.config.neighbours)
        return tuple((self.catalogue.ids[place], float(scores[place])) for place in best)
