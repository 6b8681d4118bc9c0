"""Lists that do not repeat themselves: maximal marginal relevance over embeddings."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class DiversityConfig(BaseModel):
    """How spread out a list is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    strength: float = Field(default=0.2, ge=0, le=1)
    """0 ranks by relevance alone, 1 by difference from what is already in the list."""
    pool: PositiveInt = 50
    """How many of the most relevant items take part (three times the list's length if that is more)."""


def mmr(relevance: NDArray[np.float32], vectors: NDArray[np.float32], k: int, strength: float) -> list[int]:
    """Indices of at most k items, picked one by one (Carbonell and Goldstein, 1998).

    `relevance` is (n,), `vectors` (n, d) with unit rows. Each pick maximises
    (1 - strength) * relevance, scaled to 0..1, - strength * the closest similarity to an earlier pick.
    """
    if not relevance.size or k <= 0:
        return []
    spread = float(relevance.max() - relevance.min())
    scaled = (relevance - relevance.min()) / spread if spread > 0 else np.ones_like(relevance)
    worth = (1 - strength) * scaled  # (n,)
    closest = np.zeros_like(worth)
    taken = np.zeros(relevance.size, dtype=bool)
    picks: list[int] = []
    for _ in range(min(k, relevance.size)):
        best = int(np.argmax(np.where(taken, -np.inf, worth - strength * closest)))
        picks.append(best)
        taken[best] = True
        closest = np.maximum(closest, vectors @ vectors[best])
    return picks
