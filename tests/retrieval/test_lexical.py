"""Search by words."""

import pytest

from retrieval.lexical import LexicalIndex
from retrieval.text import fold, singular, terms, tokens

TEXTS = {
    "a": "Comedies about robots",
    "b": "A robot falls in love. Robot, robot!",
    "c": "Café Müller",
    "d": "一部关于机器人的喜剧电影",
    "e": "",
}


@pytest.fixture
def index() -> LexicalIndex:
    return LexicalIndex(list(TEXTS), list(TEXTS.values()))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ROBOTS", ["b", "a"]),
        ("the comedy", ["a"]),
        ("cafe muller", ["c"]),
        ("喜剧", ["d"]),
        ("robot 喜剧", ["d", "b", "a"]),
        ("the of and", []),
        ("", []),
        ("🙂", []),
    ],
)
def test_words_find_their_texts(index: LexicalIndex, query: str, expected: list[str]) -> None:
    """Without regard to case, accents and plural; Chinese by its words; stop words find nothing."""
    found = [item_id for item_id, _ in index.search(query, 10)]

    assert sorted(found) == sorted(expected)
    if query == "ROBOTS":
        assert found == expected


def test_at_most_the_limit_is_found(index: LexicalIndex) -> None:
    assert len(index.search("robot comedies 喜剧", 2)) == 2
    assert index.search("robot", 0) == []


def test_texts_without_words_can_be_indexed() -> None:
    """Nothing is found in them, and nothing breaks."""
    assert LexicalIndex([], []).search("robot", 5) == []
    assert LexicalIndex(["a"], ["the of"]).search("robot", 5) == []


def test_words_keep_their_places() -> None:
    """Apostrophes and ampersands do not shift them."""
    text = "Milo's Café & 灯笼游行2"

    assert [(token.text, text[token.start : token.end]) for token in tokens(text)] == [
        ("milos", "Milo's"), ("cafe", "Café"), ("and", "&"), ("灯笼游行", "灯笼游行"), ("2", "2"),
    ]  # fmt: skip


def test_folding_and_singular() -> None:
    assert fold("ÉTÉ Straße") == "ete strasse"
    assert [singular(word) for word in ("comedies", "boxes", "films", "glass", "gas", "bus")] == [
        "comedy", "box", "film", "glass", "gas", "bus",
    ]  # fmt: skip
    assert terms("The Director's films") == ["director", "film"]
