"""The plain fusion of what text says and what behaviour says.

For a user u and an item i, with s_u, s_i the semantic vectors and m_u, m_i the factors,

    alpha * (s_u . s_i) + (1 - alpha) * (m_u . m_i)
        = [sqrt(alpha) s_u ; sqrt(1 - alpha) m_u] . [sqrt(alpha) s_i ; sqrt(1 - alpha) m_i]

so blending the two scores is the same as concatenating the two scaled vectors on each side and
taking one dot product. The two families differ in size (cosines, and confidences that grow with
behaviour), so each score is standardised over the candidates first. That keeps the identity:
dividing by a spread only rescales u's vector, and subtracting a mean moves every candidate alike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat

FloatArray = NDArray[np.float32]


class FusionConfig(BaseModel):
    """How scores of different kinds add up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alpha: float | None = Field(default=None, ge=0, le=1)
    """Share of text against factors; without one it moves from `alpha_start` to `alpha_floor`."""
    alpha_start: float = Field(default=0.8, ge=0, le=1)
    """Share of text for someone without behaviour."""
    alpha_floor: float = Field(default=0.3, ge=0, le=1)
    """Share of text that no amount of behaviour goes below."""
    half_behaviour: PositiveFloat = 10
    """Number of events at which alpha is half way from start to floor."""
    query: NonNegativeFloat = 1.5
    """Weight of closeness to what was just asked for, whatever alpha is: a request outranks habit."""
    query_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the query, against the person's taste, in the semantic vector."""
    lexical: NonNegativeFloat = 0.3
    """Weight of words in common with the query."""
    popularity: NonNegativeFloat = 0.1
    """Weight of how many people took the item lately."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Raw scores of the same candidates, (n,) each; a family that knows nothing is all zeros."""

    semantic: FloatArray
    query: FloatArray
    lexical: FloatArray
    mf: FloatArray
    popularity: FloatArray


def alpha_for(config: FusionConfig, n_events: int) -> float:
    """The share of text for someone with `n_events` of behaviour."""
    if config.alpha is not None:
        return config.alpha
    fading = config.half_behaviour / (config.half_behaviour + n_events)
    return config.alpha_floor + (config.alpha_start - config.alpha_floor) * fading


def fuse(signals: Signals, alpha: float, config: FusionConfig) -> FloatArray:
    """One score per candidate (n,), comparable within this list only."""
    fused: FloatArray = (
        alpha * standardise(signals.semantic)
        + (1 - alpha) * standardise(signals.mf)
        + config.query * standardise(signals.query)
        + config.lexical * standardise(signals.lexical)
        + config.popularity * standardise(signals.popularity)
    )
    return fused


def standardise(scores: FloatArray) -> FloatArray:
    """Scores with mean 0 and spread 1; all zeros when they do not differ."""
    if not scores.size:
        return scores
    spread = float(scores.std())
    if spread < 1e-9:
        return np.zeros_like(scores)
    scaled: FloatArray = (scores - scores.mean()) / spread
    return scaled
