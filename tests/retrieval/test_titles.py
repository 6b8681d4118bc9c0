"""Titles in free text and in spans."""

import pytest
from invented_films import CONFIG

from retrieval.catalogue import Catalogue
from retrieval.embedding import TextEncoder
from retrieval.items import Item
from retrieval.titles import TitleIndex


@pytest.fixture(scope="module")
def titles(catalogue: Catalogue, encoder: TextEncoder) -> TitleIndex:
    return TitleIndex(catalogue, encoder.word_ranks)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("The Copper Harbour", "f01"),
        ("copper harbour", "f01"),
        ("Copper Harbour, The (1994)", "f01"),
        ("the winter ledger", "f20"),
        ("Winter Ledger", "f20"),
        ("festival of lamps", "f07"),
        ("Copper Harbour 2", "f02"),
        ("copper harbour ii", "f02"),
        ("copper harbour two", "f02"),
        ("the second copper harbour", "f02"),
        ("the first Copper Harbour film", "f01"),
        ("copper harbour part 3", "f03"),
        ("the last copper harbour movie", "f03"),
        ("low tide", "f03"),
        ("Below (1961)", "f05"),
        ("below 2012", "f04"),
        ("below from 1962", "f05"),
        ("Us", "f06"),
        ("brass and bone", "f12"),
        ("amelie of the marsh", "f13"),
        ("mourning at milos", "f09"),
        ("paper clip empire", "f17"),
        ("papercip empir", "f17"),
        ("nihgt of the velvet moth", "f15"),
        ("velvet moth", None),
        ("zero gravity", "f10"),
        ("that movie Goldfinches", "f21"),
        ("gold finches", "f21"),
        ("灯笼游行", "f08"),
        ("1984 summers", "f18"),
        ("nothing that is here", None),
        ("", None),
        ("!?", None),
    ],
)
def test_a_span_leads_to_its_item(titles: TitleIndex, span: str, expected: str | None) -> None:
    """Years, articles, numbers, aliases, accents, spaces and typing errors."""
    found = titles.resolve(span)

    assert (found[0][0] if found else None) == expected


def test_namesakes_are_all_returned(titles: TitleIndex) -> None:
    """The caller may ask back."""
    assert {item_id for item_id, _ in titles.resolve("Below")} == {"f04", "f05"}


def test_a_sure_span_scores_higher_than_a_guess(titles: TitleIndex) -> None:
    exact, guess = titles.resolve("Goldfinches")[0][1], titles.resolve("goldfnches")[0][1]

    assert 0 < guess < exact <= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "I loved the copper harbour and Goldfinches!",
            [("f01", "the copper harbour"), ("f21", "Goldfinches")],
        ),
        ("anything like Paperclip Empire?", [("f17", "Paperclip Empire")]),
        ("something like the second Copper Harbour", [("f02", "second Copper Harbour")]),
        ("copper harbour 2 was better", [("f02", "copper harbour 2")]),
        ("Copper Harbour: Low Tide, then", [("f03", "Copper Harbour: Low Tide")]),
        ("i liked papercip empire", [("f17", "papercip empire")]),
        ("have you got Below (1961)?", [("f05", "Below (1961)")]),
        ("what is hidden below the sea", []),
        ("I loved Below", [("f04", "Below")]),
        ('is "below" any good', [("f04", "below")]),
        ("Below", [("f04", "Below")]),
        ("tell us a story", []),
        ("Us or Below?", [("f04", "Below")]),
        ("we watched Us yesterday", [("f06", "Us")]),
        ("show me a western", []),
        ("I love Western landscapes", []),
        ('I loved "Western"', [("f14", "Western")]),
        ("brass & bone please", [("f12", "brass & bone")]),
        ("我想看灯笼游行，谢谢", [("f08", "灯笼游行")]),
        ("أحب Goldfinches 🙂", [("f21", "Goldfinches")]),
        ("", []),
    ],
)
def test_free_text_names_items(titles: TitleIndex, text: str, expected: list[tuple[str, str]]) -> None:
    """Everyday words count only when something marks them as a title."""
    found = titles.mentions(text)

    assert [(mention.item_id, text[mention.start : mention.end]) for mention in found] == expected


def test_everyday_words_are_known_without_an_encoder() -> None:
    """Function words, and words that other descriptions use."""
    described = [Item(f"x{n}", f"Tale {n}", "A barge on the river") for n in range(3)]
    index = TitleIndex(Catalogue(CONFIG, [*described, Item("barge", "Barge", ""), Item("up", "Up", "")]))

    assert index.mentions("a slow barge trip, cheer me up") == []
    assert [mention.item_id for mention in index.mentions("we saw Barge and Up")] == ["barge", "up"]


def test_an_empty_catalogue_names_nothing() -> None:
    empty = TitleIndex(Catalogue(CONFIG, []))

    assert empty.mentions("I loved Goldfinches") == []
    assert empty.resolve("Goldfinches") == []


def test_a_very_long_text_is_read(titles: TitleIndex) -> None:
    assert len(titles.mentions("Goldfinches and again " * 2000)) == 2000


def test_another_year_means_another_film(titles: TitleIndex) -> None:
    """Which is not here: the one that is may be offered, never taken for sure."""
    (item_id, score) = titles.resolve("The Winter Ledger")[0]
    (again, doubtful) = titles.resolve("The Winter Ledger (1929)")[0]

    assert item_id == again
    assert doubtful < 0.75 <= score
