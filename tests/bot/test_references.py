"""Pointing words, over a list that was shown."""

import pytest
from conftest import NOW

from bot.references import References

SHOWN = ("parasite-2019", "inception-2010", "toy-story-1995", "alien-1979", "casablanca-1942")
PARASITE, INCEPTION, TOY_STORY, ALIEN, CASABLANCA = SHOWN


@pytest.fixture(scope="module")
def resolve(films):
    references = References(films.retrieval.catalogue, films.retrieval.titles, films.grounder.values)
    return lambda words, shown=SHOWN, focus=(): references.resolve(words, shown, focus, NOW)


@pytest.mark.parametrize(
    ("words", "items"),
    [
        ("the first one", [PARASITE]),
        ("the last one", [CASABLANCA]),
        ("number 3", [TOY_STORY]),
        ("#2", [INCEPTION]),
        ("option two", [INCEPTION]),
        ("2 and 4", [INCEPTION, ALIEN]),
        ("second and third", [INCEPTION, TOY_STORY]),
        ("the first two", [PARASITE, INCEPTION]),
        ("the last two", [ALIEN, CASABLANCA]),
        ("the middle one", [TOY_STORY]),
    ],
)
def test_items_are_meant_by_place(resolve, words, items):
    """In words, digits, and several at once."""
    assert resolve(words) == items


@pytest.mark.parametrize(
    ("words", "items"),
    [
        ("the korean one", [PARASITE]),
        ("the Nolan one", [INCEPTION]),
        ("the Nolan film", [INCEPTION]),
        ("the animated one", [TOY_STORY]),
        ("the one with Sigourney Weaver", [ALIEN]),
        ("the scary one", [ALIEN]),
        ("the shorter one", [TOY_STORY]),
        ("the oldest", [CASABLANCA]),
        ("the 1979 one", [ALIEN]),
        ("the one from the 70s", [ALIEN]),
        ("the sci-fi", [INCEPTION, ALIEN]),
    ],
)
def test_items_are_meant_by_what_sets_them_apart(resolve, words, items):
    """People, values, degrees and years."""
    assert resolve(words) == items


def test_items_are_meant_by_title(resolve):
    """Shown or not."""
    assert resolve("Toy Story") == [TOY_STORY]
    assert resolve("Heat") == ["heat-1995"]


def test_it_is_what_was_spoken_of(resolve):
    """And not the film of that name."""
    assert resolve("it", focus=(ALIEN,)) == [ALIEN]
    assert resolve("that one", focus=(ALIEN,)) == [ALIEN]


def test_those_are_the_list(resolve):
    """Both are two."""
    assert resolve("those") == list(SHOWN)
    assert resolve("both", shown=SHOWN[:2]) == [PARASITE, INCEPTION]
    assert resolve("the other one", shown=SHOWN[:2], focus=(PARASITE,)) == [INCEPTION]


@pytest.mark.parametrize(
    "words", ["number 9", "the western", "the black and white one", "the one from the 60s"]
)
def test_what_nothing_fits_means_nothing(resolve, words):
    """Rather none than a wrong one: a reaction to it would be learned."""
    assert resolve(words) == []


def test_nothing_shown_means_nothing(resolve):
    """No list, no second one."""
    assert resolve("the second one", shown=()) == []


def test_the_cheaper_one_is_cheaper(shop):
    """Degrees work over any field of numbers."""
    references = References(shop.retrieval.catalogue, shop.retrieval.titles, shop.grounder.values)
    shown = ["fernway-22-daypack", "beetle-dash", "bramble-trail"]

    assert references.resolve("the cheaper one", shown, (), NOW) == ["beetle-dash"]
    assert references.resolve("the most expensive one", shown, (), NOW) == ["bramble-trail"]
    assert references.resolve("the blue one", shown, (), NOW) == []


def test_all_but_one_are_the_rest(resolve):
    """And "the others" are those not spoken of, though a film is called so."""
    assert resolve("all but the first one") == [*SHOWN[1:]]
    assert resolve("the others", focus=(ALIEN,)) == [item for item in SHOWN if item != ALIEN]


def test_an_it_that_may_be_any_of_five_is_none(resolve):
    assert resolve("it") == []
    assert resolve("it", shown=SHOWN[:1]) == [PARASITE]
