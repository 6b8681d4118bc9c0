"""Covers are drawn from the item alone, and hold its title however long it is."""

import re
from xml.etree import ElementTree

import pytest

from ui.covers import cover_svg, lines_of

LONG = "The Improbably Long and Winding Title of a Film That Nobody Dared to Shorten " * 4


def said(cover):
    return [text.text for text in ElementTree.fromstring(cover).iter() if text.tag == "text"]


def test_a_cover_never_changes_and_no_two_are_alike():
    covers = {cover_svg(f"item{number}", "drama", "Same") for number in range(300)}
    assert len(covers) > 200
    assert cover_svg("item1", "drama", "Same") == cover_svg("item1", "drama", "Same")


def test_relatives_share_a_few_grounds():
    """A list of one genre looks related, yet not all alike."""
    grounds = {re.search(r'fill="(#\w+)"', cover_svg(f"item{place}", "drama", "A"))[1] for place in range(50)}
    assert len(grounds) == 3


@pytest.mark.parametrize("kind", ["drama", ""])
@pytest.mark.parametrize(
    "title",
    ["Jaws", "猫头鹰与一只非常长的名字的猫" * 3, LONG[:300], "Donaudampfschifffahrtsgesellschaft" * 3],
)
def test_a_title_stays_on_its_cover(title, kind):
    """Every line begins and ends within the picture, counted with wide letters."""
    cover = ElementTree.fromstring(cover_svg("one", kind, title))
    for text in cover.iter("text"):
        assert 180 < float(text.get("y")) < 300
    assert all(len(line) <= 25 for line in said(cover_svg("one", kind, title)))


@pytest.mark.parametrize("number", range(40))
def test_every_cover_is_a_picture_that_asks_for_nothing(number):
    cover = cover_svg(f"item{number}", "crime", """<script>"'&{{x}}""")
    ElementTree.fromstring(cover)
    assert not re.search(r"href|url\(|http|<script|style=", cover)


def test_lines_break_at_words_where_they_can():
    assert lines_of("The Lantern Keeper", 11, 4) == ["The Lantern", "Keeper"]
    assert lines_of("Unbelievable", 5, 4) == ["Unbel", "ievab", "le"]
    assert lines_of("one two three four", 5, 2) == ["one", "two…"]
    assert lines_of("", 5, 2) == []
