"""A conversation in the browser, over the fixed facade: streaming, stopping, cards, tabs, errors."""

import threading

import pytest

from tests.browser.pages import (
    LONG_TITLE,
    MARKUP,
    answered,
    box,
    last,
    ready,
    say,
    sideways,
    titles,
    visit,
    visitor_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Gate:
    """Lets a stream's sentences pass one by one."""

    def __init__(self, parley):
        self._tickets = threading.Semaphore(0)
        parley.between = lambda: self._tickets.acquire(timeout=60)

    def open(self, count=1):
        self._tickets.release(count)


def test_an_answer_appears_sentence_by_sentence(browser, fixed):
    """First the cards with lines that wait, then the words, then reason after reason."""
    gate = Gate(fixed.parley)
    with visit(browser, fixed.url) as (page, trouble):
        box(page).fill("something calm")
        box(page).press("Enter")
        page.locator(".turn .card").nth(4).wait_for()
        assert last(page).locator(".mine").inner_text().endswith("something calm")
        assert page.locator(".reason.waiting").count() == 5
        assert last(page).locator(".words").count() == 0
        gate.open()
        page.get_by_text("You said: something calm").wait_for()
        gate.open()
        page.get_by_text("Because of The Lantern Keeper.").wait_for()
        assert page.locator(".reason.waiting").count() == 4
        assert page.locator(".card button:not([disabled])").count() == 0
        gate.open(5)
        answered(page, 1)
        assert page.locator(".reason.waiting").count() == 0
        assert page.get_by_role("button", name="Send").is_visible()
        assert trouble == []


@pytest.mark.parametrize("how", ["button", "escape"])
def test_an_answer_can_be_stopped_and_given_anew(browser, fixed, how):
    """What was said by then stays, marked as stopped, also over a reload; the next answer takes its place."""
    gate = Gate(fixed.parley)
    with visit(browser, fixed.url) as (page, trouble):
        box(page).fill("something calm")
        box(page).press("Enter")
        gate.open(2)
        page.get_by_text("Because of The Lantern Keeper.").wait_for()
        if how == "button":
            page.get_by_role("button", name="Stop writing").click()
        else:
            page.keyboard.press("Escape")
        page.wait_for_timeout(500)
        gate.open()
        page.get_by_text("Stopped here.").wait_for()
        page.reload()
        page.get_by_text("Stopped here.").wait_for()
        assert page.get_by_text("You said: something calm").is_visible()
        gate.open(20)
        page.get_by_role("button", name="Answer again").click()
        page.get_by_text("Stopped here.").wait_for(state="detached")
        answered(page, 1)
        assert page.locator(".turn").count() == 1
        assert page.locator(".reason").count() == 5
        assert trouble == []


def test_openings_and_follow_ups_are_said_by_a_click(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        page.get_by_role("button", name="Something calm").click()
        answered(page, 1)
        assert "You said: Something calm" in last(page).inner_text()
        page.get_by_role("button", name="Something shorter").click()
        answered(page, 2)
        # Only the latest answer offers more.
        assert page.get_by_role("button", name="Something shorter").count() == 1
        page.get_by_role("button", name="More like this: The Lantern Keeper").last.click()
        answered(page, 3)
        assert "More like The Lantern Keeper" in last(page).locator(".mine").inner_text()
        assert trouble == []


def test_buttons_of_a_card_act_at_once_and_are_undone(browser, fixed):
    """Pressed only when the event is on record, with the session and turn of the card's own answer."""
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "one")
        say(page, "two")
        first = page.locator(".turn").first
        like = first.get_by_role("button", name="Like: The Lantern Keeper", exact=True)
        assert like.get_attribute("aria-pressed") == "false"
        like.click()
        first.get_by_text("You like it.").wait_for()
        assert like.get_attribute("aria-pressed") == "true"
        (event,) = fixed.parley.events_of(visitor_of(page))
        assert (event.item_id, event.action) == ("lamp", "like")
        assert event.turn_id == first.get_attribute("data-turn")
        assert event.session_id == page.evaluate("location.hash").removeprefix("#")

        first.get_by_role("button", name="Dislike: The Lantern Keeper").click()
        first.get_by_text("You dislike it.").wait_for()
        assert like.get_attribute("aria-pressed") == "false"
        first.get_by_role("button", name="Seen: The Lantern Keeper").click()
        first.get_by_text("You dislike it · You know it.").wait_for()
        assert page.locator(".turn").nth(1).locator('[aria-pressed="true"]').count() == 0
        first.get_by_role("button", name="Undo: The Lantern Keeper").click()
        first.get_by_text("You know it.", exact=True).wait_for()
        first.get_by_role("button", name="Seen: The Lantern Keeper").click()
        first.locator(".done").wait_for(state="detached")
        assert fixed.parley.events_of(visitor_of(page)) == []
        assert trouble == []


def test_an_item_can_be_kept_off_for_good(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "calm")
        page.get_by_role("button", name="Don’t show again: The Lantern Keeper").click()
        page.get_by_text("You will not see it again.").wait_for()
        assert fixed.parley.profile(visitor_of(page)).hidden == ("lamp",)
        page.reload()
        page.get_by_role("button", name="Show it again: The Lantern Keeper").click()
        page.get_by_text("You will not see it again.").wait_for(state="detached")
        assert fixed.parley.profile(visitor_of(page)).hidden == ()
        assert trouble == []


def test_why_opens_the_evidence_and_what_counted(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "calm")
        card = page.locator(".card").first
        assert not card.locator(".evidence").is_visible()
        card.locator("summary").click()
        shown = card.locator(".evidence").inner_text()
        assert "Year" in shown
        assert "1984" in shown
        assert "Popularity" in shown
        assert "100%" in shown
        assert "not counted" in shown
        assert trouble == []


@pytest.mark.parametrize("settings", [{}, {"viewport": {"width": 360, "height": 740}}])
def test_what_people_and_catalogues_write_is_only_text(browser, fixed, settings):
    """Markup, scripts, Markdown and templates are shown as they were written; long titles stay in place."""
    with visit(browser, fixed.url, **settings) as (page, trouble):
        say(page, MARKUP)
        assert MARKUP in last(page).locator(".mine").inner_text()
        assert MARKUP in last(page).locator(".words").inner_text()
        assert MARKUP in titles(last(page))
        assert LONG_TITLE[:300].strip() in titles(last(page))
        assert page.locator(".turn img, .turn a, .turn strong, .turn b").count() == 0
        for summary in page.locator(".why summary").all():
            summary.click()
        assert sideways(page) <= 0
        page.reload()
        page.locator(".card").first.wait_for()
        assert MARKUP in last(page).locator(".mine").inner_text()
        assert page.locator(".turn img, .turn a, .turn strong, .turn b").count() == 0
        assert trouble == []


def test_a_message_that_is_too_long_stays_in_the_box(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        long = "word " * 2_000
        box(page).fill(long)
        box(page).press("Enter")
        page.get_by_text("The message is too long.").wait_for()
        assert box(page).input_value() == long
        assert page.locator(".turn").count() == 0
        assert page.get_by_text("What are you in the mood for?").is_visible()
        say(page, "short")
        assert page.get_by_text("The message is too long.").count() == 0
        assert trouble == []


def test_a_failure_inside_is_a_sentence(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        box(page).fill("explode")
        box(page).press("Enter")
        page.get_by_text("Something went wrong here").wait_for()
        assert "secret" not in page.content()
        assert box(page).input_value() == "explode"
        say(page, "calm")
        assert trouble == []


def test_two_tabs_of_one_conversation_see_the_same(browser, fixed):
    """What is said or liked in one comes to stand in the other; a tab with another conversation keeps it."""
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "one")
        other = page.context.new_page()
        other.goto(page.url)
        other.locator(".card").first.wait_for()
        third = page.context.new_page()
        third.goto(f"{fixed.url}/ui/#new")
        ready(third)
        say(third, "something else")

        say(other, "two")
        answered(page, 2)
        page.get_by_role("button", name="Like: The Lantern Keeper", exact=True).first.click()
        page.get_by_text("You like it.").wait_for()
        other.locator(".turn").first.get_by_text("You like it.").wait_for()
        say(page, "three")
        answered(other, 3)
        assert third.locator(".turn").count() == 1
        third.reload()
        ready(third)
        assert "something else" in last(third).inner_text()
        assert len({page.url, other.url, third.url}) == 2
        assert trouble == []


def test_a_conversation_deleted_elsewhere_is_said_to_be_gone(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "one")
        session = page.evaluate("location.hash").removeprefix("#")
        fixed.parley.delete_session(session, visitor_of(page))
        box(page).fill("two")
        box(page).press("Enter")
        page.get_by_text("This conversation is gone").wait_for()
        assert box(page).input_value() == "two"
        box(page).press("Enter")
        answered(page, 1)
        assert trouble == []
