"""Comparisons of items by a number: "twenty minutes shorter than Heat", "six years later", "the newest"."""

import math
import re
from collections.abc import Iterator, Sequence

from bot.claims.mentions import Mention, cues
from bot.claims.numbers import NEAR
from bot.claims.record import Claim, Record
from bot.claims.sentences import PRONOUN, Sentence
from bot.claims.words import is_denied
from retrieval.catalogue import Catalogue
from retrieval.items import Item, Role

Titles = Sequence[tuple[Mention, Item]]
_THAN = re.compile(r"\s*(?:\w+\s+)?than\s+(?:the (?:film|movie|book|novel) )?")
_BEHIND = re.compile(r"\s+(?:the (?:film|movie|book|novel) )?")
_THAN_IT = re.compile(r"\s*(?:\w+\s+)?than\s+(?:that one|that|it|this one|the other|the latter)\b")
_OF_TWO = re.compile(r"\s*(?:(?:\w+\s+)?of the (?:two|pair)|one)\b")
_ALONE = re.compile(
    r"\b(?:is|and|was|runs|comes|costs|much|bit|lot|little|slightly|coins?)\s*$", re.IGNORECASE
)
_ENDS = re.compile(r"\s*(?:[,.;!?)]|too\b|as well\b|$)")
_TIMES = re.compile(
    r"\b(?P<times>twice|double|half|three times)\s+(?:as\s+(?P<word>many|long|thick|much|expensive)|"
    r"the\s+(?P<noun>length|pages|price))\b"
    r"(?:\s+(?:as|of))?\s+",
    re.IGNORECASE,
)
_RATIOS = {"twice": 2.0, "double": 2.0, "half": 0.5, "three times": 3.0}
_BY = re.compile(r"(?:\s+one)?\s*by (?:about |around |roughly |nearly |almost |just |some )?")
_SMALL = 3
"""Differences up to this are exact to half a unit."""


