"""Candidates by behaviour, worked out by hand."""

import numpy as np
import pytest
from invented_shop import act

from ranking.interactions import gather
from ranking.sources import SourcesConfig, cooccurrence, popularity, top

IDS = ["a", "b", "c"]
DAY = 24 * 60


def test_popularity_counts_each_person_once_and_fades(actions):
    """Two old takers count as one new one, at one half-life."""
    config = SourcesConfig(popularity_half_life_days=10)
    events = [
        act("ann", "a", "click", 0),
        act("ann", "a", "like", 0),
        act("bob", "a", "like", 0),
        act("cid", "b", "like", 10 * DAY),
    ]

    interactions = gather(events, actions, IDS)
    found = dict(zip(interactions.item_ids, popularity(interactions, config), strict=True))

    assert found == pytest.approx({"a": np.log(2), "b": np.log(2)})


def test_things_that_the_same_people_took_go_together(actions):
    events = [
        act("ann", "a", "like"),
        act("ann", "b", "like"),
        act("bob", "a", "like"),
        act("bob", "b", "like"),
    ]
    events += [act("cid", "c", "like"), act("cid", "b", "like")]

    interactions = gather(events, actions, IDS)
    likeness = cooccurrence(interactions, SourcesConfig(shrinkage=0)).toarray()

    a, b, c = (interactions.item_ids.index(one) for one in IDS)
    assert likeness[a, b] == pytest.approx(2 / np.sqrt(2 * 3))
    assert likeness[b, c] == pytest.approx(1 / np.sqrt(3))
    assert likeness[a, c] == likeness[a, a] == 0


def test_only_the_closest_neighbours_are_kept(actions):
    events = [act("ann", one, "like") for one in IDS] + [act("bob", one, "like") for one in IDS[:2]]

    interactions = gather(events, actions, IDS)
    likeness = cooccurrence(interactions, SourcesConfig(neighbours=1, shrinkage=0)).toarray()

    a, b, _ = (interactions.item_ids.index(one) for one in IDS)
    assert (likeness > 0).sum(axis=1).max() == 1
    assert likeness[a, b] > 0


def test_a_huge_account_counts_by_its_latest_items_only(actions):
    ids = [f"item-{n}" for n in range(10)]
    events = [act("bot", one, "like", minute) for minute, one in enumerate(ids)]

    interactions = gather(events, actions, ids)
    likeness = cooccurrence(interactions, SourcesConfig(longest_history=3)).toarray()

    linked = {interactions.item_ids[place] for place in np.flatnonzero(likeness.sum(axis=1))}
    assert linked == {"item-7", "item-8", "item-9"}


def test_top_takes_the_best_allowed_and_breaks_ties_by_position():
    scores = np.array([1.0, 3.0, 3.0, 9.0, 0.5], dtype=np.float32)

    assert top(scores, np.array([1, 1, 1, 0, 1], dtype=bool), 3).tolist() == [1, 2, 0]
