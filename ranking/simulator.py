"""Made-up people with latent tastes, for demonstrations and tests. What they do is called simulated.

A person's utility of an item has three parts: closeness to the two or three things they love, a part
that no text tells (people who think alike agree on it), and how well known the item is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ranking.events import BehaviourEvent
from retrieval.catalogue import Catalogue

FloatArray = NDArray[np.float32]

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 365
HIDDEN_DIMENSIONS = 4
TEXT_PART, HIDDEN_PART, FAME_PART = 1.5, 0.6, 0.7
SHARPNESS = 1.5
"""How much more often people meet what they would love than what they would not."""

# What people do with items by how well these suit them, worst to best, each with its share of chance.
DOINGS: tuple[tuple[tuple[str, float], ...], ...] = (
    (("dislike", 0.4), ("skip", 0.4), ("view", 0.2)),
    (("view", 0.5), ("click", 0.3), ("seen", 0.2)),
    (("click", 0.3), ("like", 0.4), ("seen", 0.3)),
    (("like", 0.7), ("accept", 0.2), ("click", 0.1)),
)
SUITING = (-0.5, 0.5, 1.5)
"""Utilities, in spreads from the person's mean, at which one row of doings gives way to the next."""


@dataclass(frozen=True, slots=True)
class _World:
    matrix: FloatArray  # (n, d)
    hidden: FloatArray  # (n, h)
    fame: FloatArray  # (n,)


def simulate(
    catalogue: Catalogue, matrix: FloatArray, users: int, events_per_user: int, seed: int
) -> list[BehaviourEvent]:
    """Events of `users` people called "simulated-0001" and so on, each person's oldest first.

    Equal arguments give equal events, with equal ids. Nobody meets an item twice, so nobody has more
    events than there are items. `matrix` (n, d) holds the items' embeddings in catalogue order.
    """
    n = len(catalogue)
    if not n:
        return []
    random = np.random.default_rng(seed)
    world = _World(
        matrix,
        random.standard_normal((n, HIDDEN_DIMENSIONS)).astype(np.float32),
        -np.log(1.0 + random.permutation(n)).astype(np.float32),
    )
    events: list[BehaviourEvent] = []
    for number in range(1, users + 1):
        utility = _utility(world, random)
        # Gumbel noise and the highest sums: a draw without replacement, likelier for higher utility.
        met = np.argsort(-(SHARPNESS * utility + random.gumbel(size=n)))[:events_per_user]
        met = random.permutation(met)
        ids = [catalogue.ids[place] for place in met]
        events.extend(_life(f"simulated-{number:04d}", ids, utility[met], seed, random))
    return events


def _utility(world: _World, random: np.random.Generator) -> NDArray[np.float64]:
    n = len(world.fame)
    loved = random.choice(n, size=min(n, int(random.integers(2, 4))), replace=False)
    mind = random.standard_normal(HIDDEN_DIMENSIONS)
    closeness = (world.matrix @ world.matrix[loved].T).max(axis=1)  # (n,)
    utility = (
        TEXT_PART * _spread(closeness)
        + HIDDEN_PART * _spread(world.hidden @ mind)
        + FAME_PART * _spread(world.fame)
    )
    return _spread(utility)


def _life(
    user_id: str,
    item_ids: Sequence[str],
    utility: NDArray[np.float64],
    seed: int,
    random: np.random.Generator,
) -> list[BehaviourEvent]:
    moments = np.sort(random.uniform(0, DAYS * 86_400, len(item_ids)))
    events = []
    for number, (item_id, worth, moment) in enumerate(zip(item_ids, utility, moments, strict=True)):
        doings = DOINGS[int(np.searchsorted(SUITING, worth))]
        action = doings[int(random.choice(len(doings), p=[chance for _, chance in doings]))][0]
        timestamp = FIRST_DAY + timedelta(seconds=int(moment))
        event_id = f"{user_id}-{seed}-{number}"
        events.append(BehaviourEvent(event_id, user_id, item_id, action, None, timestamp, "simulated"))
    return events


def _spread(values: NDArray[np.floating]) -> NDArray[np.float64]:
    spread = float(values.std()) or 1.0
    return np.asarray((values - values.mean()) / spread, dtype=np.float64)
