"""The server goes away and comes back; a long conversation is opened."""

import threading

import pytest

from tests.browser.pages import FixedServer, answered, box, last, ready, say, visit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AWAY = "Parley is not answering. Trying again…"


@pytest.fixture
def own(tmp_path):
    """A server that may be stopped."""
    server = FixedServer(tmp_path)
    server.start()
    yield server
    server.stop()


def test_a_page_waits_for_a_server_that_restarts(browser, own):
    """Messages and likes that meet no server are not lost: they go out when it is back, without a reload."""
    with visit(browser, own.url) as (page, trouble):
        say(page, "one")
        page.evaluate("window.same = true")
        own.stop()
        box(page).fill("two")
        box(page).press("Enter")
        page.get_by_text(AWAY).wait_for()
        own.start()
        answered(page, 2)
        page.get_by_text(AWAY).wait_for(state="hidden")
        assert "You said: two" in last(page).inner_text()

        own.stop()
        page.get_by_role("button", name="Like: The Lantern Keeper", exact=True).last.click()
        page.get_by_text(AWAY).wait_for()
        own.start()
        page.get_by_text("You like it.").wait_for()
        assert len(own.parley.events) == 1
        say(page, "three")
        assert page.evaluate("window.same") is True
        assert [turn.intent.query for turn in own.parley.held["session1"]["turns"]] == ["one", "two", "three"]
        assert trouble == []


def test_an_answer_cut_off_by_a_restart_gives_the_message_back(browser, own):
    """The page says so, comes back by itself, and the message stands in the box again."""
    began, go_on = threading.Event(), threading.Event()

    def wait():
        began.set()
        go_on.wait(5)
        raise RuntimeError("the server is gone")

    with visit(browser, own.url) as (page, _):
        say(page, "one")
        own.parley.between = wait
        box(page).fill("two")
        box(page).press("Enter")
        assert began.wait(30)
        own.stop()
        page.get_by_text(AWAY).wait_for()
        go_on.set()
        own.parley.between = lambda: None
        own.start()
        page.get_by_text("it is back in the box").wait_for()
        ready(page)
        assert box(page).input_value() == "two"
        assert "You said: one" in last(page).inner_text()
        box(page).press("Enter")
        answered(page, 2)


def test_words_in_the_box_outlive_a_reload(browser, own):
    with visit(browser, own.url) as (page, _):
        box(page).fill("half a thought")
        page.reload()
        ready(page)
        assert box(page).input_value() == "half a thought"
