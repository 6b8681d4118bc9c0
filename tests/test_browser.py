"""The page in a real browser: a person chats, likes an item and comes back later."""

import os
import re
import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from benchmarks.serving import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
SCREENS = ROOT / "docs" / "screens"
PATIENCE = 60_000
"""Milliseconds that the page may take; a limit for a busy machine, no budget."""
MESSAGE = "A warm-hearted comedy for a rainy evening"


@pytest.fixture(scope="module")
def browser():
    if not os.access(CHROMIUM, os.X_OK):
        if os.environ.get("CI"):
            pytest.fail("no chromium: run `apt-get install chromium`")
        pytest.skip("no chromium: run `apt-get install chromium`")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def visit(browser, server, **settings):
    """A page of a new visitor, with what it asked of other hosts and what went wrong in it."""
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    own = urlsplit(server.url).netloc
    trouble = []

    def requested(request):
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own:
            trouble.append(f"asked {request.url}")

    context.on("request", requested)
    page.on("websocket", lambda socket: requested(socket))
    page.on("pageerror", lambda error: trouble.append(f"error {error}"))
    page.goto(f"{server.url}/ui/")
    try:
        yield page, trouble
    finally:
        context.close()


def say(page, message):
    """Send a message and wait for the answer to it."""
    box = page.get_by_label("Your message")
    box.fill(message)
    answers = page.locator(".message.bot")
    before = answers.count()
    box.press("Enter")
    answers.nth(before).wait_for()
    page.locator(".message.user").last.filter(has_text=message).wait_for()


def shown(page):
    return [text.strip() for text in page.locator("#parley-shelf h3").all_inner_texts()]


def keep_screen(page, name, options):
    if options["PARLEY_SCREENSHOTS"]:
        SCREENS.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(500)
        page.screenshot(path=SCREENS / f"{name}.png")


def test_a_visitor_chats_likes_and_finds_it_all_again_after_a_reload(browser, films, options):
    """The transcript, the cards and the like come back; the like is on record; no other host is asked."""
    with visit(browser, films, viewport={"width": 1280, "height": 860}) as (page, trouble):
        page.get_by_text("What Parley finds for you will stand here.").wait_for()
        keep_screen(page, "start", options)
        say(page, MESSAGE)
        page.locator("#parley-shelf .parley-card").first.wait_for()
        listed = shown(page)
        reply = page.locator(".message.bot").last.inner_text()
        assert listed
        keep_screen(page, "recommendations", options)

        page.get_by_role("button", name=f"Like: {listed[0]}", exact=True).click()
        page.get_by_text("You like it").wait_for()
        keep_screen(page, "liked", options)

        page.reload()
        page.locator("#parley-shelf .parley-card").first.wait_for()
        assert shown(page) == listed
        page.get_by_text("You like it").wait_for()
        assert MESSAGE in page.locator(".message.user").last.inner_text()
        assert page.locator(".message.bot").last.inner_text() == reply

        say(page, "Thank you!")
        assert page.locator(".message.user").count() == 2
        visitor = next(cookie for cookie in page.context.cookies() if cookie["name"] == "parley_visitor")
        assert visitor["httpOnly"]
        assert trouble == []

    user_id = visitor["value"].strip('"').rsplit(".", 1)[0]
    held = films.client.get(f"/users/{user_id}").raise_for_status().json()
    liked = [event for event in held["events"] if event["action"] == "like"]
    assert [films.client.get(f"/items/{event['item_id']}").json()["title"] for event in liked] == [listed[0]]


def test_starting_as_someone_new_forgets_the_browser(browser, films):
    """The page is empty again, and the cookie is another."""
    with visit(browser, films) as (page, trouble):
        page.on("dialog", lambda dialog: dialog.accept())
        say(page, "Hello")
        before = page.context.cookies()
        page.get_by_role("button", name="Start as someone new").click()
        page.locator(".message.user").first.wait_for(state="detached")
        page.get_by_text("What Parley finds for you will stand here.").wait_for()
        assert page.context.cookies() != before
        assert trouble == []


def test_the_page_fits_a_telephone(browser, films, options):
    """Nothing has to be scrolled sideways."""
    with visit(browser, films, viewport={"width": 390, "height": 844}) as (page, trouble):
        say(page, "two thrillers, please")
        keep_screen(page, "telephone", options)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert trouble == []


def test_what_a_visitor_types_is_only_text(browser, films):
    """Markup in a message is shown, not run."""
    with visit(browser, films) as (page, trouble):
        say(page, "<img src=x onerror=alert(1)> **comedy** & [drama](http://example.com)")
        text = page.locator(".message.user").last.inner_text()
        assert re.search(r"<img src=x onerror=alert\(1\)> \*\*comedy\*\* &", text)
        assert page.locator(".message.user img, .message.user a, .message.user strong").count() == 0
        assert trouble == []
