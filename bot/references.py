"""Which items "the second one", "it", "the first two" or "the cheaper one" mean, over what was shown."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.quantities import NUMBER_WORDS, Unit, parse_quantity
from bot.values import ValueIndex
from retrieval.catalogue import Catalogue
from retrieval.everyday import FUNCTION_WORDS
from retrieval.filters import Constraint, matches
from retrieval.items import Role
from retrieval.titles import TitleIndex

_ORDINALS = {
    "first": 0, "1st": 0, "top": 0, "former": 0, "second": 1, "2nd": 1, "latter": 1, "third": 2, "3rd": 2,
    "fourth": 3, "4th": 3, "fifth": 4, "5th": 4, "sixth": 5, "6th": 5, "seventh": 6, "7th": 6, "eighth": 7,
    "8th": 7, "ninth": 8, "tenth": 9, "last": -1, "final": -1, "bottom": -1,
}  # fmt: skip
_PLURAL = re.compile(r"\b(both|them|those|these|all|they|em|everything|none)\b")
_POINTING = {
    "this",
    "that",
    "one",
    "just",
    "mentioned",
    "recommended",
    "suggested",
    "last",
    "first",
    "second",
}
_POINTING |= {"item", "product", "place"}
UNIT_ROLES: dict[Unit, Role] = {"year": "year", "minutes": "runtime", "money": "price", "stars": "rating"}
SURE = 0.75
"""How sure the title index must be."""


class References:
    """Resolves pointing words; knows the catalogue, and takes what was shown from its caller."""

    def __init__(self, catalogue: Catalogue, titles: TitleIndex, values: ValueIndex) -> None:
        self._catalogue = catalogue
        self._titles = titles
        self._values = values

    def resolve(self, words: str, shown: Sequence[str], focus: Sequence[str], now: datetime) -> list[str]:
        """Item ids that `words` mean, in order; empty when nothing fits: rather none than a wrong one.

        `shown` is the last list, in its order; `focus` what was spoken of last; `now` dates "last year's".
        """
        text = words.lower()
        left_out = re.search(r"\b(?:all|everything|every one|any)\b.*?\b(?:but|except(?: for)?)\b(.+)", text)
        if left_out:
            items = self.resolve(left_out.group(1), shown, focus, now)
            return [item for item in shown if item not in items] if items else []
        if shown and words == text and re.fullmatch(r"\W*(?:all )?(?:of )?the (?:others|rest)\W*", text):
            return [item for item in shown if item not in focus]
        named = self._titled(words, shown)
        if named:
            return named
        others = re.search(r"\bother (\w+)\b", text)
        if others:
            count = NUMBER_WORDS.get(others.group(1)) or _digit(others.group(1)) or 1
            return [item for item in shown if item not in focus][: None if "ones" in text else count]
        ordered = self._ordinal(text, shown)
        if ordered:
            return ordered
        described = self._described(text, shown, now)
        if described:
            return described
        if re.search(r"\bboth\b", text):
            return list(focus) if len(focus) == 2 else list(shown[:2])
        if _PLURAL.search(text):
            return list(shown) if shown else list(focus)
        if not is_pointing(text):
            return []
        return list(focus) if focus else list(shown) if len(shown) == 1 else []

    def _titled(self, words: str, shown: Sequence[str]) -> list[str]:
        if is_pointing(words):  # "it" is the film of that name only where it is quoted
            return []
        found = [(item, score) for item, score in self._titles.resolve(words) if score >= SURE]
        among = [item for item, _ in found if item in shown]
        if among:
            return among[:1]
        if found:
            return [found[0][0]]
        return [mention.item_id for mention in self._titles.mentions(words) if mention.score >= SURE]

    def _ordinal(self, text: str, shown: Sequence[str]) -> list[str]:
        tokens = re.findall(r"\w+", text)
        several = re.search(r"\b(first|last|top|bottom)\s+(\w+)\b", text)
        count = NUMBER_WORDS.get(several.group(2)) or _digit(several.group(2)) if several else None
        if several and count and count < 10:
            end = several.group(1) in ("last", "bottom")
            return list(shown[-int(count) :] if end else shown[: int(count)])
        if "middle" in tokens:
            return [shown[len(shown) // 2]] if shown else []
        places = [_ORDINALS[token] for token in tokens if token in _ORDINALS]
        numbers = re.findall(r"(?:#\s*|\b(?:number|no|nr|option)\b\.?\s*)(\w+)", text)
        if not places and (
            numbers or re.fullmatch(r"\W*(?:\d|one|two|three|four|five)(?:\W+(?:and|or)?\W*\w+)*\W*", text)
        ):
            spoken = [NUMBER_WORDS.get(token) or _digit(token) for token in numbers or tokens]
            places = [int(number) - 1 for number in spoken if number and number <= len(shown)]
        return [shown[place] for place in places if -len(shown) <= place < len(shown)]

    def _described(self, text: str, shown: Sequence[str], now: datetime) -> list[str]:
        """ "the blue one", "the cheaper one", "the Nolan film": by what sets an item apart from the rest."""
        if not shown or len(text.split()) < 2:
            return []
        known = [item for item in shown if item in self._catalogue]
        quantity = parse_quantity(text, now)
        role = UNIT_ROLES.get(quantity.unit) if quantity and quantity.unit else None
        measured = self._catalogue.config.field_with_role(role) if role else None
        if quantity and measured:
            low, high = (
                Constraint(measured, "gte", quantity.low or -1e12),
                Constraint(measured, "lte", quantity.high or 1e12),
            )
            return [
                i for i in known if matches(self._catalogue[i], low) and matches(self._catalogue[i], high)
            ]
        degree = self._values.degree(text)
        if degree:
            field, sign, _ = degree
            held = [(item, self._catalogue[item].fields.get(field)) for item in known]
            numbers = [(item, float(value)) for item, value in held if isinstance(value, int | float)]
            return [max(numbers, key=lambda pair: sign * pair[1])[0]] if numbers else []
        for match in self._values.find(re.sub(r"\b(the|that|this|one|ones|film|movie)\b", " ", text)):
            constraint = Constraint(match.field, "in", match.values)
            fitting = [item for item in known if matches(self._catalogue[item], constraint)]
            if fitting and len(fitting) < len(shown):
                return fitting
        return []


def is_pointing(words: str) -> bool:
    """Whether no word says more than "that one" does."""
    said = set(re.findall(r"[\w']+", words.lower()))
    return not re.search('["“‘«]', words) and said <= FUNCTION_WORDS | _POINTING


def _digit(token: str) -> int | None:
    return int(token) if token.isdecimal() and len(token) <= 2 else None
