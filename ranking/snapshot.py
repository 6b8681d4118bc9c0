"""A behaviour model laid out along the catalogue, with a place for every item, old or new.

One snapshot serves one turn from start to end, so a refresh in between never mixes two models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ranking.artefacts import BehaviourModel
from ranking.errors import ArtefactError
from ranking.factors import Factors
from ranking.sources import Positions
from retrieval.catalogue import Catalogue

FloatArray = NDArray[np.float32]

SMALLEST_OVERLAP = 0.5
"""Share of a model's items that the catalogue must still hold for the model to be about it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What everyone's behaviour says about each item; rows follow the catalogue (n items)."""

    version: str | None
    """The trained version, or None before the first training."""
    popularity: FloatArray
    """(n,); 0 for items that nobody has taken."""
    popular: Positions
    """(n,) every position, most popular first."""
    factors: Factors | None = None
    item_factors: FloatArray | None = None
    """(n, k); mapped from text for items without behaviour at training."""
    neighbours: csr_matrix | None = None
    """(n, n)"""

    def fold_in(self, positions: Positions, strengths: NDArray[np.float64]) -> FloatArray:
        """The factors (k,) of a person for whom these items have these strengths; (0,) when untrained."""
        if self.factors is None or self.item_factors is None:
            return np.zeros(0, dtype=np.float32)
        return self.factors.fold_in(self.item_factors[positions], strengths)

    def goes_with(self, positions: Positions, strengths: NDArray[np.float64]) -> FloatArray:
        """How well each item (n,) goes together with these, weighted; zeros when untrained."""
        if self.neighbours is None or not len(positions):
            return np.zeros_like(self.popularity)
        total: FloatArray = (self.neighbours[positions].T @ strengths).astype(np.float32)
        return total


def untrained(catalogue: Catalogue, popularity: Mapping[str, float]) -> Snapshot:
    """A snapshot that knows only what is popular, by item id."""
    found = np.array([popularity.get(item_id, 0.0) for item_id in catalogue.ids], dtype=np.float32)
    return Snapshot(None, found, _order(found))


def align(version: str, model: BehaviourModel, catalogue: Catalogue, embeddings: FloatArray) -> Snapshot:
    """Lay `model` out along `catalogue`, whose text embeddings are (n, d).

    Items that left the catalogue are dropped. `ArtefactError` when most of them did: then it is the
    model of another catalogue under the same name.
    """
    trained = model.factors.item_ids
    kept = np.array([item_id in catalogue for item_id in trained], dtype=bool)
    if trained and kept.mean() < SMALLEST_OVERLAP:
        raise ArtefactError(version, "was trained on other items than this catalogue holds")
    if model.factors.text_map.shape[0] != embeddings.shape[1]:
        raise ArtefactError(version, "was trained with embeddings of another length")
    places = np.asarray(catalogue.positions([one for one in trained if one in catalogue]), dtype=np.int64)
    n = len(catalogue)

    item_factors = model.factors.from_text(embeddings)  # (n, k)
    item_factors[places] = model.factors.item_factors[kept]
    popularity = np.zeros(n, dtype=np.float32)
    popularity[places] = model.popularity[kept]
    return Snapshot(
        version,
        popularity,
        _order(popularity),
        model.factors,
        np.ascontiguousarray(item_factors),
        _spread(model.neighbours[kept][:, kept].tocoo(), places, n),
    )


def _spread(square: csr_matrix, places: Sequence[int] | Positions, n: int) -> csr_matrix:
    where = np.asarray(places)
    return csr_matrix((square.data, (where[square.row], where[square.col])), shape=(n, n))


def _order(popularity: FloatArray) -> Positions:
    order: Positions = np.argsort(-popularity, kind="stable").astype(np.int64)
    return order
