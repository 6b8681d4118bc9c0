"""Numbers, ranges, decades, lengths and prices in words: "under two hours", "from the 90s", "$20 to $45".

English. Knows units, not catalogues: grounding decides which field a quantity bounds.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Unit = Literal["year", "minutes", "money", "stars"]

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
NUMBER_WORDS = {word: i for i, word in enumerate(_ONES)} | {word: 10 * i for i, word in enumerate(_TENS, 2)}
NUMBER_WORDS |= {
    "a couple of": 2,
    "a couple": 2,
    "couple": 2,
    "a few": 3,
    "half a dozen": 6,
    "a dozen": 12,
    "hundred": 100,
}
_DECADES = {word[:-1] + "ies" if word.endswith("y") else word: 10 * i for i, word in enumerate(_TENS, 2)}

_AT_MOST = (
    r"at most|up to|no more than|not more than|max(?:imum)?(?: of)?|no longer than|not longer than|no older|not over|"
    r"no later than|within|until|till"
)
_LESS = r"under|less than|below|shorter than|fewer than|cheaper than|before|older than|earlier than|smaller than|lower than"
_AT_LEAST = r"at least|min(?:imum)?(?: of)?|no less than|not less than|not older than|no older than|since|starting (?:at|from)"
_MORE = r"over|more than|above|longer than|after|newer than|later than|past|higher than|beyond|better than"
_NEAR = r"around|about|roughly|approximately|circa|near|close to|something like"
_MONEY = r"[$£€¥]|dollars?|bucks?|euros?|eur|usd|gbp|pounds?|quid|yuan|rmb|元|块"
_MINUTES = r"minutes?|mins?|hours?|hrs?|h|hour-long|m"
_STARS = r"stars?"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A range of numbers: `low` and `high` inclusive, or exclusive where `strict`; None is open."""

    low: float | None
    high: float | None
    unit: Unit | None
    strict: bool = False


def parse_number(text: str) -> float | None:
    """The first number in `text`, in digits or words; None when there is none."""
    digits = re.search(r"\d[\d,]*(?:\.\d+)?", text)
    if digits:
        return float(digits.group().replace(",", ""))
    lowered = text.lower()
    for phrase in sorted(NUMBER_WORDS, key=len, reverse=True):
        if re.search(rf"(?<!\w){phrase}(?!\w)", lowered):
            tens = NUMBER_WORDS[phrase]
            ones = re.search(rf"{phrase}[- ](\w+)", lowered)
            more = NUMBER_WORDS.get(ones.group(1), 0) if ones and tens in range(20, 100, 10) else 0
            return float(tens + (more if more < 10 else 0))
    return None


def parse_quantity(text: str, now: datetime) -> Quantity | None:
    """The range that `text` speaks of, or None. `now` dates "the last five years"."""
    lowered = " ".join(text.lower().replace("’", "'").split())
    return _relative_years(lowered, now) or _decade(lowered) or _range(lowered) or _single(lowered)


def _relative_years(text: str, now: datetime) -> Quantity | None:
    match = re.search(r"(?:last|past|previous)(?: (.+?))? (years?|decades?)", text)
    if match:
        span = (parse_number(match.group(1) or "one") or 1) * (10 if match.group(2).startswith("dec") else 1)
        return Quantity(now.year - span, None, "year")
    return Quantity(now.year, None, "year") if "this year" in text else None


def _decade(text: str) -> Quantity | None:
    match = re.search(r"(?<![\d$£€])((?:1[89]|20)?\d0)\s?'?s(?!\w)", text)
    start = int(match.group(1)) if match else None
    if start is None:
        word = next((word for word in _DECADES if re.search(rf"(?<!\w){word}(?!\w)", text)), None)
        start = _DECADES[word] if word else None
    if start is None:
        return None
    year = start if start > 100 else (2000 + start if start < 30 else 1900 + start)
    first, last = year, year + 9
    if "early" in text:
        last = year + 4
    elif re.search(r"\blate\b", text):
        first = year + 5
    elif "mid" in text:
        first, last = year + 3, year + 7
    if re.search(rf"\b(?:{_LESS})\b", text):
        return Quantity(None, first, "year", strict=True)
    if re.search(rf"\b(?:{_AT_LEAST}|onwards?|or later|or newer)\b", text):
        return Quantity(first, None, "year")
    if re.search(rf"\b(?:{_MORE})\b", text):
        return Quantity(last, None, "year", strict=True)
    return Quantity(first, last, "year")


