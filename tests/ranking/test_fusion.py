"""The blend of text and factors."""

import numpy as np
import pytest

from ranking.fusion import FusionConfig, Signals, alpha_for, fuse, standardise

ALONE = FusionConfig(query=0, lexical=0, popularity=0)


def signals(semantic, mf):
    zeros = np.zeros(len(semantic), dtype=np.float32)
    return Signals(np.float32(semantic), zeros, zeros, np.float32(mf), zeros)


def test_alpha_shrinks_from_start_to_floor_as_behaviour_grows():
    config = FusionConfig()

    assert alpha_for(config, 0) == config.alpha_start
    assert alpha_for(config, 10) == pytest.approx((config.alpha_start + config.alpha_floor) / 2)
    assert alpha_for(config, 10**9) == pytest.approx(config.alpha_floor)
    assert alpha_for(FusionConfig(alpha=0.25), 10**9) == 0.25


def test_the_blend_of_scores_is_the_dot_product_of_the_concatenated_scaled_vectors():
    random = np.random.default_rng(0)
    s_user, m_user = random.normal(size=8), random.normal(size=3)
    s_items, m_items = random.normal(size=(20, 8)), random.normal(size=(20, 3))
    alpha = 0.3

    blended = alpha * (s_items @ s_user) + (1 - alpha) * (m_items @ m_user)
    joined_user = np.concatenate([np.sqrt(alpha) * s_user, np.sqrt(1 - alpha) * m_user])
    joined_items = np.concatenate([np.sqrt(alpha) * s_items, np.sqrt(1 - alpha) * m_items], axis=1)

    np.testing.assert_allclose(blended, joined_items @ joined_user)


def test_standardising_only_rescales_the_users_vectors():
    """The fused order is that of the dot product with the user's vectors divided by the spreads."""
    random = np.random.default_rng(1)
    semantic, mf = random.normal(size=20).astype(np.float32), 50 * random.normal(size=20).astype(np.float32)

    fused = fuse(signals(semantic, mf), 0.4, ALONE)
    plain = 0.4 * semantic / semantic.std() + 0.6 * mf / mf.std()

    assert np.ptp(fused - plain) == pytest.approx(0, abs=1e-5)


def test_alpha_1_is_text_alone_and_alpha_0_factors_alone():
    both = signals([1, 2, 3], [3, 2, 1])

    assert np.argmax(fuse(both, 1.0, ALONE)) == 2
    assert np.argmax(fuse(both, 0.0, ALONE)) == 0


def test_a_family_that_knows_nothing_does_not_count():
    assert not standardise(np.full(4, 7, dtype=np.float32)).any()
    assert standardise(np.empty(0, dtype=np.float32)).size == 0
