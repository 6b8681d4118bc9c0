"""Matrix factorisation of behaviour: implicit ALS, fold-in of one person, factors from text.

The one file that knows implicit. Confidences follow Hu, Koren and Volinsky (2008): c = 1 + alpha * strength
for what a person did, c = 1 with preference 0 for everything else.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, PositiveInt
from scipy.linalg import cho_factor, cho_solve
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ranking.interactions import Interactions

FloatArray = NDArray[np.float32]


class FactorsConfig(BaseModel):
    """Matrix factorisation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dimensions: PositiveInt = 64
    """Length of each user and item vector."""
    regularization: PositiveFloat = 0.1
    """L2 strength; raise it for sparse data."""
    alpha: PositiveFloat = 10.0
    """How much confidence a strength of 1 adds to that of an unobserved pair, which is 1."""
    iterations: PositiveInt = 15
    """Rounds of alternating least squares."""
    seed: NonNegativeInt = 0
    """The factors start from it; equal data and seed give equal factors."""
    text_regularization: PositiveFloat = 5.0
    """L2 strength of the map from text to factors; raise it for small catalogues."""


@dataclass(frozen=True, slots=True)
class Factors:
    """Learned item vectors, and what is needed to find a person's and a new item's."""

    item_ids: tuple[str, ...]
    item_factors: FloatArray
    """(n, k)"""
    gram: FloatArray
    """(k, k): item_factors.T @ item_factors over all n items."""
    text_map: FloatArray
    """(d, k): ridge regression from an item's text embedding to its factors."""
    config: FactorsConfig

    def fold_in(self, vectors: FloatArray, strengths: NDArray[np.float64]) -> FloatArray:
        """The vector (k,) of a person from their whole history, exactly as ALS would solve it.

        `vectors` (m, k) are the factors of the items they are for, `strengths` (m,) all above 0. Zeros
        for an empty history. Events cannot be added to an earlier result: hence the whole history.
        """
        if not len(strengths):
            return np.zeros(self.gram.shape[0], dtype=np.float32)
        confidence = confidences(strengths, self.config)
        tall = vectors.astype(np.float64)  # (m, k)
        system = self.gram + self.config.regularization * np.eye(self.gram.shape[0])
        system += (tall.T * (confidence - 1)) @ tall
        solved: FloatArray = cho_solve(cho_factor(system), tall.T @ confidence).astype(np.float32)
        return solved

    def from_text(self, embeddings: FloatArray) -> FloatArray:
        """Factors (m, k) for items that nobody has touched yet, from their text embeddings (m, d)."""
        mapped: FloatArray = embeddings @ self.text_map
        return mapped


def confidences(strengths: NDArray[np.float64], config: FactorsConfig) -> NDArray[np.float64]:
    """Confidence of each observed pair, always above 1."""
    return 1.0 + config.alpha * strengths


def train_factors(interactions: Interactions, embeddings: FloatArray, config: FactorsConfig) -> Factors:
    """Factorise; `embeddings` (n, d) holds the text vectors of `interactions.item_ids` in order."""
    from implicit.cpu.als import AlternatingLeastSquares

    # implicit runs threads of its own; OpenBLAS threads inside each make it ten times slower.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=config.dimensions,
            regularization=config.regularization,
            alpha=1.0,  # ours is already in the confidences
            iterations=config.iterations,
            random_state=config.seed,
        )
        confidence = interactions.matrix(confidences(interactions.strength, config))
        model.fit(confidence, show_progress=False)
    item_factors: FloatArray = np.ascontiguousarray(model.item_factors, dtype=np.float32)
    return Factors(
        interactions.item_ids,
        item_factors,
        item_factors.T @ item_factors,
        _ridge(embeddings, item_factors, config.text_regularization),
        config,
    )


def _ridge(inputs: FloatArray, targets: FloatArray, strength: float) -> FloatArray:
    system = inputs.T @ inputs + strength * np.eye(inputs.shape[1], dtype=np.float32)  # (d, d)
    solved: FloatArray = cho_solve(cho_factor(system), inputs.T @ targets).astype(np.float32)
    return solved
