"""Figures on lists worked out by hand."""

import math

import pytest

from ranking.metrics import bootstrap_interval, ndcg_at_k, recall_at_k


def test_recall_is_the_share_of_relevant_items_found():
    assert recall_at_k(["a", "b", "c"], {"b", "z"}, 2) == 0.5
    assert recall_at_k(["a", "b", "c"], {"c"}, 2) == 0
    assert recall_at_k(["a"], set(), 2) == 0


def test_ndcg_discounts_by_place():
    assert ndcg_at_k(["a", "b"], {"a", "b"}, 2) == pytest.approx(1)
    assert ndcg_at_k(["x", "a"], {"a"}, 2) == pytest.approx(1 / math.log2(3))
    assert ndcg_at_k(["x"], set(), 2) == 0


def test_the_interval_holds_the_mean_and_repeats_by_seed():
    values = [0.0, 1.0] * 50
    mean, low, high = bootstrap_interval(values, seed=3)

    assert mean == 0.5
    assert 0.35 < low < 0.5 < high < 0.65
    assert bootstrap_interval(values, seed=3) == (mean, low, high)
    assert all(math.isnan(figure) for figure in bootstrap_interval([]))
