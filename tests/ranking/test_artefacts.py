"""Trained versions on disk: whole, checked, and refused where they do not belong."""

import numpy as np
import pytest
from invented_shop import fans, shelf_of, shop_items

from ranking.artefacts import FOLDER, KEPT_VERSIONS, load_model
from ranking.errors import ArtefactError, RankingError
from ranking.open import open_ranking, origin_of
from ranking.train import train


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def version(engine, state, shelf, log):
    log.append(None, fans())
    return train(engine, state, shelf).version


def test_a_version_is_read_as_it_was_written(engine, state, shelf, version):
    model = load_model(state, version, origin_of(shelf))
    again = load_model(state, train(engine, state, shelf).version, origin_of(shelf))

    assert np.array_equal(model.factors.item_factors, again.factors.item_factors)
    assert (model.neighbours != again.neighbours).nnz == 0
    assert model.factors.item_ids == again.factors.item_ids


@pytest.mark.parametrize("part", ["arrays.safetensors", "description.json"])
def test_a_damaged_version_is_refused(state, shelf, version, part):
    path = state / FOLDER / version / part
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(ArtefactError, match="parley train"):
        load_model(state, version, origin_of(shelf))


def test_a_missing_version_is_refused(state, shelf, version):
    with pytest.raises(ArtefactError, match="cannot be read"):
        load_model(state, "20000101T000000", origin_of(shelf))


def test_another_catalogue_is_refused(engine, state, version):
    with pytest.raises(ArtefactError, match="trained for the catalogue 'shop'"):
        open_ranking(engine, state, shelf_of(shop_items(), name="library"))


def test_another_encoder_is_refused(engine, state, shelf, version):
    shelf.encoder.digest = "letters"

    with pytest.raises(ArtefactError, match="another text encoder"):
        open_ranking(engine, state, shelf)


def test_other_items_under_the_same_name_are_refused(engine, state, version):
    with pytest.raises(ArtefactError, match="other items"):
        open_ranking(engine, state, shelf_of(shop_items()[:3]))


def test_old_versions_are_removed_and_the_current_one_stays(engine, state, shelf, version):
    for _ in range(KEPT_VERSIONS):
        newest = train(engine, state, shelf).version

    kept = {folder.name for folder in (state / FOLDER).iterdir()}
    assert newest in kept
    assert version not in kept
    assert len(kept) == KEPT_VERSIONS


def test_nothing_of_any_person_is_in_a_version(state, version):
    for path in (state / FOLDER / version).iterdir():
        assert b"fan-of" not in path.read_bytes()


def test_training_on_nothing_says_so(engine, state, shelf):
    with pytest.raises(RankingError, match="nothing to train on"):
        train(engine, state, shelf)
