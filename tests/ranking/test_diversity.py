"""Maximal marginal relevance on vectors one can see."""

import numpy as np

from ranking.diversity import mmr

TWINS_AND_A_STRANGER = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
RELEVANCE = np.array([1.0, 0.9, 0.5], dtype=np.float32)


def test_without_strength_the_order_is_relevance():
    assert mmr(RELEVANCE, TWINS_AND_A_STRANGER, 3, 0.0) == [0, 1, 2]


def test_with_strength_a_twin_gives_way_to_a_stranger():
    assert mmr(RELEVANCE, TWINS_AND_A_STRANGER, 3, 0.6) == [0, 2, 1]


def test_short_and_empty_lists():
    assert mmr(RELEVANCE, TWINS_AND_A_STRANGER, 9, 0.2) == [0, 1, 2]
    assert mmr(RELEVANCE, TWINS_AND_A_STRANGER, 0, 0.2) == []
    assert mmr(np.empty(0, dtype=np.float32), np.empty((0, 2), dtype=np.float32), 3, 0.2) == []
