"""Cards are text from elsewhere in markup of ours."""

import html
import json
import re

from ui.cards import Card, Given, Shelf, details_of, escape, shelf_html

HOSTILE = """<script>alert(1)</script> "'><img src=x> {{value}} ${1+1} `x` \\u0041"""


def test_nothing_of_an_item_becomes_markup_or_template():
    """Not for the browser, nor for the template languages that Gradio runs."""
    shown = shelf_html(Shelf("s", "t", (Card(HOSTILE, HOSTILE, HOSTILE, HOSTILE),)))

    assert "<script" not in shown
    assert "<img" not in shown
    assert not set("{}$`\\") & set(shown)
    assert html.unescape(escape(HOSTILE)) == HOSTILE


def test_a_button_says_which_item_and_what():
    shown = shelf_html(Shelf("s", "t", (Card('a"b', "Owl", "", "Because."),)))
    buttons = [json.loads(html.unescape(data)) for data in re.findall(r'data-parley="([^"]*)"', shown)]

    assert [(one["item_id"], one["action"]) for one in buttons] == [
        ('a"b', "like"),
        ('a"b', "dislike"),
        ('a"b', "seen"),
    ]


def test_what_was_said_is_shown_with_its_undo():
    shelf = Shelf("s", "t", (Card("owl", "Owl", "", "Because."),), {"owl": Given("like", "event7")})
    shown = shelf_html(shelf)

    assert "You like it" in shown
    assert shown.count("<button") == 1
    assert "event7" in shown


def test_details_are_the_first_fields_with_a_value():
    fields = {"year": 1999, "genres": ["a", "b", "c", "d"], "none": None, "in_stock": True, "z": 0, "w": 1}
    assert details_of(fields | {"empty": [], "used": False}) == "1999 · a, b, c · in stock · 0"
