"""What a text speaks of: titles, people, values of fields, numbers, and what is quoted, each with its place.

Finds; judges nothing. The claim checker asks of each find whether it is true.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import yaml

import prompts
from bot.quantities import NUMBER_WORDS, parse_number
from bot.wording import plain_words
from retrieval.catalogue import Catalogue
from retrieval.everyday import FUNCTION_WORDS
from retrieval.items import Item, Role
from retrieval.text import Token, fold, tokens
from retrieval.title_keys import keys_of, without_article

Kind = Literal["title", "value", "number", "quote", "name"]
PEOPLE: frozenset[str] = frozenset({"director", "cast", "author"})
_OF_PLACES: tuple[Role, ...] = ("country", "language")
SHORTENED = 0.75
"""How well a shorter form must stand for a title: its head before the colon does."""
_SPELT = "|".join(sorted((*NUMBER_WORDS, "hundred", "thousand", "half"), key=len, reverse=True))
_DIGITS = r"\d+(?:,\d{3})*(?:\.\d+)?"
_AMOUNT = rf"(?:{_DIGITS}|(?:{_SPELT})(?:[ -](?:and )?(?:{_SPELT}))*|an?|a couple of)"
_CLOCK = r"\d+\s?h(?:rs?|ours?)?\s?(?:and\s)?\d+(?:\s?m(?:in(?:ute)?s?)?)?\b"
_AND_MINUTES = rf"(?: and (?:a half|a quarter|{_AMOUNT}(?: minutes?)?)|,? {_AMOUNT} minutes?)?"
_HOURS = rf"(?:half an|(?:{_AMOUNT})(?: and a half)?)[\s-]*(?:hours?|hrs?){_AND_MINUTES}"
_LENGTH = rf"(?:{_CLOCK}|(?:a|three) quarters? of an hour|{_HOURS}|{_AMOUNT}[\s-]*(?:minutes?|mins?)\b)"
_DECADE_WORDS = "twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties|noughties"
_DECADE = rf"\b(?:(?:early|mid|late)[\s-]*)?(?:the )?(?:(?:1[5-9]|20)?\d0['’]?s\b|(?:{_DECADE_WORDS})\b)"
_CURRENCIES = "dollars?|bucks|euros?|pounds|usd|eur|gbp|yuan"
_NUMBERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("year", re.compile(_DECADE, re.IGNORECASE)),
    ("minutes", re.compile(_LENGTH, re.IGNORECASE)),
    ("money", re.compile(rf"[$£€¥]\s?{_DIGITS}|\b{_DIGITS}[\s-]?(?:{_CURRENCIES})\b", re.IGNORECASE)),
    ("pages", re.compile(rf"\b{_AMOUNT}[\s-]*pages?\b", re.IGNORECASE)),
    ("stars", re.compile(rf"\b{_AMOUNT}(?:[\s-]stars?\b| out of (?:5|five|10|ten)\b)", re.IGNORECASE)),
    ("years", re.compile(rf"\b{_AMOUNT}[\s-]*(?:years?|decades?|centur(?:y|ies))\b", re.IGNORECASE)),
    ("year", re.compile(r"\b(?:1[3-9]|20)\d\d\b(?![.,]\d)")),
    ("plain", re.compile(rf"(?<![\w.]){_DIGITS}(?:st|nd|rd|th)?\b")),
)
"""What numbers count, and how they are written; the first that fits is taken."""
_QUOTED = re.compile(r"[“\"]([^“”\"]{2,}?)[”\"]")
_NAME = re.compile(
    r"\b[A-ZÀ-Þ][\w'’-]*(?:(?:(?<=\b[A-Z])\.)?\s+(?:(?:de|van|von|der|la|le|of|the|and|&)\s+)*[A-ZÀ-Þ][\w'’-]*)*"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that a text speaks of at `start`; `readings` are the fields and values it may stand for,
    `items` the titles' ids, `unit` and `number` what a number counts.
    """

    kind: Kind
    start: int
    end: int
    text: str
    items: tuple[str, ...] = ()
    readings: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    number: float = 0.0


@cache
def cues() -> dict[str, Any]:
    """The words of prompts/claims.yaml."""
    loaded: dict[str, Any] = yaml.safe_load(prompts.text("claims.yaml"))
    return loaded


