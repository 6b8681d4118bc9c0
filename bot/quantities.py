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
NUMBER_WORDS |= {"a couple of": 2, "a couple": 2, "couple": 2, "a few": 3, "half a dozen": 6, "a dozen": 12}
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000}
_DECADES = {word[:-1] + "ies": 10 * i for i, word in enumerate(_TENS, 2)} | {"noughties": 2000}

_AT_MOST = r"at most|up to|no more than|max(?:imum)?(?: of)?|within|until|till|tops"
_LESS = (
    r"under|less than|below|shorter than|fewer than|cheaper than|before|older than|earlier than|smaller than|"
    r"lower than|pre"
)
_AT_LEAST = (
    r"at least|minimum(?: of)?|min(?: of)?(?= ?[\d$£€¥])|since|starting (?:at|from)|onwards?|from .+ on"
)
_MORE = (
    r"over|more than|above|longer than|after|newer than|later than|past|higher than|beyond|better than|post"
)
_OR_LESS, _OR_MORE = (
    "less|under|shorter|cheaper|older|earlier|lower",
    "more|longer|newer|later|better|higher|up",
)
_NOT = r"(?:no|not|nothing|none|never|isn't|aren't)(?: \w+)?"
_NEAR = r"around|about|roughly|approximately|circa|near|close to|something like|like"
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_MONEY = r"[$£€¥]|dollars?|bucks?|euros?|eur|usd|gbp|pounds?|quid|yuan|rmb|元|块"
_MINUTES = r"minutes?|mins?|hours?|hrs?|h|hour-long|m"
_STARS = r"stars?"
_CLOCK = re.compile(r"(\d+)\s*h(?:ours?|rs?)?\s*(?:and\s*)?(\d{1,2})(?!\d|\s*(?:h|hours?|hrs?)\b)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A range of numbers: `low` and `high` inclusive, or exclusive where `strict`; None is open."""

    low: float | None
    high: float | None
    unit: Unit | None
    strict: bool = False


def parse_number(text: str) -> float | None:
    """The first number in `text`, in digits or words; None when there is none."""
    digits = re.search(rf"(?<!\w)[$£€¥]?({_NUMBER})(k(?!\w))?", text.lower())
    if digits:
        return float(digits.group(1).replace(",", "")) * (1000 if digits.group(2) else 1)
    return _in_words(text.lower())


def _in_words(text: str) -> float | None:
    """ "a couple", "twenty five", "a hundred and fifty": the first run of number words."""
    phrases = "|".join(sorted((*NUMBER_WORDS, *_SCALES), key=len, reverse=True))
    run = re.search(rf"(?<!\w)(?:{phrases})(?:(?:[ -]|\band\b)+(?:{phrases}))*(?!\w)", text)
    if not run:
        return None
    total, part = 0, 0
    for word in re.findall(rf"(?<!\w)(?:{phrases})(?!\w)", run.group()):
        if word in _SCALES:
            total, part = total + (part or 1) * _SCALES[word], 0
        else:
            part += NUMBER_WORDS[word]
    return float(total + part)


def parse_quantity(text: str, now: datetime) -> Quantity | None:
    """The range that `text` speaks of, or None. `now` dates "the last five years"."""
    lowered = " ".join(text.lower().replace("’", "'").split())
    return (
        _relative_years(lowered, now)
        or _decade(lowered)
        or _both_bounds(lowered)
        or _range(lowered)
        or _single(lowered)
    )


def _relative_years(text: str, now: datetime) -> Quantity | None:
    aged = re.search(rf"(?:(?:{_NOT} )(?:older|more) than|less than|within|under) (.+?) years(?: old)?", text)
    match = aged or re.search(r"(?:last|past|previous)(?: (.+?))? (?:years|decades?)", text)
    if match:
        span = (parse_number(match.group(1) or "one") or 1) * (10 if "decade" in match.group() else 1)
        return Quantity(now.year - span, None, "year")
    if re.search(r"\b(?:last|previous) year\b", text):
        return Quantity(now.year - 1, now.year - 1, "year")
    century = re.search(r"(?:(\d\d)(?:st|th)|this) century", text)
    if century:
        first = 100 * (int(century.group(1)) - 1 if century.group(1) else now.year // 100)
        return Quantity(first, first + 99, "year")
    if "this decade" in text:
        return Quantity(now.year - now.year % 10, None, "year")
    return Quantity(now.year, None, "year") if "this year" in text else None


def _decade(text: str) -> Quantity | None:
    spoken = re.findall(rf"(?<![\d$£€])((?:1[89]|20)?\d0)\s?'?s(?!\w)|\b({'|'.join(_DECADES)})\b", text)
    starts = [int(digits) if digits else _DECADES[word] for digits, word in spoken]
    if not starts:
        return None
    years = [start if start > 100 else (2000 + start if start < 30 else 1900 + start) for start in starts]
    first, last = min(years), max(years) + 9  # "the 80s or 90s" is one stretch
    if "early" in text:
        last = last - 5
    elif re.search(r"\blate\b", text):
        first = first + 5
    elif "mid" in text:
        first, last = first + 3, last - 2
    if re.search(rf"\b(?:{_AT_LEAST}|or later|or newer|(?:{_NOT}) (?:{_LESS}))\b", text):
        return Quantity(first, None, "year")
    if re.search(rf"\b(?:{_AT_MOST}|or earlier|or older|(?:{_NOT}) (?:{_MORE}))\b", text):
        return Quantity(None, last, "year")
    if re.search(rf"\b(?:{_LESS})\b", text):
        return Quantity(None, first, "year", strict=True)
    if re.search(rf"\b(?:{_MORE})\b", text):
        return Quantity(last, None, "year", strict=True)
    return Quantity(first, last, "year")


def _both_bounds(text: str) -> Quantity | None:
    """ "over 20 but under 50 dollars": one bound on each side of the word that joins them."""
    halves = [_single(half) for half in re.split(r"\b(?:but|and|yet)\b|,(?!\d{3})", text)]
    lows = [half for half in halves if half and half.low is not None and half.high is None]
    highs = [half for half in halves if half and half.high is not None and half.low is None]
    if len(halves) != 2 or not lows or not highs:
        return None
    low, high = lows[0], highs[0]
    if low.low is None or high.high is None or low.low >= high.high:
        return None
    return Quantity(low.low, high.high, low.unit or high.unit, low.strict)


def _range(text: str) -> Quantity | None:
    if _CLOCK.search(text):
        return None  # "2 hours and 15 minutes" is one length
    match = re.search(rf"({_NUMBER})\D{{0,10}}?(?:\band\b|\bto\b|-|–)\D{{0,4}}?({_NUMBER})", text)
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
    least = rf"(?<!\w)(?:{_AT_LEAST}|{_NOT} (?:{_LESS}))(?!\w)|\bor (?:{_OR_MORE})|\d\+"
    most = rf"(?<!\w)(?:{_AT_MOST}|{_NOT} (?:{_MORE}))(?!\w)|\bor (?:{_OR_LESS})"
    if re.search(r"(?<!\w)(?:no|not) older than", text):
        return Quantity(number, None, unit)
    if re.search(least, text):
        return Quantity(number, None, unit)
    if re.search(most, text):
        return Quantity(None, number, unit)
    if re.search(rf"(?<!\w)(?:{_LESS})(?!\w)", text):
        return Quantity(None, number, unit, strict=True)
    if re.search(rf"(?<!\w)(?:{_MORE})(?!\w)", text):
        return Quantity(number, None, unit, strict=True)
    if unit is None and not _is_bare(text):
        return None  # "12 Angry Men", "a shorter one": a number, but no amount of anything
    if unit == "year":
        slack = 2 if re.search(rf"\b(?:{_NEAR})\b", text) else 0
        return Quantity(number - slack, number + slack, unit)
    if unit == "stars":
        return Quantity(number, None, unit)
    if unit == "money" and not re.search(rf"\b(?:{_NEAR})\b", text):
        return Quantity(None, number, unit)  # "50 euros", "budget of 50": what may be spent
    return Quantity(round(number * 0.8, 2), round(number * 1.2, 2), unit)


def _is_bare(text: str) -> bool:
    """Whether `text` is a number and nothing else, as in an answer: "50", "around fifty"."""
    words = re.sub(rf"{_NUMBER}k?|\b(?:{_NEAR})\b", "", text)
    left = set(re.findall(r"[^\W\d_]+", words))
    spoken = {word for phrase in (*NUMBER_WORDS, *_SCALES) for word in phrase.split()} | {"and"}
    return left <= spoken and text.strip() not in ("one", "a couple", "couple")


def _duration(text: str) -> float | None:
    """Minutes of "two hours", "1h30", "an hour and a half", "90 min"; None when no length is meant."""
    clock = _CLOCK.search(text)
    if clock:
        return 60.0 * int(clock.group(1)) + int(clock.group(2))
    hours = re.match(r"(.*?)(?:[\s-]+|(?<=\d))(?:hours?|hrs?|h)\b", text)
    if hours:
        said = hours.group(1)
        if re.search(r"\bhalf an?$", said):
            return 30.0
        number = parse_number(re.sub(r"(\d),(\d)\b", r"\1.\2", said))
        if number is None and re.search(r"\ban?$", said):
            number = 1.0
        return None if number is None else 60 * (number + (0.5 if "and a half" in text else 0))
    minutes = re.match(r"(.*?)[\s-]*(?:minutes?|mins?)\b", text)
    return parse_number(minutes.group(1)) if minutes else None


def _unit(text: str, number: float) -> Unit | None:
    if re.search(rf"[$£€¥]|(?<!\w)(?:{_MONEY})(?!\w)|\d(?:{_MONEY})", text):
        return "money"
    if re.search(rf"(?<!\w){_STARS}(?!\w)", text):
        return "stars"
    if re.search(rf"\d ?(?:{_MINUTES})\b", text):
        return "minutes"
    return "year" if 1880 <= number <= 2100 else None
