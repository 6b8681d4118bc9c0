"""Text of others is inert, and times read as people say them."""

import html
from datetime import UTC, datetime, timedelta

import pytest

from ui.words import ago, clipped, escape

HOSTILE = """<script>alert(1)</script> "'><img src=x> {{value}} ${1+1} `x` \\u0041"""
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def test_nothing_becomes_markup_or_template():
    """Not for the browser, nor for the template languages that Gradio runs."""
    shown = escape(HOSTILE)
    assert not set("<>\"'{}$`\\") & set(shown)
    assert html.unescape(shown) == HOSTILE


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=50), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=1, hours=2), "yesterday"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=60), "21 Mar 2026"),
    ],
)
def test_a_time_is_said_as_people_say_it(before, said):
    assert ago(NOW - before, NOW) == said


def test_a_long_text_ends_at_a_word():
    assert clipped("one two three", 13) == "one two three"
    assert clipped("one two three", 10) == "one two…"
    assert clipped("x" * 20, 10) == "x" * 9 + "…"
