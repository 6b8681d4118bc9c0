"""Everyone's events as one table of (person, item, strength): what training starts from.

Columns are gathered in flat arrays and grouped by sorting, so that millions of events fit.
"""

from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ranking.actions import ActionsConfig
from ranking.events import BehaviourEvent


@dataclass(frozen=True, slots=True)
class Interactions:
    """What people are for: one row per person and item with a strength above 0, sorted by person."""

    item_ids: tuple[str, ...]
    n_users: int
    n_events: int
    """How many events were read, also those against their item."""
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    """Positions in `item_ids`."""
    strength: NDArray[np.float64]
    latest: NDArray[np.float64]
    """Time of the person's last event with the item, in epoch seconds."""

    def matrix(self, values: NDArray[np.float64]) -> csr_matrix:
        """`values`, one per row, as a sparse (n_users, n_items) matrix."""
        shape = (self.n_users, len(self.item_ids))
        return csr_matrix((values.astype(np.float32), (self.users, self.items)), shape=shape)


def gather(events: Iterable[BehaviourEvent], actions: ActionsConfig, known: Collection[str]) -> Interactions:
    """Group `events` by person and item, leaving out items that are not `known`.

    Strengths join as in `events.strengths`: they add up, and a later opinion replaces an earlier one.
    """
    known_ids = set(known)
    user_index: dict[str, int] = {}
    item_index: dict[str, int] = {}
    users, items, strength, opinion, when = array("q"), array("q"), array("d"), array("b"), array("d")
    for event in events:
        if event.item_id not in known_ids:
            continue
        spec = actions.actions.get(event.action)
        users.append(user_index.setdefault(event.user_id, len(user_index)))
        items.append(item_index.setdefault(event.item_id, len(item_index)))
        strength.append(actions.strength(event.action, event.value))
        opinion.append(spec is not None and spec.opinion)
        when.append(event.timestamp.timestamp())
    columns = [np.array(column) for column in (users, items, strength, opinion, when)]
    return _group(columns, list(item_index))


def _group(columns: list[NDArray[np.generic]], item_ids: list[str]) -> Interactions:
    users, items, strength, opinion, when = columns
    n_events = users.size
    order = np.lexsort((when, items, users))  # stable: equal times stay as recorded
    users, items, strength, when = users[order], items[order], strength[order], when[order]
    opinion = opinion[order].astype(bool)

    first = np.ones(n_events, dtype=bool)
    first[1:] = (users[1:] != users[:-1]) | (items[1:] != items[:-1])
    starts = np.flatnonzero(first)
    if not starts.size:
        empty = np.empty(0)
        return Interactions((), 0, 0, empty.astype(np.int64), empty.astype(np.int64), empty, empty)
    last_opinion = np.maximum.reduceat(np.where(opinion, np.arange(n_events), -1), starts)
    total = np.add.reduceat(np.where(opinion, 0.0, strength), starts)
    total += np.where(last_opinion >= 0, strength[last_opinion], 0.0)
    ends = np.append(starts[1:], n_events) - 1

    positive = total > 0
    rows = starts[positive]
    kept_users, user_rows = np.unique(users[rows], return_inverse=True)
    kept_items, item_rows = np.unique(items[rows], return_inverse=True)
    return Interactions(
        tuple(item_ids[item] for item in kept_items),
        kept_users.size,
        n_events,
        user_rows.astype(np.int64),
        item_rows.astype(np.int64),
        total[positive],
        when[ends[positive]].astype(np.float64),
    )
