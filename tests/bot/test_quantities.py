"""Amounts in words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quantities import Quantity, parse_number, parse_quantity

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("3", 3),
        ("1,200", 1200),
        ("15.50", 15.5),
        ("$1k", 1000),
        ("twenty five", 25),
        ("twenty-five", 25),
        ("a couple of", 2),
        ("half a dozen", 6),
        ("two hundred", 200),
        ("a hundred and fifty", 150),
        ("three thousand two hundred", 3200),
        ("no number", None),
        ("Se7en", None),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(words, number):
    """Words add up and scale; a digit within a name is none."""
    assert parse_number(words) == number


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("from the 90s", 1990, 1999),
        ("nineties", 1990, 1999),
        ("1920s", 1920, 1929),
        ("20s", 2020, 2029),
        ("noughties", 2000, 2009),
        ("late 80s", 1985, 1989),
        ("early nineties", 1990, 1994),
        ("80s or 90s", 1980, 1999),
        ("from the 1950s to the 1970s", 1950, 1979),
        ("since the 90s", 1990, None),
        ("not after the 80s", None, 1989),
        ("between 1990 and 1995", 1990, 1995),
        ("1990-1995", 1990, 1995),
        ("1994", 1994, 1994),
        ("around 1995", 1993, 1997),
        ("1980 onwards", 1980, None),
        ("since 2015", 2015, None),
        ("not before 1980", 1980, None),
        ("not after 1990", None, 1990),
        ("no older than 2010", 2010, None),
        ("20th century", 1900, 1999),
    ],
)
def test_stretches_of_years_are_read(words, low, high):
    """Decades, ranges, bounds and single years."""
    assert parse_quantity(words, NOW) == Quantity(low, high, "year")


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("the last five years", 2021, None),
        ("the past 10 years", 2016, None),
        ("in the last decade", 2016, None),
        ("this year", 2026, None),
        ("last year", 2025, 2025),
        ("this decade", 2020, None),
        ("not older than ten years", 2016, None),
    ],
)
def test_relative_years_count_from_now(words, low, high):
    """ "The last five years" depends on the day it is said."""
    assert parse_quantity(words, NOW) == Quantity(low, high, "year")


@pytest.mark.parametrize(
    ("words", "low", "high", "strict"),
    [
        ("under two hours", None, 120, True),
        ("under 2 hours and 15 minutes", None, 135, True),
        ("two hours or less", None, 120, False),
        ("not over two hours", None, 120, False),
        ("less than an hour and a half", None, 90, True),
        ("no more than 100 minutes", None, 100, False),
        ("over 3 hours", 180, None, True),
        ("2h30 max", None, 150, False),
        ("90 to 120 minutes", 90, 120, False),
        ("90 min", 72, 108, False),
        ("between 1 and 2 hours", 60, 120, False),
        ("half an hour", 24, 36, False),
        ("a couple of hours", 96, 144, False),
    ],
)
def test_lengths_are_read_in_minutes(words, low, high, strict):
    """Hours become minutes; a bare length has a fifth of slack to each side."""
    assert parse_quantity(words, NOW) == Quantity(low, high, "minutes", strict)


@pytest.mark.parametrize(
    ("words", "low", "high", "strict"),
    [
        ("less than 300 bucks", None, 300, True),
        ("$20 to $45", 20, 45, False),
        ("$20-45", 20, 45, False),
        ("between twenty and forty dollars", 20, 40, False),
        ("up to $1,200", None, 1200, False),
        ("50 euros", None, 50, False),
        ("two hundred bucks", None, 200, False),
        ("nothing over $80", None, 80, False),
        ("not under $20", 20, None, False),
    ],
)
def test_prices_are_read(words, low, high, strict):
    """A bare price is what may be spent."""
    assert parse_quantity(words, NOW) == Quantity(low, high, "money", strict)


def test_stars_are_at_least():
    """Nobody asks for four stars and minds a fifth."""
    assert parse_quantity("4 stars", NOW) == Quantity(4, None, "stars")
    assert parse_quantity("4+ stars", NOW) == Quantity(4, None, "stars")


@pytest.mark.parametrize("words", ["50", "around 50", "fifty"])
def test_a_bare_number_has_no_unit(words):
    """It may still answer a question."""
    assert parse_quantity(words, NOW) == Quantity(40, 60, None)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "a shorter one",
        "the third one",
        "one",
        "12 Angry Men",
        "Se7en",
        "3 films",
        "500 days",
        "not too long",
        "film noir",
    ],
)
def test_a_number_that_measures_nothing_is_no_quantity(words):
    """Titles, pronouns and counts bound no field."""
    assert parse_quantity(words, NOW) is None


@given(st.text(max_size=120))
def test_any_text_can_be_read(text):
    """Nothing that a person types breaks the reader."""
    found = parse_quantity(text, NOW)

    assert found is None or found.low is not None or found.high is not None
