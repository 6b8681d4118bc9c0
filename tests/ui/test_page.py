"""What the page's verbs do, over a facade that answers from a list."""

import re
import threading

import pytest

from bot.errors import UnknownBelief, UnknownSession
from storage.errors import StorageError
from tests.bot.fakes import FixedParley
from ui.app import build_page
from ui.page import AT_ONCE, Page


@pytest.fixture
def parley(tmp_path):
    return FixedParley(tmp_path)


@pytest.fixture
def page(parley):
    return Page(parley)


def said(page, message, visitor="ann", **more):
    """All that is shown while `message` is answered."""
    return list(page.say({"token": "t", "message": message, **more}, visitor))


def places(log):
    return [int(place) for place in re.findall(r'data-position="(\d+)"', log)]


def react(page, turn, action, on=True, item="owl", visitor="ann"):
    asked = {"session": "session1", "turn": turn, "item": item, "action": action, "on": on}
    return page.react(asked, visitor)["answers"]


def test_an_answer_grows_and_is_found_again(page):
    steps = said(page, "something <b>calm</b>")
    assert [bool(step.get("done")) for step in steps] == [False] * 6 + [True]
    assert "something &lt;b&gt;calm&lt;/b&gt;" in steps[0]["turn"]
    assert "The Lantern Keeper" in steps[1]["turn"]
    shown = page.open({"session": steps[-1]["session"]}, "ann")
    assert steps[-1]["turn"].removeprefix("<article").split(">", 1)[1] in shown["log"]


def test_a_page_opens_the_latest_conversation_or_the_one_asked_for_or_none(page):
    first, second = said(page, "one")[-1]["session"], said(page, "two")[-1]["session"]
    assert page.open({"session": first}, "ann")["session"] == first
    assert page.open({"session": ""}, "ann")["session"] in (first, second)
    assert page.open({"new": True}, "ann")["session"] == ""
    assert page.open({}, "bob")["log"] == ""
    with pytest.raises(UnknownSession):
        page.open({"session": first}, "bob")


def test_a_long_conversation_comes_in_parts(page, parley):
    for number in range(70):
        parley.chat("ann", f"message {number}", session_id="session1" if number else None)
    latest = page.open({"session": "session1"}, "ann")["log"]
    assert places(latest) == list(range(40, 70))
    assert len(places(latest)) == AT_ONCE
    earlier = page.earlier({"session": "session1", "before": 40}, "ann")["log"]
    assert places(earlier) == list(range(10, 40))
    assert "message 39" in earlier
    assert places(page.earlier({"session": "session1", "before": 10}, "ann")["log"]) == list(range(10))


def test_a_reaction_is_recorded_with_its_turn_shown_and_undone(page, parley):
    said(page, "calm")
    shown = react(page, "session1-turn1", "like")
    assert "You like it" in shown
    (event,) = parley.events
    assert (event.item_id, event.action) == ("owl", "like")
    assert (event.session_id, event.turn_id) == ("session1", "session1-turn1")
    assert "You like it" in page.open({"session": "session1"}, "ann")["log"]
    assert "You like it" not in react(page, "session1-turn1", "like", on=False)
    assert parley.events == []


def test_a_reaction_asked_for_twice_is_recorded_once(page, parley):
    """A click that is sent again after a lost answer changes nothing."""
    said(page, "calm")
    react(page, "session1-turn1", "like")
    react(page, "session1-turn1", "like")
    assert len(parley.events) == 1


def test_like_and_dislike_take_each_others_place_and_seen_stands_beside_them(page, parley):
    said(page, "calm")
    for action in ("like", "seen", "dislike"):
        shown = react(page, "session1-turn1", action)
    assert {event.action for event in parley.events} == {"dislike", "seen"}
    assert "You dislike it · You know it" in shown


def test_a_like_stands_on_the_turn_that_it_was_given_on(page):
    said(page, "calm")
    said(page, "again", session="session1")
    react(page, "session1-turn2", "like")
    turns = page.open({"session": "session1"}, "ann")["log"].split("<article")[1:]
    assert [turn.count('aria-pressed="true"') for turn in turns] == [0, 1]


def test_a_made_up_click_does_nothing(page, parley):
    said(page, "calm")
    react(page, "session1-turn1", "purchase")
    react(page, "session1-turn1", "like", visitor="bob", on=False)
    assert parley.events == []


