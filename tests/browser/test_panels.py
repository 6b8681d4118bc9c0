"""The panels in the browser: conversations, beliefs, consent, and leaving."""

import pytest

from tests.browser.pages import PHONE, answered, box, last, ready, say, visit, visitor_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def like(page, title="The Lantern Keeper"):
    page.get_by_role("button", name=f"Like: {title}", exact=True).last.click()
    page.get_by_text("You like it.").last.wait_for()


def row(page, title):
    return page.locator("#side li", has_text=title)


def test_conversations_are_listed_opened_renamed_and_deleted(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "first words")
        first = page.evaluate("location.hash")
        page.get_by_role("button", name="New conversation").click()
        page.get_by_text("What are you in the mood for?").wait_for()
        page.wait_for_function("document.activeElement.id === 'say'")
        say(page, "second words")
        assert page.locator("#side li").count() == 2
        assert page.locator(".turn").count() == 1

        page.locator(f'#side li[data-session="{first[1:]}"]').hover()
        page.locator(f'#side li[data-session="{first[1:]}"] [data-do="rename"]').click()
        page.locator("dialog input").fill("The first <b>one</b>")
        page.keyboard.press("Enter")
        row(page, "The first <b>one</b>").locator(".open").click()
        page.get_by_text("You said: first words").wait_for()
        assert page.evaluate("location.hash") == first
        assert "The first <b>one</b>" in page.locator(".top .title").inner_text()

        page.get_by_role("button", name="New conversation").click()
        page.get_by_text("What are you in the mood for?").wait_for()
        page.reload()
        ready(page)
        assert page.locator(".turn").count() == 0

        gone = page.locator("#side li").filter(has_not_text="The first")
        gone.hover()
        gone.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Cancel").click()
        assert page.locator("#side li").count() == 2
        gone.get_by_role("button", name="Delete").click()
        page.locator("dialog").get_by_role("button", name="Delete").click()
        gone.wait_for(state="detached")
        assert len(fixed.parley.sessions(visitor_of(page))) == 1
        assert trouble == []


def test_beliefs_are_shown_with_their_source_and_removed(browser, fixed):
    """Removing one takes the like back on its card too."""
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "calm")
        like(page)
        page.get_by_role("button", name="What I like").click()
        believed = page.locator("#panel li", has_text="The Lantern Keeper")
        believed.wait_for()
        assert "by a button on this page" in believed.inner_text()
        page.get_by_role("button", name="Like: 猫头鹰 🦉", exact=True).click()
        page.locator("#panel li", has_text="猫头鹰").wait_for()
        page.get_by_role("button", name="Forget: The Lantern Keeper").click()
        believed.wait_for(state="detached")
        page.wait_for_function("document.querySelectorAll('[aria-pressed=\"true\"].react').length === 1")
        assert [event.item_id for event in fixed.parley.events_of(visitor_of(page))] == ["owl"]
        # The focus goes to the next entry, not to nowhere.
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Forget: 猫头鹰 🦉"
        assert trouble == []


def test_consent_is_asked_in_plain_words_and_kept(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        page.get_by_role("button", name="What I like").click()
        page.get_by_label("This conversation only").check()
        page.locator(".notice", has_text="counts where it was said").wait_for()
        assert fixed.parley.profile(visitor_of(page)).consent == "session_only"
        page.reload()
        page.get_by_role("button", name="What I like").click()
        page.wait_for_function("document.querySelector('[value=session_only]')?.checked")
        assert trouble == []


def test_everything_about_a_person_is_deleted_when_they_are_sure(browser, fixed):
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "calm")
        like(page)
        visitor = visitor_of(page)
        page.get_by_role("button", name="What I like").click()
        page.get_by_role("button", name="Delete everything about me").click()
        page.keyboard.press("Escape")
        assert fixed.parley.events_of(visitor)
        page.get_by_role("button", name="Delete everything about me").click()
        page.locator("dialog").get_by_role("button", name="Delete all").click()
        page.locator(".turn").wait_for(state="detached")
        page.get_by_text("Everything about you has been deleted.").wait_for()
        assert fixed.parley.events_of(visitor) == []
        say(page, "again")
        assert trouble == []


def test_starting_as_someone_new_forgets_the_browser(browser, fixed):
    """The page is empty again, and the cookie is another."""
    with visit(browser, fixed.url) as (page, trouble):
        say(page, "Hello")
        before = visitor_of(page)
        page.get_by_role("button", name="What I like").click()
        page.get_by_role("button", name="Start as someone new").click()
        page.get_by_role("button", name="Start anew").click()
        page.locator(".turn").first.wait_for(state="detached")
        page.get_by_text("Your conversations will be kept here.").wait_for()
        assert visitor_of(page) != before
        assert trouble == []


def test_on_a_phone_the_panels_are_drawers(browser, fixed):
    """They open over the page, close by Escape and by a touch beside them, and give the focus back."""
    with visit(browser, fixed.url, **PHONE) as (page, trouble):
        say(page, "calm")
        like(page)
        opener = page.locator(".top [data-do=panel]")
        opener.click()
        page.locator("#panel li", has_text="The Lantern Keeper").wait_for()
        assert page.evaluate("document.querySelector('.talk').inert")
        page.keyboard.press("Escape")
        page.locator("#panel").wait_for(state="hidden")
        assert page.evaluate("document.activeElement.dataset.do") == "panel"
        page.locator(".top [data-do=side]").click()
        page.locator("#side li").first.wait_for()
        page.touchscreen.tap(350, 400)
        page.locator("#side").wait_for(state="hidden")
        page.locator(".top [data-do=side]").click()
        page.get_by_role("button", name="New conversation").click()
        page.get_by_text("What are you in the mood for?").wait_for()
        box(page).fill("again")
        page.get_by_role("button", name="Send").click()
        answered(page, 1)
        assert "again" in last(page).inner_text()
        assert trouble == []
