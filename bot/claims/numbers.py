"""Numbers and comparisons of numbers: whether what a text says of them agrees with the record."""

import math
import re
from collections.abc import Iterable

from bot.claims.mentions import Mention
from bot.claims.words import holds_words
from bot.quantities import parse_number, parse_quantity
from retrieval.items import Item
from storage.base import utcnow

EXACT_MINUTES, NEAR = 7, 0.12
"""A length in words of hours may be off by so many minutes; "about" and "just under" by such a share."""
_JUST = "(?:just|barely|a (?:shade|touch|little|bit))"
_JUST_BELOW = rf"{_JUST} (?:under|below|short of|shy of)|shy of|short of|not quite"
_JUST_ABOVE = rf"{_JUST} (?:over|above)"
_BELOW = (
    "under|less than|below|fewer than|within|at most|up to|no more than|before|prior to|earlier than|"
    "older than"
)
_NEAR = "around|about|roughly|approximately|circa|nearly|almost|close to|some|or so"
_ABOVE = "over|more than|above|upwards of|at least|no less than|past|after|since|later than|newer than"
_LEADING = re.compile(
    rf"\b(?:(?P<just_below>{_JUST_BELOW})|(?P<just_above>{_JUST_ABOVE})|"
    rf"(?P<below>{_BELOW})|(?P<near>{_NEAR})|(?P<above>{_ABOVE}))(?:\s+(?:an?|the|only))?\s*[$£€]?$",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"\s*(?:or so|or thereabouts|-?ish)\b")


def bound_of(mention: Mention, text: str) -> str:
    """How the words around a number take it: "below", "just_below", "near", "above" and the like, or "" for
    the number itself.
    """
    if _BEHIND.match(text[mention.end :]):
        return "near"
    found = _LEADING.search(text[: mention.start])
    return next((kind for kind, words in found.groupdict().items() if words), "") if found else ""


def agrees(value: float, mention: Mention, bound: str) -> bool:
    """Whether a field's number is what the text says of it."""
    said = mention.number
    if mention.unit == "year" and not mention.text.isdecimal():
        return _in_decade(value, mention.text, bound)
    if bound == "just_below":
        return said * (1 - NEAR) <= value <= said
    if bound == "just_above":
        return said <= value <= said * (1 + NEAR)
    if bound == "below":
        return value < said or (mention.unit == "minutes" and value <= said)
    if bound == "above":
        return value > said or (mention.unit == "year" and value >= said)
    if bound == "near":
        return math.isclose(value, said, rel_tol=NEAR if mention.unit != "year" else 0.002)
    if (
        mention.unit == "minutes"
        and "min" not in mention.text.lower()
        and not re.search(r"\dh", mention.text)
    ):
        return abs(value - said) <= EXACT_MINUTES
    return math.isclose(value, said, abs_tol=0.51 if mention.unit == "money" else 0.05)


def _in_decade(year: float, words: str, bound: str) -> bool:
    quantity = parse_quantity(words, utcnow())
    if quantity is None or quantity.low is None or quantity.high is None:
        return False
    if bound.endswith("below"):
        return year < quantity.low
    return quantity.low <= year and (bound.endswith("above") or year <= quantity.high)


def is_number_said(mention: Mention, texts: Iterable[str]) -> bool:
    """Whether the person spoke of that number, in digits or words, of whatever unit."""
    mine = parse_quantity(mention.text, utcnow())
    for text in texts:
        numbers = [parse_number(part) for part in re.findall(r"[\w$£€.,]+(?:[ -]\w+)?", text)]
        theirs = parse_quantity(text, utcnow())
        ends = (theirs.low, theirs.high) if theirs is not None else ()
        same = mine is not None and mine.low is not None and ends == (mine.low, mine.high)
        if holds_words(text, mention.text) or mention.number in numbers or mention.number in ends or same:
            return True
    return False


def numbers_of(item: Item) -> list[float]:
    """All numbers that an item's fields hold."""
    return [float(v) for v in item.fields.values() if isinstance(v, int | float) and not isinstance(v, bool)]
