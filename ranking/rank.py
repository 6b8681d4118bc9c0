"""Ranking: candidates from text and behaviour, scored by the plain fusion, spread out, never twice.

Keeps no state of its own, so threads may share a `Ranker`; all about a person comes in a `UserState`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ranking.diversity import DiversityConfig, mmr
from ranking.factors import FactorsConfig
from ranking.fusion import FusionConfig, Signals, alpha_for, fuse
from ranking.sources import Positions, SourcesConfig, top
from ranking.users import UsersConfig, UserState
from retrieval.catalogue import Catalogue
from retrieval.filters import Constraint, mask
from retrieval.search import Candidate

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]


class RankingConfig(BaseModel):
    """The ranking room's settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    factors: FactorsConfig = Field(default_factory=FactorsConfig)
    users: UsersConfig = Field(default_factory=UsersConfig)
    sources: SourcesConfig = Field(default_factory=SourcesConfig)
    fusion: FusionConfig = Field(default_factory=FusionConfig)
    diversity: DiversityConfig = Field(default_factory=DiversityConfig)


@dataclass(frozen=True, slots=True)
class Scores:
    """What counted for one item; 0 from a family that knows nothing."""

    semantic: float
    """Cosine of the item's card with the query and the person's taste, blended."""
    lexical: float
    """BM25 of the query's words."""
    mf: float
    """Dot product of the person's and the item's factors."""
    popularity: float
    """log(1 + people who took it, less the longer ago)."""
    fused: float
    """What the order comes from, before diversity; comparable within one list only."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One item of a list; ranks count from 1."""

    item_id: str
    rank: int
    scores: Scores


class Ranker:
    """Orders what may be recommended to one person."""

    def __init__(self, catalogue: Catalogue, matrix: FloatArray, config: RankingConfig) -> None:
        self.catalogue = catalogue
        self.matrix = matrix
        self.config = config

    def rank(
        self,
        user: UserState,
        candidates: Sequence[Candidate],
        *,
        query_vector: FloatArray | None = None,
        constraints: Sequence[Constraint] = (),
        excluded: Collection[str] = (),
        allowed: Collection[str] = (),
        k: int = 5,
        diversity: float | None = None,
    ) -> list[Ranked]:
        """At most k items, best first, from text `candidates` and from behaviour.

        Every item fulfils `constraints`. None is `excluded`, and none was consumed or hidden by the
        person unless it is `allowed` (asked for by name). `diversity` replaces the configured strength.
        An empty list when nothing is left, or k is below 1. Without candidates every item's text is
        compared with the person's taste; in large catalogues retrieve by `user.semantic` beforehand.
        """
        open_items = self._open(user, constraints, excluded, allowed)  # (n,)
        pool = self._pool(user, candidates, open_items)  # (p,)
        if not pool.size or k < 1:
            return []
        signals = self._signals(user, candidates, query_vector, pool)
        fused = fuse(signals, alpha_for(self.config.fusion, user.n_behaviour), self.config.fusion)

        width = max(self.config.diversity.pool, 3 * k)
        front = top(fused, np.ones(pool.size, dtype=bool), width)
        strength = self.config.diversity.strength if diversity is None else diversity
        picks = front[mmr(fused[front], self.matrix[pool[front]], k, strength)]
        return [
            Ranked(self.catalogue.ids[pool[pick]], rank, _scores_at(signals, fused, int(pick)))
            for rank, pick in enumerate(picks, start=1)
        ]

    def _open(
        self,
        user: UserState,
        constraints: Sequence[Constraint],
        excluded: Collection[str],
        allowed: Collection[str],
    ) -> BoolArray:
        open_items = mask(self.catalogue, constraints)  # (n,)
        barred = (user.consumed | user.hidden).difference(allowed).union(excluded)
        open_items[self.catalogue.positions(list(barred))] = False
        return open_items

    def _pool(self, user: UserState, candidates: Sequence[Candidate], open_items: BoolArray) -> Positions:
        """Positions of all candidates that are open, each once."""
        limit, snapshot = self.config.sources.per_source, user.snapshot
        sources = [
            self._places([candidate.item_id for candidate in candidates]),
            self._places([item_id for item_id, _ in user.neighbours[:limit]]),
            snapshot.popular[open_items[snapshot.popular]][:limit],
        ]
        if snapshot.item_factors is not None and user.mf.any():
            sources.append(top(snapshot.item_factors @ user.mf, open_items, limit))
        if not candidates and user.semantic.any():
            # Nobody searched by text, so the ranker may take the time for the whole product itself.
            sources.append(top(self.matrix @ user.semantic, open_items, limit))
        pool = np.unique(np.concatenate(sources))
        return pool[open_items[pool]]

    def _signals(
        self,
        user: UserState,
        candidates: Sequence[Candidate],
        query_vector: FloatArray | None,
        pool: Positions,
    ) -> Signals:
        vectors, snapshot = self.matrix[pool], user.snapshot  # (p, d)
        nothing = np.zeros(pool.size, dtype=np.float32)
        found = {candidate.item_id: candidate.lexical for candidate in candidates}
        lexical = np.array([found.get(self.catalogue.ids[place], 0.0) for place in pool], dtype=np.float32)
        return Signals(
            semantic=vectors @ self._semantic(user, query_vector),
            # A request that the encoder could not read is carried by its words alone.
            query=vectors @ query_vector if query_vector is not None else lexical,
            lexical=lexical,
            mf=snapshot.item_factors[pool] @ user.mf if snapshot.item_factors is not None else nothing,
            popularity=snapshot.popularity[pool],
        )

    def _semantic(self, user: UserState, query_vector: FloatArray | None) -> FloatArray:
        """The query and the person's taste in one vector (d,) of length 1; zeros when there is neither."""
        if query_vector is None:
            return user.semantic
        share = self.config.fusion.query_share if user.semantic.any() else 1.0
        blend = share * query_vector + (1 - share) * user.semantic
        length = float(np.linalg.norm(blend))
        return (blend / length).astype(np.float32) if length > 1e-6 else np.zeros_like(user.semantic)

    def _places(self, item_ids: Sequence[str]) -> Positions:
        return np.asarray(self.catalogue.positions(item_ids), dtype=np.int64)


def _scores_at(signals: Signals, fused: FloatArray, place: int) -> Scores:
    return Scores(
        float(signals.semantic[place]),
        float(signals.lexical[place]),
        float(signals.mf[place]),
        float(signals.popularity[place]),
        float(fused[place]),
    )
