"""Matrix factorisation: fold-in is what implicit itself would solve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from implicit.cpu.als import AlternatingLeastSquares
from invented_shop import fans, shelf_of, shop_items
from scipy.sparse import csr_matrix

from ranking.actions import ActionsConfig
from ranking.factors import FactorsConfig, confidences, train_factors
from ranking.interactions import gather

CONFIG = FactorsConfig(dimensions=16)


def trained(config=CONFIG):
    shelf = shelf_of(shop_items())
    interactions = gather(fans(), ActionsConfig(), shelf.catalogue.ids)
    embeddings = shelf.matrix[shelf.catalogue.positions(interactions.item_ids)]
    return interactions, train_factors(interactions, embeddings, config)


INTERACTIONS, FACTORS = trained()


def recalculated(positions, strengths):
    """The same person by implicit, given the same confidences."""
    model = AlternatingLeastSquares(
        factors=CONFIG.dimensions, regularization=CONFIG.regularization, alpha=1.0
    )
    model.item_factors = FACTORS.item_factors
    rows = np.zeros(len(positions), dtype=int)
    shape = (1, len(FACTORS.item_ids))
    confidence = csr_matrix(
        (confidences(strengths, CONFIG).astype(np.float32), (rows, positions)), shape=shape
    )
    return model.recalculate_user(0, confidence)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.integers(0, len(FACTORS.item_ids) - 1), st.floats(0.0625, 4.0, width=32), min_size=1, max_size=30
    )
)
def test_fold_in_equals_recalculate_user(history):
    positions, strengths = np.array(list(history)), np.array(list(history.values()))

    folded = FACTORS.fold_in(FACTORS.item_factors[positions], strengths)

    np.testing.assert_allclose(folded, recalculated(positions, strengths), atol=1e-5)


def test_no_history_is_a_vector_of_zeros():
    folded = FACTORS.fold_in(np.empty((0, 16), dtype=np.float32), np.empty(0))

    assert folded.shape == (16,)
    assert not folded.any()


def test_a_fan_of_one_kind_is_folded_in_next_to_that_kind():
    lanterns = [place for place, one in enumerate(FACTORS.item_ids) if one.startswith("lantern")]
    user = FACTORS.fold_in(FACTORS.item_factors[lanterns[:3]], np.ones(3))

    scores = FACTORS.item_factors @ user  # (n,)

    assert scores[lanterns[3:]].mean() > 3 * np.delete(scores, lanterns).mean()


def test_equal_seeds_give_equal_factors_and_another_seed_others():
    assert np.array_equal(trained()[1].item_factors, FACTORS.item_factors)
    other = trained(CONFIG.model_copy(update={"seed": 1}))[1]
    assert not np.array_equal(other.item_factors, FACTORS.item_factors)


def test_an_item_without_behaviour_gets_factors_like_those_of_its_kind():
    shelf = shelf_of(shop_items())
    new = FACTORS.from_text(shelf.encoder.encode(["lantern 77 a lantern"]))[0]
    of_kind = {
        kind: np.mean(
            [f for one, f in zip(FACTORS.item_ids, FACTORS.item_factors, strict=True) if kind in one], axis=0
        )
        for kind in ("lantern", "kettle", "rug", "puzzle")
    }

    assert max(of_kind, key=lambda kind: float(of_kind[kind] @ new)) == "lantern"


def test_confidence_is_always_above_that_of_an_unobserved_pair():
    assert confidences(np.array([0.01, 2.0]), CONFIG) == pytest.approx([1.1, 21.0])