class Comparisons:
    """Judges comparisons within one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def claims(
        self,
        sentence: Sentence,
        record: Record,
        titles: Titles,
        trail: Sequence[Item],
        met: Sequence[Item],
    ) -> tuple[list[Claim], list[Mention]]:
        """The comparisons of a sentence, and the mentions that they use up.

        `titles` are the record's items that it names, `trail` those spoken of before it and `met` all items
        named before it, the latest last.
        """
        claims: list[Claim] = []
        used: list[Mention] = []
        for role, sign, found in _compared_in(sentence.bare, "compared"):
            field = self._catalogue.config.field_with_role(role)
            if field is None or sentence.is_personal(found.start()):
                continue
            other = _named_behind(sentence, found.end())
            amount = _amount(sentence, found)
            if found.group().lower() in ("after", "before") and (amount is None or other is None):
                continue
            named = [
                m for m in sentence.mentions if m.kind == "title" and m.end <= found.start() and m not in used
            ]
            left, right = self._pair(
                sentence, record, trail, [*record.items, *met], found, other, named,
                measured=amount is not None or _THAN_IT.match(sentence.bare, found.end()) is not None,
            )  # fmt: skip
            if right is None:
                continue
            fault = _fault(left, right, field, sign, amount, denied=is_denied(sentence.bare, found.start()))
            ends = [found.span(), *((m.start, m.end) for m in (amount, other) if m is not None)]
            words = sentence.text[min(start for start, _ in ends) : max(end for _, end in ends)]
            claims.append(Claim("comparison", words, fault))
            used += [m for m in (amount, other) if m is not None]
        claims += self._ratios(sentence, trail)
        return [*claims, *self._superlatives(sentence, record, titles, trail)], used

    def _pair(
        self,
        sentence: Sentence,
        record: Record,
        trail: Sequence[Item],
        met: Sequence[Item],
        found: re.Match[str],
        other: Mention | None,
        named: Sequence[Mention],
        *,
        measured: bool,
    ) -> tuple[Item | None, Item | None]:
        """What is compared, and with what; with nothing where the words compare no items."""
        own = [self._catalogue[m.items[0]] for m in named if not sentence.is_personal(m.start)]
        going_on = PRONOUN.search(sentence.bare[: found.start()]) is not None
        left = next(iter([*trail[-1:], *own[-1:]] if going_on else [*own[-1:], *trail[-1:]]), None)
        if other is not None:
            right = self._catalogue[other.items[0]]
            if left is not None and left.item_id == right.item_id:
                left = next((item for item in record.items if item.item_id != right.item_id), None)
            return left, right
        of_two = _OF_TWO.match(sentence.bare, found.end()) is not None
        alone = _ALONE.search(sentence.bare[: found.start()]) and _ENDS.match(sentence.bare, found.end())
        if not measured and not ((of_two or alone) and len({item.item_id for item in met}) == 2):
            return left, None
        others = [*(self._catalogue[m.items[0]] for m in reversed(named)), *reversed(met)]
        return left, next(
            (item for item in others if left is not None and item.item_id != left.item_id), None
        )

    def _ratios(self, sentence: Sentence, trail: Sequence[Item]) -> Iterator[Claim]:
        """ "Twice as long as Heat"."""
        for found in _TIMES.finditer(sentence.bare):
            titles = [m for m in sentence.mentions if m.kind == "title"]
            other = next((m for m in titles if m.start == found.end()), None)
            role: Role = (
                "price" if found["word"] in ("much", "expensive") or found["noun"] == "price" else "runtime"
            )
            field = self._catalogue.config.field_with_role(role)
            named = [self._catalogue[m.items[0]] for m in titles if m.end <= found.start()]
            left = next(iter([*named[-1:], *trail[-1:]]), None)
            if other is None or field is None or left is None:
                continue
            mine, theirs = left.fields.get(field), self._catalogue[other.items[0]].fields.get(field)
            ratio = _RATIOS[found["times"].lower()]
            so = (
                isinstance(mine, int | float)
                and isinstance(theirs, int | float)
                and math.isclose(float(mine), ratio * float(theirs), rel_tol=2 * NEAR)
            )
            yield Claim("comparison", found.group(), "" if so else "not by the record")

    def _superlatives(
        self, sentence: Sentence, record: Record, titles: Titles, trail: Sequence[Item]
    ) -> Iterator[Claim]:
        """ "The newest of these": of the items spoken of, where they are several."""
        for role, sign, found in _compared_in(sentence.bare, "superlatives"):
            field = self._catalogue.config.field_with_role(role)
            if field is None or len(record.items) < 2 or sentence.is_personal(found.start()):
                continue
            item = _nearest(titles, found.start()) or next(reversed(trail), None)
            held = [one.fields.get(field) for one in record.items]
            numbers = [sign * float(one) for one in held if isinstance(one, int | float)]
            mine = item.fields.get(field) if item is not None else None
            best = isinstance(mine, int | float) and bool(numbers) and sign * float(mine) >= max(numbers)
            yield Claim("comparison", found.group(), "" if best else "not by the record")


def _compared_in(text: str, kind: str) -> Iterator[tuple[Role, int, re.Match[str]]]:
    """Words of comparison in `text`, of one `kind` of prompts/claims.yaml: the role of the number that they
    speak of, +1 for more of it or -1 for less, and where they stand.
    """
    for role, directions in cues()[kind].items():
        for direction, words in directions.items():
            for word in words:
                tail = r"(?=\s+than)" if word == "less" else ""
                for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w){tail}", text, re.IGNORECASE):
                    yield role, 1 if direction == "up" else -1, found


def _named_behind(sentence: Sentence, end: int) -> Mention | None:
    """The title right behind "than"."""
    than = _THAN.match(sentence.bare, end) or _BEHIND.match(sentence.bare, end)
    return next((m for m in sentence.mentions if than and m.kind == "title" and m.start == than.end()), None)


def _amount(sentence: Sentence, found: re.Match[str]) -> Mention | None:
    """The number right before the word of comparison, or behind it and "by"."""
    by = _BY.match(sentence.bare, found.end())
    for mention in sentence.mentions:
        if mention.kind == "number":
            before = mention.end <= found.start() and not sentence.bare[mention.end : found.start()].strip(
                " -"
            )
            if before or (by is not None and mention.start == by.end()):
                return mention
    return None


def _nearest(titles: Titles, start: int) -> Item | None:
    """The item whose title stands nearest to `start`."""
    far = [(min(abs(m.end - start), abs(m.start - start)), place) for place, (m, _) in enumerate(titles)]
    return titles[min(far)[1]][1] if far else None


def _fault(
    left: Item | None, right: Item, field: str, sign: int, amount: Mention | None, *, denied: bool
) -> str:
    """Why `left` has not more (`sign` +1) or less (-1) of `field` than `right`, by that amount."""
    mine, other = left.fields.get(field) if left is not None else None, right.fields.get(field)
    if not isinstance(mine, int | float) or not isinstance(other, int | float):
        return "the record has no numbers to compare"
    difference = sign * (float(mine) - float(other))
    if denied:
        return "" if difference <= 0 else "denies what the record says"
    if difference <= 0:
        return "the other way round"
    if amount is None or not amount.number:
        return ""
    slack = 1.0 if amount.number > _SMALL else 0.6
    close = math.isclose(difference, amount.number, rel_tol=NEAR + 0.05, abs_tol=slack)
    return "" if close else "by another amount"
