"""The catalogue in memory."""

import numpy as np
import pytest
from invented_films import CONFIG

from retrieval.catalogue import Catalogue
from retrieval.errors import CatalogueError
from retrieval.items import Item


def test_rows_and_ids_share_one_order(catalogue: Catalogue) -> None:
    """A position leads to the same item everywhere."""
    assert catalogue.ids == sorted(catalogue.ids)
    assert all(catalogue.position(item_id) == index for index, item_id in enumerate(catalogue.ids))
    assert catalogue.items[catalogue.position("f11")].title == "The Quiet Orbit"
    assert catalogue.positions(["f03", "nobody", "f01"]).tolist() == [2, 0]


def test_an_unknown_item_is_none_or_an_error(catalogue: Catalogue) -> None:
    """`get` is for asking, the brackets are for ids that must be there."""
    assert catalogue.get("nobody") is None
    assert "nobody" not in catalogue
    with pytest.raises(CatalogueError, match="'nobody'"):
        catalogue["nobody"]


def test_values_and_numbers_index_the_fields(catalogue: Catalogue) -> None:
    """Each value with its items; NaN stands for no number."""
    assert [catalogue.ids[p] for p in catalogue.values("genres")["Crime"]] == [
        "f01",
        "f02",
        "f03",
        "f20",
        "f24",
    ]
    assert catalogue.numbers("year")[0] == 1994
    assert np.isnan(catalogue.numbers("year")[catalogue.position("f23")])


def test_a_card_says_title_year_fields_and_description(catalogue: Catalogue) -> None:
    """What the encoder reads; numbers are left to filters."""
    card = catalogue.card_text(catalogue["f01"])

    assert card.startswith("The Copper Harbour (1994). Genres: Crime, Drama. Director: Ada Quill")
    assert "A dock worker hides stolen money" in card
    assert "128" not in card
    assert catalogue.card_text(catalogue["f23"]) == "Some Kind of Weather. Genres: Drama"


def test_the_digest_follows_every_change(catalogue: Catalogue) -> None:
    """Artefacts of another catalogue can be told by it."""
    same = Catalogue(CONFIG, catalogue.items)
    other = Catalogue(CONFIG, [*catalogue.items[:-1], Item("f24", "Renamed", "")])

    assert same.digest == catalogue.digest
    assert other.digest != catalogue.digest


def test_an_empty_catalogue_is_a_catalogue() -> None:
    empty = Catalogue(CONFIG, [])

    assert len(empty) == 0
    assert empty.numbers("year").shape == (0,)
    assert dict(empty.values("genres")) == {}
