"""Text search over the catalogue: by meaning and by words, merged by rank, within constraints."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.catalogue import Catalogue
from retrieval.embedding import UNKNOWN_LIMIT, TextEncoder
from retrieval.errors import VectorStoreError
from retrieval.filters import BoolArray, Constraint, mask
from retrieval.lexical import LexicalIndex, top
from retrieval.vectors import VectorStore

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]

RANK_OFFSET = 60
"""Reciprocal rank fusion: the usual 60, which keeps one first place from outweighing two good ones."""
LEXICAL_WEIGHT = 0.5
"""Against 1 for meaning: words of a wish such as "two" or "kid" stand in many titles by chance."""
EXACT_BELOW = 2000
"""With fewer items left by the filters, comparing with every one is faster than asking the index."""
LARGEST_FETCH = 1000
"""How many neighbours the index is asked for at most; rarer matches are searched exactly."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that answers a query; `score` is the merged one, higher is better."""

    item_id: str
    score: float
    semantic: float = 0.0
    """Cosine of query and item card; 0 when meaning was not searched."""
    lexical: float = 0.0
    """BM25 of the query's words in the item's text; 0 when none occurs."""


class Retriever:
    """Finds the items that a query describes."""

    def __init__(
        self,
        catalogue: Catalogue,
        encoder: TextEncoder,
        vectors: VectorStore,
        lexical: LexicalIndex,
        matrix: FloatArray,
    ) -> None:
        """`matrix` holds the unit vector of every item, (n, d), in catalogue order."""
        self.catalogue = catalogue
        self._encoder = encoder
        self._vectors = vectors
        self._lexical = lexical
        self._matrix = matrix
        self._index_works = True

    def retrieve(
        self,
        query: str,
        *,
        constraints: Sequence[Constraint] = (),
        excluded: Collection[str] = (),
        limit: int = 200,
        vector: FloatArray | None = None,
    ) -> list[Candidate]:
        """At most `limit` items that fulfil `constraints`, best first, without `excluded` ones.

        `vector`, a unit (d,), is searched instead of the query's own. Nothing is found for an empty query
        without a vector. A query that the encoder cannot read is searched by its words alone.
        """
        if limit < 1 or not len(self.catalogue) or (not query.strip() and vector is None):
            return []
        kept = mask(self.catalogue, constraints)  # (n,)
        kept[self.catalogue.positions(list(excluded))] = False
        if vector is None:
            vector = self.vector_of(query)
        near = self._nearest(vector, kept, limit) if vector is not None else np.empty(0, dtype=np.intp)
        lexical = np.where(kept, self._lexical.scores(query), 0)  # (n,)
        return self._merged(near, top(lexical, limit), vector, lexical, limit)

    def vector_of(self, query: str) -> FloatArray | None:
        """The query's unit vector, (d,), or None when the encoder does not know enough of its words."""
        if not query.strip() or self._encoder.unknown_share(query) > UNKNOWN_LIMIT:
            return None
        row: FloatArray = self._encoder.encode([query])[0]
        return row

    def _nearest(self, vector: FloatArray, kept: BoolArray, limit: int) -> Positions:
        """The positions of the kept items nearest to `vector`, best first."""
        count = int(np.count_nonzero(kept))
        if not count:
            return np.empty(0, dtype=np.intp)
        # Filters in the index cost time linear in the collection, so ask for more and filter after.
        fetch = int(1.5 * limit * len(kept) / count)
        if count >= EXACT_BELOW and fetch <= LARGEST_FETCH:
            found = self._asked_of_index(vector, fetch)
            if found is not None:
                return found[kept[found]][:limit]
        rows = np.flatnonzero(kept)
        cosines = self._matrix[rows] @ vector  # (count,)
        if limit < count:
            best = np.argpartition(-cosines, limit - 1)[:limit]
            rows, cosines = rows[best], cosines[best]
        return rows[np.argsort(-cosines, kind="stable")]

    def _asked_of_index(self, vector: FloatArray, fetch: int) -> Positions | None:
        """What the index finds, best first; None when it fails, and the exact search has to do."""
        try:
            found = self._vectors.query(vector, fetch)
            if len(found) < min(fetch, len(self.catalogue)):
                raise VectorStoreError(f"the index found {len(found)} items where {fetch} were asked for")
        except VectorStoreError as error:
            if self._index_works:
                logger.warning("%s; items are compared one by one until it works again", error)
            self._index_works = False
            return None
        self._index_works = True
        return self.catalogue.positions([item_id for item_id, _ in found])

    def _merged(
        self, near: Positions, worded: Positions, vector: FloatArray | None, lexical: FloatArray, limit: int
    ) -> list[Candidate]:
        merged: dict[int, float] = {}
        for ranking, weight in ((near, 1.0), (worded, LEXICAL_WEIGHT)):
            for rank, position in enumerate(ranking.tolist(), start=1):
                merged[position] = merged.get(position, 0.0) + weight / (RANK_OFFSET + rank)
        best = sorted(merged, key=lambda position: -merged[position])[:limit]
        semantic = np.zeros(len(best)) if vector is None else self._matrix[best] @ vector  # (limit,)
        ids = self.catalogue.ids
        return [
            Candidate(ids[position], merged[position], float(cosine), float(lexical[position]))
            for position, cosine in zip(best, semantic, strict=True)
        ]
