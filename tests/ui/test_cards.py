"""Cards are text from elsewhere in markup of ours."""

import html
import re
from dataclasses import asdict

import pytest

from bot.reply import Evidence, Recommendation
from ranking.rank import Scores
from retrieval.catalogue import Catalogue
from retrieval.items import CatalogueConfig, FieldSpec, Item
from ui.cards import Card, Reaction, actions_html, card_html, cards_of, details_of, headline_of, more_html

HOSTILE = """<script>alert(1)</script> "'><img src=x> {{value}} ${1+1} `x` \\u0041"""
FIELDS = {
    "year": FieldSpec(type="int", unit="year"),
    "genres": FieldSpec(type="list"),
    "cast": FieldSpec(type="list"),
    "runtime": FieldSpec(type="int", unit="minutes"),
    "in_stock": FieldSpec(type="bool"),
}
FILM = Item(
    "heat",
    "Heat",
    "A thief.",
    {"year": 1995, "genres": ["crime", "drama"], "cast": ["A", "B", "C"], "runtime": 170},
)
OTHER = Item("jaws", "Jaws", "", {"year": 1975, "genres": ["thriller"]})
CATALOGUE = Catalogue(CatalogueConfig(noun="film", nouns="films", fields=FIELDS), [FILM, OTHER])


def listed(item=FILM, rank=1, evidence=(), **scores):
    scores = {"semantic": 0.0, "lexical": 0.0, "mf": 0.0, "popularity": 0.0, "fused": 0.0} | scores
    return asdict(
        Recommendation(item.item_id, item.title, rank, "Because.", tuple(evidence), Scores(**scores))
    )


def wish(field, op, value, text):
    return {"field": field, "op": op, "value": value, "text": text}


def test_nothing_of_an_item_becomes_markup_or_template():
    """Not for the browser, nor for the template languages that Gradio runs."""
    card = Card(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), HOSTILE, ((HOSTILE, HOSTILE),))
    shown = card_html(card, Reaction())
    assert "<script" not in shown
    assert "<img" not in shown
    assert not set("{}$`\\") & set(shown)


def test_the_headline_is_the_year_and_the_details_are_what_comes_next():
    assert headline_of(FILM, CATALOGUE) == "1995"
    assert details_of(FILM, CATALOGUE) == "crime, drama · A, B · 170 minutes"


def test_the_headline_of_a_product_is_its_price():
    fields = {"price": FieldSpec(type="float", unit="USD"), "in_stock": FieldSpec(type="bool")}
    lamp = Item("lamp", "Lamp", "", {"price": 49.5, "in_stock": False})
    shop = Catalogue(CatalogueConfig(fields=fields), [lamp])
    assert headline_of(lamp, shop) == "$49.50"
    assert details_of(lamp, shop) == "not in stock"


def test_chips_are_the_wishes_that_the_item_meets():
    """Those that the reason names and those that the message spoke, each once; not those it fails."""
    evidence = [Evidence("wish", "a crime film"), Evidence("liked", "jaws"), Evidence("year", 1995)]
    wishes = [
        wish("genres", "eq", "crime", "crime"),
        wish("year", "gte", 1990, "from the 90s"),
        wish("runtime", "lt", 120, "under two hours"),
        wish("genres", "ne", "horror", "no horror"),
        wish("genres", "not_in", ["war", "western"], "neither war nor westerns"),
    ]
    (card,) = cards_of([listed(evidence=evidence)], wishes, CATALOGUE)
    assert card.meets == ("a crime film", "like Jaws", "from the 90s", "not horror")


def test_evidence_is_told_in_words():
    evidence = [Evidence("liked", "jaws"), Evidence("runtime", 170), Evidence("genres", ["crime", "drama"])]
    (card,) = cards_of([listed(evidence=evidence)], (), CATALOGUE)
    assert card.why == (("You liked", "Jaws"), ("Runtime", "170 minutes"), ("Genres", "crime and drama"))


def test_what_counted_is_told_against_the_strongest_of_the_list():
    """In numbers as well as in bars; a family that knew nothing is said not to count."""
    both = [listed(semantic=0.8, mf=-0.2, popularity=3.0), listed(OTHER, 2, semantic=0.4, popularity=1.5)]
    first, second = cards_of(both, (), CATALOGUE)
    assert [share for _, share in first.counted] == [1.0, 0.0, 0.0, 1.0]
    assert [share for _, share in second.counted] == [0.5, 0.0, 0.0, 0.5]
    shown = card_html(second, Reaction())
    assert shown.count("50%</span>") == 2
    assert shown.count("not counted") == 2


def test_an_item_that_left_the_catalogue_is_still_shown():
    gone = listed() | {"item_id": "gone", "title": "Gone"}
    (card,) = cards_of([gone], [wish("year", "gte", 1990, "new")], CATALOGUE)
    assert (card.title, card.reason, card.meets) == ("Gone", "Because.", ())


def test_an_old_record_without_scores_has_no_bars():
    old = {key: value for key, value in listed().items() if key != "scores"}
    (card,) = cards_of([old], (), CATALOGUE)
    assert "counted" not in card_html(card, Reaction())


@pytest.mark.parametrize("said", [frozenset(), frozenset({"like"}), frozenset({"dislike", "seen"})])
def test_what_was_said_is_pressed_and_can_be_undone(said):
    shown = actions_html("Owl", Reaction(said))
    pressed = re.findall(r'data-action="(\w+)" aria-pressed="true"', shown)
    assert set(pressed) == said
    assert ('data-do="undo"' in shown) == bool(said)


def test_a_hidden_item_can_be_shown_again():
    assert 'data-do="hide"' in more_html("Owl", Reaction())
    assert 'data-do="unhide"' in more_html("Owl", Reaction(hidden=True))
    assert "You will not see it again" in actions_html("Owl", Reaction(hidden=True))


def test_every_button_says_which_item_it_is_about():
    shown = html.unescape(card_html(Card("owl", 'The "Owl"'), Reaction(frozenset({"like"}))))
    labels = re.findall(r'<button[^>]*aria-label="(.*?): The "Owl""', shown)
    assert labels == ["Like", "Dislike", "Seen", "Undo", "More like this", "Don’t show again"]


def test_a_card_that_waits_for_its_reason_rests():
    shown = card_html(Card("owl", "Owl"), Reaction(), writing=True)
    assert "waiting" in shown
    assert shown.count("<button") == shown.count(" disabled")