def test_a_hidden_item_is_kept_off_and_can_come_back(page, parley):
    said(page, "calm")
    asked = {"turn": "session1-turn1", "item": "owl"}
    assert page.hide(asked | {"hidden": True}, "ann")["hidden"]
    assert parley.profile("ann").hidden == ("owl",)
    assert 'data-do="unhide"' in page.open({"session": "session1"}, "ann")["log"]
    assert not page.hide(asked | {"hidden": False}, "ann")["hidden"]
    assert parley.profile("ann").hidden == ()


def test_beliefs_are_shown_and_forgotten(page, parley):
    said(page, "calm")
    react(page, "session1-turn1", "like")
    assert "猫头鹰" in page.beliefs({}, "ann")["beliefs"]
    assert "猫头鹰" not in page.forget({"key": "event:event1"}, "ann")["beliefs"]
    assert parley.events == []
    with pytest.raises(UnknownBelief):
        page.forget({"key": "event:event1"}, "ann")


def test_consent_is_kept(page, parley):
    page.consent({"consent": "session_only"}, "ann")
    assert parley.profile("ann").consent == "session_only"
    page.consent({"consent": "nonsense"}, "ann")
    assert parley.profile("ann").consent == "personalise"


def test_conversations_are_renamed_and_deleted(page, parley):
    said(page, "calm")
    assert "A calm one" in page.rename({"session": "session1", "title": " A  calm\none "}, "ann")["sessions"]
    page.rename({"session": "session1", "title": "  "}, "ann")
    assert parley.sessions("ann")[0]["title"] == "A calm one"
    assert "A calm one" not in page.delete({"session": "session1"}, "ann")["sessions"]


def test_everything_is_erased(page, parley):
    said(page, "calm")
    react(page, "session1-turn1", "like")
    page.erase({}, "ann")
    assert parley.events == []


def test_stopping_ends_the_answer_of_that_visitor_and_tab_only(page, parley):
    began, go_on = threading.Event(), threading.Event()

    def wait():
        began.set()
        go_on.wait(10)

    parley.between = wait
    steps = []
    thread = threading.Thread(target=lambda: steps.extend(said(page, "calm")))
    thread.start()
    assert began.wait(10)
    page.stop({"token": "t"}, "bob")
    page.stop({"token": "other"}, "ann")
    page.stop({"token": "t"}, "ann")
    go_on.set()
    thread.join(10)
    assert steps[-1]["done"]
    assert "Stopped here." in steps[-1]["turn"]
    page.stop({"token": "t"}, "ann")  # an answer that is over


def test_the_last_answer_is_given_anew(page, parley):
    first = said(page, "calm")[-1]
    again = said(page, "calm", session=first["session"], retry="session1-turn1")[-1]
    assert again["done"]
    assert len(parley.session("session1", "ann")["turns"]) == 1


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"message": "x" * 5000}, "The message is too long."),
        ({"message": "calm", "session": "session1"}, "This conversation is gone."),
        ({"message": "calm", "session": "nowhere"}, "This conversation is gone."),
        (
            {"message": "calm", "session": "session2", "retry": "made up"},
            "only that one can be answered anew",
        ),
        ({"message": "explode"}, "Something went wrong here"),
    ],
)
def test_an_error_is_a_sentence(page, parley, asked, sentence):
    parley.chat("bob", "mine")
    parley.chat("ann", "mine")
    (shown,) = page.say({"token": "t", **asked}, "ann")
    assert sentence in shown["error"]
    assert shown["gone"] == ("is gone" in sentence)
    assert "secret" not in shown["error"]


def test_a_store_that_fails_in_the_middle_is_told(page, parley):
    def full():
        raise StorageError("the disk is full; free some space and say it again")

    parley.between = full
    assert said(page, "calm")[-1]["error"] == "The disk is full; free some space and say it again."


def test_without_a_cookie_the_page_says_so(page):
    (shown,) = page.say({"token": "t", "message": "calm"}, None)
    assert "cookie" in shown["error"]


def test_the_greeting_offers_openings(page):
    greeting = page.open({"new": True}, "ann")["greeting"]
    assert greeting.count('data-do="say"') == 2
    assert "3 films" in greeting


def test_the_page_can_be_built(parley):
    assert build_page(parley, lambda request: "ann").title == "Parley"
