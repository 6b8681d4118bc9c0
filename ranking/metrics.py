"""Figures for ranked lists, worked on plain ids. Knows nothing of models or users."""

import math
from collections.abc import Collection, Sequence

import numpy as np


def recall_at_k(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of relevant items in the first k; 0 when nothing is relevant."""
    wanted = set(relevant)
    return len(wanted.intersection(ranked[:k])) / len(wanted) if wanted else 0.0


def ndcg_at_k(ranked: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Discounted gain of the first k over the best possible; every relevant item gains 1."""
    wanted = set(relevant)
    gain = sum(1 / math.log2(place + 2) for place, item in enumerate(ranked[:k]) if item in wanted)
    best = sum(1 / math.log2(place + 2) for place in range(min(k, len(wanted))))
    return gain / best if best else 0.0


def bootstrap_interval(
    values: Sequence[float], *, resamples: int = 2000, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float, float]:
    """Mean of `values` with the ends of its percentile interval; (nan, nan, nan) when empty."""
    if not values:
        return math.nan, math.nan, math.nan
    sample = np.asarray(values, dtype=np.float64)
    random = np.random.default_rng(seed)
    means = np.array([random.choice(sample, sample.size).mean() for _ in range(resamples)])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(sample.mean()), float(low), float(high)
