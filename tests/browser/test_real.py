"""The page over the real service: what a person sees is what is on record."""

import re

import pytest

from bot.intent import Intent
from bot.reply import Evidence, ModelReport, Recommendation, Turn
from bot.sessions import Opened, Sessions
from bot.state import DialogueState
from ranking.rank import Scores
from storage.engine import writing
from tests.browser.pages import PHONE, answered, last, ready, say, titles, visit, visitor_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MESSAGE = "A warm-hearted comedy for a rainy evening"
SCORES = Scores(semantic=0.5, lexical=1.0, mf=0.0, popularity=1.0, fused=1.0)
SAME = ("item_id", "action", "value", "source", "session_id", "turn_id")


def events(server, user_id):
    return server.client.get(f"/users/{user_id}").raise_for_status().json()["events"]


def test_a_visitor_chats_likes_and_finds_it_all_again_after_a_reload(browser, films, screen):
    """The transcript, the cards and the like come back; the like is on record; no other host is asked."""
    with visit(browser, films.url) as (page, trouble):
        screen(page, "start")
        say(page, MESSAGE)
        listed, words = titles(last(page)), last(page).locator(".words").inner_text()
        assert listed
        assert last(page).locator(".reason:not(.waiting)").count() == len(listed)
        page.get_by_role("button", name=f"Like: {listed[0]}", exact=True).click()
        page.get_by_text("You like it.").wait_for()
        screen(page, "chat")
        page.locator("summary").nth(1).click()
        page.locator(".card").nth(1).scroll_into_view_if_needed()
        screen(page, "evidence")

        page.reload()
        page.get_by_text("You like it.").wait_for()
        assert titles(last(page)) == listed
        assert last(page).locator(".words").inner_text() == words
        assert MESSAGE in last(page).locator(".mine").inner_text()

        say(page, "I loved Groundhog Day, anything like it? But no horror, please.")
        page.get_by_role("button", name="What I like").click()
        page.locator("#panel li", has_text=listed[0]).wait_for()
        believed = page.locator("#panel").inner_text()
        assert "by a button on this page" in believed
        assert "you said “I loved Groundhog Day" in believed
        screen(page, "profile")
        page.get_by_role("button", name="Dark mode").click()
        screen(page, "dark")
        cookie = next(one for one in page.context.cookies() if one["name"] == "parley_visitor")
        assert cookie["httpOnly"]
        assert trouble == []
        liked = [one for one in events(films, visitor_of(page)) if one["action"] == "like"]
    found = [films.client.get(f"/items/{one['item_id']}").json()["title"] for one in liked]
    assert listed[0] in found


def test_a_phone_shows_the_same(browser, films, screen):
    with visit(browser, films.url, device_scale_factor=2, **PHONE) as (page, trouble):
        page.locator(".greeting .chip").first.click()
        answered(page, 1)
        screen(page, "phone")
        assert trouble == []


def test_cards_of_products_show_their_price(browser, shop, screen):
    with visit(browser, shop.url) as (page, trouble):
        say(page, "three backpacks under 120 dollars")
        page.locator(".card").first.wait_for()
        assert re.match(r"\$\d", page.locator(".headline").first.inner_text())
        screen(page, "cards")
        assert trouble == []


def test_feedback_by_button_is_the_event_that_the_api_gives(browser, films):
    """Item, action, session and turn are the same; taken back by the button, it is gone."""
    with visit(browser, films.url) as (page, _):
        say(page, "two thrillers, please")
        turn, item = last(page).get_attribute("data-turn"), page.locator(".card").first
        session, visitor = page.evaluate("location.hash").removeprefix("#"), visitor_of(page)
        for action in ("like", "seen"):
            item.locator(f'[data-action="{action}"].react').click()
            item.locator(f'[data-action="{action}"][aria-pressed="true"]').wait_for()
        by_button = events(films, visitor)
        for action in ("like", "seen"):
            item.locator(f'[data-action="{action}"].react').click()
            item.locator(f'[data-action="{action}"][aria-pressed="false"]').wait_for()
        assert events(films, visitor) == []
        for action in ("like", "seen"):
            body = {
                "user_id": visitor,
                "item_id": item.get_attribute("data-item"),
                "action": action,
                "session_id": session,
                "turn_id": turn,
            }
            films.client.post("/feedback", json=body).raise_for_status()
        by_api = events(films, visitor)
        page.reload()
        ready(page)
        assert page.locator('.react[aria-pressed="true"]').count() == 2
    assert [[one[key] for key in SAME] for one in by_button] == [[one[key] for key in SAME] for one in by_api]
    assert by_button[0]["turn_id"] == turn