def _range(text: str) -> Quantity | None:
    digits = r"\d[\d,]*(?:\.\d+)?"
    match = re.search(rf"({digits})\D{{0,10}}?(?:\band\b|\bto\b|-|–)\D{{0,4}}?({digits})", text)
    match = match or re.search(r"between (\w+(?:-\w+)?) and (\w+(?:-\w+)?)", text)
    if not match:
        return None
    low, high = parse_number(match.group(1)), parse_number(match.group(2))
    if low is None or high is None or low > high:
        return None
    unit = _unit(text, high)
    if unit is None and re.search(r"hour|hrs?\b|min", text):
        unit = "minutes"
    scale = 60 if unit == "minutes" and re.search(r"hour|hrs?\b", text) and high < 10 else 1
    return Quantity(low * scale, high * scale, unit)


def _single(text: str) -> Quantity | None:
    number = _duration(text)
    unit: Unit | None = "minutes" if number is not None else None
    if number is None:
        number = parse_number(text)
        if number is None:
            return None
        unit = _unit(text, number)
    if re.search(rf"(?<!\w)(?:{_AT_LEAST})(?!\w)|or (?:more|longer|newer|later|better|higher|up)|\d\+", text):
        return Quantity(number, None, unit)
    if re.search(
        rf"(?<!\w)(?:{_AT_MOST})(?!\w)|or (?:less|under|shorter|cheaper|older|earlier)|\btops\b|\bmax\b", text
    ):
        return Quantity(None, number, unit)
    if re.search(rf"(?<!\w)(?:{_LESS})(?!\w)", text):
        return Quantity(None, number, unit, strict=True)
    if re.search(rf"(?<!\w)(?:{_MORE})(?!\w)", text):
        return Quantity(number, None, unit, strict=True)
    if unit == "year":
        slack = 2 if re.search(_NEAR, text) else 0
        return Quantity(number - slack, number + slack, unit)
    if unit == "money" and not re.search(_NEAR, text):
        return Quantity(None, number, unit)  # "50 euros", "budget of 50": what may be spent
    return Quantity(round(number * 0.8, 2), round(number * 1.2, 2), unit)


def _duration(text: str) -> float | None:
    """Minutes of "two hours", "1h30", "an hour and a half", "90 min"; None when no length is meant."""
    clock = re.search(r"(\d+)\s*h(?:ours?|rs?)?\s*(?:and\s*)?(\d{1,2})(?!\d)", text)
    if clock:
        return 60.0 * int(clock.group(1)) + int(clock.group(2))
    hours = re.search(r"([\w.]+(?: and a half)?)[\s-]+(?:hours?|hrs?)\b|([\d.]+)\s?h(?:rs?|ours?)?\b", text)
    if hours:
        said = hours.group(1) or hours.group(2)
        number = 1.0 if said.split()[0] in ("an", "a", "one") else parse_number(said)
        if number is not None:
            return 60 * (number + (0.5 if "and a half" in text else 0))
    minutes = re.search(r"([\w.]+(?:[- ]\w+)?)[\s-]*(?:minutes?|mins?)\b", text)
    return parse_number(minutes.group(1)) if minutes else None


def _unit(text: str, number: float) -> Unit | None:
    if re.search(rf"[$£€¥]|(?<!\w)(?:{_MONEY})(?!\w)|\d(?:{_MONEY})", text):
        return "money"
    if re.search(rf"(?<!\w){_STARS}(?!\w)", text):
        return "stars"
    if re.search(rf"\d ?(?:{_MINUTES})\b", text):
        return "minutes"
    return "year" if 1880 <= number <= 2100 else None