class Mentions:
    """Finds what texts speak of in terms of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._titles = _index((item.item_id, item) for item in catalogue.items)
        self._values: dict[str, list[tuple[tuple[str, ...], tuple[str, str]]]] = defaultdict(list)
        for field, spec in catalogue.config.fields.items():
            if spec.type in ("category", "list"):
                for value in catalogue.values(field):
                    self._add_value(str(value), field, spec.role_of(field))
        self._add_words()
        self._kinds = {
            words
            for words, forms in self._values.items()
            for form, (field, _) in forms
            if len(form) == 1 and catalogue.config.role_of(field) not in PEOPLE
        }
        """Words that are values by themselves: a colour, a genre."""

    def _add_value(self, value: str, field: str, role: Role | None) -> None:
        words = tuple(token.text for token in tokens(value))
        for form in {words, (*words[:-1], _plural(words[-1])) if words else ()}:
            self._add(form, field, value)
        if role in PEOPLE and len(words) > 1 and len(words[-1]) > 2:
            self._add(words[-1:], field, value)

    def _add(self, words: Sequence[str], field: str, value: str) -> None:
        if words:
            self._values[words[0]].append((tuple(words), (field, value)))

    def _add_words(self) -> None:
        """Other words for values: synonyms, and what is of a country."""
        config = self._catalogue.config
        for role, values in yaml.safe_load(prompts.text("synonyms.yaml")).items():
            field = config.field_with_role(role)
            known = {fold(str(value)): str(value) for value in self._catalogue.values(field)} if field else {}
            for value, words in values.items():
                for said in words if field and fold(value) in known else ():
                    self._add([token.text for token in tokens(said)], str(field), known[fold(value)])
        for said, names in cues()["demonyms"].items():
            for role in _OF_PLACES:
                field = config.field_with_role(role)
                known = {fold(str(v)): str(v) for v in self._catalogue.values(field)} if field else {}
                for name in names:
                    if fold(name) in known:
                        self._add([token.text for token in tokens(said)], str(field), known[fold(name)])

    def find(self, text: str, expected: Iterable[Item]) -> list[Mention]:
        """Mentions in order of place, not overlapping; titles of `expected` items come before all else."""
        taken: list[Mention] = []

        def add(found: Iterable[Mention]) -> None:
            for one in found:
                if not any(one.start < other.end and other.start < one.end for other in taken):
                    taken.append(one)

        words = tokens(text)
        add(_titles(text, words, _index((item.item_id, item) for item in expected), known=True))
        add(_quotes(text))
        add(self._of_values(text, words, several=True))
        add(_titles(text, words, self._titles, known=False))
        add(_numbers(text))
        add(self._of_values(text, words, several=False))
        add(_names(_without(text, taken)))
        return sorted(taken, key=lambda mention: mention.start)

    def _of_values(self, text: str, words: Sequence[Token], *, several: bool) -> Iterator[Mention]:
        """Values by name, the longest first; `several` takes those of more than one word."""
        at = 0
        while at < len(words):
            found = self._longest(text, words, at, several=several)
            if found is None:
                at += 1
                continue
            readings, size = found
            start, end = words[at].start, words[at + size - 1].end
            yield Mention("value", start, end, text[start:end], readings=readings)
            at += size

    def _longest(
        self, text: str, words: Sequence[Token], at: int, *, several: bool
    ) -> tuple[tuple[tuple[str, str], ...], int] | None:
        """What the most words from `at` on may stand for, and how many they are."""
        said = words[at].text
        forms = self._values.get(said) or self._values.get(said.removesuffix("s"), [])
        sizes = {
            reading: len(form)
            for form, reading in sorted(forms, key=lambda one: len(one[0]))
            if (len(form) > 1) == several and self._is_said(text, words, at, form, reading[0])
        }
        longest = max(sizes.values(), default=0)
        readings = tuple(reading for reading, size in sizes.items() if size == longest)
        return (readings, longest) if readings else None

    def _is_said(self, text: str, words: Sequence[Token], at: int, form: Sequence[str], field: str) -> bool:
        """Whether `form` stands at `at`, in the plural or the genitive, too."""
        if at + len(form) > len(words):
            return False
        said = [token.text for token in words[at : at + len(form)]]
        last = words[at + len(form) - 1]
        people = self._catalogue.config.role_of(field) in PEOPLE
        if said[:-1] != list(form[:-1]) or said[-1] not in (form[-1], form[-1] + "s"):
            return False
        # "Mann" is a name, "White" may be a colour and "Black" a part of "Black-tie".
        lone = people and len(form) == 1
        return not lone or (
            text[last.start].isupper()
            and text[last.end : last.end + 1] != "-"
            and (said[-1] not in plain_words("") and form[-1] not in self._kinds)
        )


def _plural(word: str) -> str:
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


def _index(items: Iterable[tuple[str, Item]]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    index: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for item_id, item in items:
        for key, weight in keys_of(item).items():
            if weight >= SHORTENED and key:
                words = tuple(key.split())
                index[words[0]].append((words, item_id))
    return index


def _titles(
    text: str, words: Sequence[Token], index: dict[str, list[tuple[tuple[str, ...], str]]], *, known: bool
) -> Iterator[Mention]:
    """Titles, written with capitals; of items not `known` one lower-case or everyday word is no title."""
    from retrieval.title_keys import canonical

    spelt = [canonical(token.text) for token in words]
    at = 0
    while at < len(words):
        best: dict[str, int] = {}
        for form, item_id in index.get(spelt[at], ()):
            if tuple(spelt[at : at + len(form)]) == form:
                best[item_id] = max(best.get(item_id, 0), len(form))
            elif tuple(spelt[at : at + len(form) - 1]) == form[:-1] and spelt[
                at + len(form) - 1 : at + len(form)
            ] == [form[-1] + "s"]:
                best[item_id] = max(best.get(item_id, 0), len(form))  # "Heat's"
        longest = max(best.values(), default=0)
        if longest and _is_written_as_title(text, words, at, at + longest, known=known):
            start, end = words[at].start, words[at + longest - 1].end
            items = tuple(item_id for item_id, size in best.items() if size == longest)
            yield Mention("title", start, end, text[start:end], items=items)
            at += longest
        else:
            at += 1


def _is_written_as_title(text: str, words: Sequence[Token], first: int, last: int, *, known: bool) -> bool:
    written = [text[token.start : token.end] for token in words[first:last]]
    telling = [one for one in written if one.lower() not in FUNCTION_WORDS and len(one) > 1] or written
    if not all(word[0].isupper() or word[0].isdigit() for word in telling):
        return False
    if known:
        return True
    before = text[: words[first].start].rstrip(" \"'“‘(")
    begins = not before or before[-1] in ".!?:;–—\n"
    if len(telling) == 1 and len(written) == 1:
        plain = fold(written[0]) in plain_words("")
        return not (begins and plain) and not written[0].isdigit()
    return not begins or len(written) > 1


def _quotes(text: str) -> Iterator[Mention]:
    for found in _QUOTED.finditer(text):
        yield Mention("quote", found.start(), found.end(), found.group(1))


def _numbers(text: str) -> Iterator[Mention]:
    for unit, pattern in _NUMBERS:
        for found in pattern.finditer(text):
            said = found.group()
            if unit == "years" and parse_number(said) is None and not re.match(r"an?\b|half", said, re.I):
                continue
            yield Mention("number", *found.span(), said, unit=unit, number=_value(unit, said))


def _value(unit: str, said: str) -> float:
    lowered = said.lower().replace("’", "'")
    if unit == "minutes":
        return _minutes(lowered)
    number = parse_number(lowered)
    if unit == "years":
        scale = 10 if "decade" in lowered else 100 if "centur" in lowered else 1
        return scale * (0.5 if lowered.startswith("half") else 1.0 if number is None else number)
    if number is None:
        return float(re.sub(r"[^\d.]", "", lowered) or "nan") if re.search(r"\d", lowered) else 1.0
    return number


def _minutes(said: str) -> float:
    clock = re.fullmatch(r"(\d+)\s?h(?:rs?|ours?)?\s?(?:and\s)?(\d+).*", said)
    if clock:
        return 60.0 * int(clock.group(1)) + int(clock.group(2))
    if "quarter" in said and "of an hour" in said:
        return 45.0 if said.startswith("three") else 15.0
    parts = re.split(r"(?<=hour)s?\b|(?<=hr)s?\b", said, maxsplit=1)
    if len(parts) == 1:
        number = parse_number(said)
        return 1.0 if number is None else number
    whole, rest = parts
    if whole.startswith("half an"):
        return 30.0
    number = parse_number(re.sub(r"and a half", "", whole))
    hours = 60.0 * (1.0 if number is None else number) + (30.0 if "and a half" in whole else 0.0)
    if "half" in rest:
        return hours + 30
    if "quarter" in rest:
        return hours + 15
    return hours + (parse_number(rest) or 0.0)


def _without(text: str, mentions: Sequence[Mention]) -> str:
    """`text` with stops in place of mentions: a name goes on through none."""
    for one in mentions:
        text = text[: one.start] + "|" * (one.end - one.start) + text[one.end :]
    return text


def _names(text: str) -> Iterator[Mention]:
    """Capitalised words amid a sentence that are none of the others: names that the catalogue lacks."""
    for found in _NAME.finditer(text):
        start, end = found.span()
        before = text[:start].rstrip(" \"'“‘(")
        if not before or before[-1] in ".!?:;–—\n-":
            words = found.group().split()
            if len(words) < 2 or without_article(fold(found.group())) != fold(found.group()):
                continue
            if words[0].lower() in FUNCTION_WORDS:
                continue
        if found.group() in ("I", "I'd", "I'm", "I'll", "I've", "I’d", "I’m", "I’ll", "I’ve"):
            continue
        yield Mention("name", start, end, found.group())
