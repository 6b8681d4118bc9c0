"""Where candidates come from besides text: factors, what goes together, what is popular.

Each source answers with positions in the catalogue, best first. Knows nothing of queries.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveFloat, PositiveInt
from scipy.sparse import csr_matrix, vstack

from ranking.interactions import Interactions

FloatArray = NDArray[np.float32]
Positions = NDArray[np.int64]
SECONDS_PER_DAY = 86_400.0
ROWS_PER_BLOCK = 1_000


class SourcesConfig(BaseModel):
    """Candidates by behaviour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_source: PositiveInt = 100
    """How many candidates each source may add to those found by text."""
    neighbours: PositiveInt = 50
    """How many items that go together with it are kept for each item."""
    shrinkage: NonNegativeFloat = 5.0
    """Added to the cosine's denominator: a few shared people are not yet a likeness."""
    longest_history: PositiveInt = 500
    """Only so many of a person's latest items count for what goes together: no account outweighs the rest."""
    popularity_half_life_days: PositiveFloat | None = 730.0
    """Age at which an event counts half for popularity; none to count all alike."""


def popularity(interactions: Interactions, config: SourcesConfig) -> FloatArray:
    """log(1 + people who took the item), each person once and less the longer ago; (n_items,).

    Ages count from the latest event, so that an old log is not all zeros.
    """
    counts = np.ones_like(interactions.latest)
    if config.popularity_half_life_days is not None and counts.size:
        age = (interactions.latest.max() - interactions.latest) / SECONDS_PER_DAY
        counts = 0.5 ** (age / config.popularity_half_life_days)
    totals = np.bincount(interactions.items, weights=counts, minlength=len(interactions.item_ids))
    return np.log1p(totals).astype(np.float32)


def cooccurrence(interactions: Interactions, config: SourcesConfig) -> csr_matrix:
    """For each item the items that the same people took: (n_items, n_items) cosines, few per row."""
    taken = _latest_of_each(interactions, config.longest_history)  # (n_users, n_items) of 0 and 1
    sizes = np.sqrt(np.asarray(taken.sum(axis=0)).ravel())  # (n_items,)
    by_item = taken.T.tocsr()
    blocks = []
    for start in range(0, by_item.shape[0], ROWS_PER_BLOCK):
        shared = (by_item[start : start + ROWS_PER_BLOCK] @ taken).tocoo()
        rows, columns = shared.row + start, shared.col
        cosines = shared.data / (sizes[rows] * sizes[columns] + config.shrinkage)
        cosines[rows == columns] = 0.0
        blocks.append(_strongest(csr_matrix((cosines, (shared.row, columns)), shape=shared.shape), config))
    return vstack(blocks, format="csr") if blocks else csr_matrix((0, 0), dtype=np.float32)


def top(scores: FloatArray, allowed: NDArray[np.bool_], limit: int) -> Positions:
    """Positions of the highest allowed scores, best first; equal scores in catalogue order."""
    open_positions = np.flatnonzero(allowed)
    found = scores[open_positions]
    if found.size > limit:
        chosen = np.argpartition(-found, limit - 1)[:limit]
        open_positions, found = open_positions[chosen], found[chosen]
    order = np.lexsort((open_positions, -found))
    best: Positions = open_positions[order]
    return best


def _latest_of_each(interactions: Interactions, limit: int) -> csr_matrix:
    order = np.lexsort((-interactions.latest, interactions.users))
    sorted_users = interactions.users[order]
    age_rank = np.arange(order.size) - np.searchsorted(sorted_users, sorted_users)
    kept = np.zeros(order.size, dtype=np.float64)
    kept[order] = age_rank < limit
    matrix = interactions.matrix(kept)
    matrix.eliminate_zeros()
    return matrix


def _strongest(rows: csr_matrix, config: SourcesConfig) -> csr_matrix:
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        values = rows.data[start:end]
        if values.size > config.neighbours:
            values[np.argpartition(-values, config.neighbours - 1)[config.neighbours :]] = 0.0
    rows.eliminate_zeros()
    return rows.astype(np.float32)
