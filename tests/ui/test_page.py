"""What the page's events do, over a facade that answers from a list."""

import pytest

from tests.bot.fakes import FixedParley
from ui.app import Page, build_page
from ui.cards import Shelf


class Event:
    def __init__(self, **data):
        self._data = data


@pytest.fixture
def parley(tmp_path):
    return FixedParley(tmp_path)


@pytest.fixture
def page(parley):
    return Page(parley, lambda request: request)


def test_a_turn_is_shown_and_comes_back_on_reload(page):
    """The request stands for the visitor here."""
    said, cards, shelf = page.answer("something <b>calm</b>", [], Shelf(), "ann")

    assert said[-1]["content"] == "You said: something &lt;b&gt;calm&lt;/b&gt;"
    assert "The Lantern Keeper" in cards
    restored, cards_again, shelf_again = page.restore("ann")
    assert [one["role"] for one in restored] == ["user", "assistant"]
    assert cards_again == cards
    assert shelf_again == shelf
    assert page.restore("bob")[0] == []


def test_a_reaction_is_recorded_shown_and_undone(page, parley):
    shelf = page.answer("calm", [], Shelf(), "ann")[2]

    cards, shelf = page.react(shelf, Event(item_id="owl", action="like"), "ann")
    assert "You like it" in cards
    assert (parley.events[0].item_id, parley.events[0].turn_id) == ("owl", shelf.turn_id)
    assert "You like it" in page.restore("ann")[1]

    cards, shelf = page.react(shelf, Event(item_id="owl", action="undo", event_id="forged"), "ann")
    assert "You like it" not in cards
    assert parley.events == []


@pytest.mark.parametrize(
    "data", [{}, {"item_id": "unshown", "action": "like"}, {"item_id": "owl", "action": "x"}]
)
def test_a_made_up_click_does_nothing(page, parley, data):
    shelf = page.answer("calm", [], Shelf(), "ann")[2]
    page.react(shelf, Event(**data), "ann")
    assert parley.events == []


def test_an_error_is_an_answer_and_the_cards_stay(page):
    said, cards, shelf = page.answer("calm", [], Shelf(), "ann")
    said, cards_after, _ = page.answer("x" * 5000, said, shelf, "ann")
    assert "too long" in said[-1]["content"]
    assert cards_after == cards


def test_without_a_cookie_the_page_says_so(page):
    said, _, _ = page.answer("calm", [], Shelf(), None)
    assert "cookie" in said[-1]["content"]
    assert page.restore(None)[0] == []


def test_the_page_uses_fonts_of_the_system(parley):
    assert build_page(parley, lambda request: "ann").title == "Parley"