def held_long(server, visitor, turns):
    """A conversation of so many turns of the visitor, each with three films of its own; its id."""
    session = f"long-{visitor}"
    offered = server.client.get("/recommendations", params={"user_id": "x", "k": 100}).json()
    ids = [one["item_id"] for one in offered["recommendations"]]
    engine = server.home.open()
    sessions, state = Sessions(engine), DialogueState()
    with writing(engine) as connection:
        for place in range(turns):
            chosen = [ids[(place + step) % len(ids)] for step in range(3)]
            turn = answer_of(place, chosen, session, visitor)
            sessions.log(
                connection,
                Opened(session, position=place),
                turn,
                user_id=visitor,
                message=f"Message {place}",
                state=state,
                redo=lambda state: state,
            )
    engine.dispose()
    return session


def answer_of(place, item_ids, session, visitor):
    listed = tuple(
        Recommendation(
            item, item, rank, f"Reason {rank} of turn {place}.", (Evidence("title", item),), SCORES
        )
        for rank, item in enumerate(item_ids, start=1)
    )
    reply = "\n".join([f"Answer {place}.", *(f"{one.rank}. {one.explanation}" for one in listed)])
    return Turn(
        session_id=session,
        turn_id=f"turn{place}-{visitor}",
        reply=reply,
        intent=Intent(("request",), query="x"),
        recommendations=listed,
        events=(),
        variant="default",
        model=ModelReport("none"),
        timings_ms={},
    )


def test_likes_stay_with_their_answers_in_a_very_long_conversation(browser, films):
    """2,000 messages: opened in parts; old answers can be reached, liked, and found so after a reload."""
    with visit(browser, films.url) as (page, trouble):
        visitor = visitor_of(page)
        session = held_long(films, visitor, 1_000)
        page.goto(f"{films.url}/ui/#{session}")
        page.reload()
        page.get_by_text("Answer 999.").wait_for()
        assert page.locator(".turn").count() == 30
        old = page.locator(f'.turn[data-turn="turn925-{visitor}"]')
        for _ in range(2):
            count = page.locator(".turn").count()
            page.get_by_role("button", name="Show earlier messages").click()
            page.locator(".turn").nth(count).wait_for()
        for turn in (old, page.locator(".turn").last):
            turn.locator('[data-action="like"].react').nth(1).click()
            turn.get_by_text("You like it.").wait_for()
        say(page, "Thank you!")
        assert page.locator(".turn").count() == 91

        page.reload()
        page.locator(f'.turn[data-turn="turn999-{visitor}"]').get_by_text("You like it.").wait_for()
        for _ in range(2):
            count = page.locator(".turn").count()
            page.get_by_role("button", name="Show earlier messages").click()
            page.locator(".turn").nth(count).wait_for()
        old.get_by_text("You like it.").wait_for()
        pressed = page.locator('.turn:has(.react[aria-pressed="true"])')
        assert [one.get_attribute("data-turn") for one in pressed.all()] == [
            f"turn925-{visitor}",
            f"turn999-{visitor}",
        ]
        assert trouble == []
    liked = {one["turn_id"]: one["item_id"] for one in events(films, visitor) if one["action"] == "like"}
    assert len(set(liked.values())) == 2
    assert set(liked) == {f"turn925-{visitor}", f"turn999-{visitor}"}
