"""For everyone: axe, the keyboard alone, a small phone, light and dark, little movement."""

import threading

import pytest

from tests.browser.pages import DESKTOP, PHONE, answered, box, last, ready, say, sideways, visit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def grave(page):
    """What axe calls serious or critical, a line each."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    return [
        f"{found['id']}: {node['html'][:120]}"
        for found in axe.run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(browser, fixed, device, scheme):
    """On the start page, in a chat, with the evidence, a reaction, each panel and a question open."""
    with visit(browser, fixed.url, color_scheme=scheme, reduced_motion="reduce", **device) as (page, trouble):
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        assert grave(page) == []
        say(page, "something calm")
        page.locator("summary").first.click()
        page.get_by_role("button", name="Like: The Lantern Keeper", exact=True).click()
        page.get_by_text("You like it.").wait_for()
        page.get_by_role("button", name="Don’t show again: 猫头鹰 🦉").click()
        page.get_by_text("You will not see it again.").wait_for()
        assert grave(page) == []
        page.locator(".top [data-do=panel]").click()
        page.locator("#panel li").first.wait_for()
        assert grave(page) == []
        page.get_by_role("button", name="Delete everything about me").click()
        page.locator("dialog").wait_for()
        assert grave(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        box(page).fill("x" * 5_000)
        box(page).press("Enter")
        page.locator(".notice", has_text="too long").wait_for()
        assert grave(page) == []
        if device is PHONE:
            page.locator(".top [data-do=side]").click()
            page.locator("#side li").first.wait_for()
            assert grave(page) == []
        assert trouble == []


def test_an_answer_being_written_is_accessible(browser, fixed):
    go_on = threading.Event()
    fixed.parley.between = lambda: go_on.wait(60)
    with visit(browser, fixed.url, reduced_motion="reduce") as (page, trouble):
        box(page).fill("calm")
        box(page).press("Enter")
        page.locator(".reason.waiting").first.wait_for()
        found = grave(page)
        go_on.set()
        answered(page, 1)
        assert found == []
        assert trouble == []


def test_everything_can_be_done_by_keyboard(browser, fixed):
    """Say, break a line, like, open the evidence, forget a belief in its panel, begin a new conversation."""
    with visit(browser, fixed.url) as (page, trouble):
        keys = page.keyboard

        def focus_on(label, most=120):
            for _ in range(most):
                keys.press("Tab")
                here = page.evaluate("(one => one.ariaLabel || one.innerText || '')(document.activeElement)")
                if here.strip().startswith(label):
                    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                    assert outline == "solid", f"no outline on {label}"
                    return
            pytest.fail(f"the keyboard never came to {label!r}")

        page.wait_for_function("document.activeElement.id === 'say'")
        keys.type("one")
        keys.press("Shift+Enter")
        keys.type("two")
        assert box(page).input_value() == "one\ntwo"
        keys.press("Enter")
        answered(page, 1)
        assert last(page).locator(".mine p").inner_text() == "one\ntwo"
        assert box(page).input_value() == ""
        focus_on("Like: The Lantern Keeper")
        keys.press("Enter")
        page.get_by_text("You like it.").wait_for()
        assert page.evaluate("document.activeElement.ariaLabel").startswith("Like")
        focus_on("Why?")
        keys.press("Enter")
        assert page.locator(".evidence").first.is_visible()
        page.locator(".top h1").click()
        focus_on("What I like")
        keys.press("Enter")
        page.locator("#panel li").first.wait_for()
        focus_on("Forget: The Lantern Keeper")
        keys.press("Enter")
        page.locator("#panel li").first.wait_for(state="detached")
        keys.press("Escape")
        assert page.evaluate("document.activeElement.dataset.do") == "panel"
        page.locator("#panel").wait_for(state="hidden")
        focus_on("New conversation")
        keys.press("Enter")
        page.get_by_text("What are you in the mood for?").wait_for()
        page.wait_for_function("document.activeElement.id === 'say'")
        keys.type("again")
        keys.press("Enter")
        answered(page, 1)
        assert trouble == []


def test_enter_that_ends_the_choice_of_a_character_sends_nothing(browser, fixed):
    """As with Chinese and Japanese input methods."""
    with visit(browser, fixed.url) as (page, _):
        box(page).fill("ni")
        box(page).evaluate(
            "(box) => box.dispatchEvent(new KeyboardEvent('keydown', "
            "{key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
        )
        page.wait_for_timeout(300)
        assert page.locator(".turn").count() == 0


@pytest.mark.parametrize("width", [320, 360, 400])
def test_the_page_fits_a_phone(browser, fixed, width):
    """Nothing has to be scrolled sideways, and the box stays in reach."""
    with visit(browser, fixed.url, viewport={"width": width, "height": 700}) as (page, trouble):
        assert sideways(page) <= 0
        say(page, "calm")
        for summary in page.locator(".why summary").all():
            summary.click()
        assert sideways(page) <= 0
        place = box(page).bounding_box()
        assert place["y"] + place["height"] <= 700
        for name in ("side", "panel"):
            page.locator(f".top [data-do={name}]").click()
            page.wait_for_timeout(300)
            assert sideways(page) <= 0
            page.keyboard.press("Escape")
        assert trouble == []


def test_dark_follows_the_system_and_a_choice_is_remembered(browser, fixed):
    theme = "document.documentElement.dataset.theme"
    with visit(browser, fixed.url, color_scheme="dark") as (page, trouble):
        toggle = page.get_by_role("button", name="Dark mode")
        assert page.evaluate(theme) == "dark"
        assert toggle.get_attribute("aria-pressed") == "true"
        toggle.click()
        assert page.evaluate(theme) == "light"
        page.reload()
        ready(page)
        assert page.evaluate(theme) == "light"
        page.get_by_role("button", name="Dark mode").click()
        page.emulate_media(color_scheme="light")
        page.wait_for_function(f"{theme} === 'light'")
        assert trouble == []


def test_those_who_want_little_movement_see_none(browser, fixed):
    moving = (
        """() => document.getAnimations().filter((one) => one.effect.target?.closest('#parley')).length"""
    )
    with visit(browser, fixed.url, reduced_motion="reduce") as (page, _):
        box(page).fill("calm")
        box(page).press("Enter")
        page.locator(".card").first.wait_for()
        assert page.evaluate(moving) == 0
        answered(page, 1)
