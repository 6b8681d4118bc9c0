"""Retrieval over the invented films, with the real encoder and the real store."""

import numpy as np
import pytest
from invented_films import CONFIG
from sqlalchemy import Engine

from retrieval import search
from retrieval.embedding import EncoderConfig, TextEncoder
from retrieval.filters import Constraint
from retrieval.langchain import CatalogueRetriever, candidates_of
from retrieval.open import Retrieval, open_retrieval


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("an android alone in outer space", "f11"),
        ("something funny about death", "f09"),
        ("lovers on a spaceship", "f10"),
        ("a cowboy film with a sheriff", "f12"),
        ("Wen Zhao", "f07"),
        ("迷路的孩子", "f08"),
    ],
)
def test_a_description_finds_its_film(retrieval: Retrieval, query: str, expected: str) -> None:
    """By meaning, by a name in a field, and in a language that the encoder does not read."""
    assert expected in [candidate.item_id for candidate in retrieval.retriever.retrieve(query, limit=3)]


def test_scores_fall_and_say_where_they_come_from(retrieval: Retrieval) -> None:
    """Best first; cosine and BM25 beside the merged score."""
    found = retrieval.retriever.retrieve("lonely robot")

    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert found[0].item_id == "f11"
    assert found[0].semantic > 0.3
    assert found[0].lexical > 0
    assert any(c.lexical == 0 for c in found)


def test_constraints_and_exclusions_always_hold(retrieval: Retrieval) -> None:
    """Whatever the query would rather have."""
    found = retrieval.retriever.retrieve(
        "a robot in space",
        constraints=[Constraint("genres", "eq", "Crime"), Constraint("year", "lt", 2000)],
        excluded={"f01", "unknown"},
    )

    assert {c.item_id for c in found} == {"f02", "f20"}


def test_the_index_finds_what_exact_search_finds(
    retrieval: Retrieval, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large catalogues ask Chroma and filter after; here it is made to."""
    wish = {"constraints": [Constraint("year", "gte", 1990)], "excluded": ["f11"], "limit": 5}
    exact = retrieval.retriever.retrieve("a robot in space", **wish)
    monkeypatch.setattr(search, "EXACT_BELOW", 0)

    assert retrieval.retriever.retrieve("a robot in space", **wish) == exact


def test_nothing_asked_finds_nothing(retrieval: Retrieval) -> None:
    """An empty query, a limit of none, and constraints that no film meets."""
    assert retrieval.retriever.retrieve("  ") == []
    assert retrieval.retriever.retrieve("robot", limit=0) == []
    assert retrieval.retriever.retrieve("robot", constraints=[Constraint("year", "gt", 3000)]) == []


def test_a_query_the_encoder_cannot_read_has_no_meaning_scores(retrieval: Retrieval) -> None:
    """Its words still find."""
    found = retrieval.retriever.retrieve("推荐一部关于灯笼的动画")

    assert found[0].item_id == "f08"
    assert all(c.semantic == 0 for c in found)


def test_a_vector_takes_the_place_of_the_query(retrieval: Retrieval) -> None:
    """As for "more like this", where there are no words."""
    vector = retrieval.matrix[retrieval.catalogue.position("f11")]

    found = retrieval.retriever.retrieve("", vector=vector, limit=3)

    assert found[0].item_id == "f11"
    assert found[0].semantic == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("query", ["🙂", "\u202eمرحبا", "x" * 100_000, "a\0b", "'; drop table items"])
def test_odd_queries_are_served(retrieval: Retrieval, query: str) -> None:
    retrieval.retriever.retrieve(query)


def test_the_langchain_retriever_gives_the_same_candidates(retrieval: Retrieval) -> None:
    """`invoke` takes the constraints, and its documents can be read back."""
    chain = CatalogueRetriever(retriever=retrieval.retriever)
    wish = {"constraints": [Constraint("language", "eq", "English")], "limit": 4}

    documents = chain.invoke("a heist", **wish)

    assert candidates_of(documents) == retrieval.retriever.retrieve("a heist", **wish)
    first = documents[0]
    assert first.id == first.metadata["item_id"]
    assert retrieval.catalogue[first.metadata["item_id"]].title in first.page_content


def test_the_matrix_rows_are_the_items(retrieval: Retrieval, encoder: TextEncoder) -> None:
    """In catalogue order, unit length."""
    catalogue = retrieval.catalogue
    own = encoder.encode([catalogue.card_text(catalogue["f16"])])[0]

    assert retrieval.matrix.shape == (len(catalogue), 384)
    np.testing.assert_allclose(retrieval.matrix[catalogue.position("f16")], own, atol=1e-4)


def test_an_empty_catalogue_opens_and_finds_nothing(engine: Engine, encoder: TextEncoder, tmp_path) -> None:
    """A service that has not been fed yet still answers."""
    empty = open_retrieval(engine, tmp_path, CONFIG, EncoderConfig(), encoder=encoder)

    assert empty.retriever.retrieve("robot") == []
    assert empty.matrix.shape == (0, 384)
