"""Which items a text names: in free text (`mentions`), or by one span taken from it (`resolve`).

Titles are met with their year or without, with a leading article dropped or filed at the end, by alias,
by number ("Rocky 2", "the second Rocky") and with typing errors. Longer names win over the shorter ones
within them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from retrieval.catalogue import Catalogue
from retrieval.everyday import FUNCTION_WORDS, EverydayWords
from retrieval.text import CJK, Token, has_cjk, tokens
from retrieval.title_keys import (
    ORDINALS,
    YEAR_NEXT,
    canonical,
    key_of,
    keys_of,
    split_year,
    without_article,
)

Found = list[tuple[str, float]]

PEOPLE = frozenset({"director", "cast", "author"})
LONGEST_NAME = 12
"""Words of the longest name looked for in free text."""
SHORTEST_TYPO = 5
"""Shorter words have too many neighbours to be corrected."""
SAME_SPELLING = 82
"""How alike, of 100, a misspelt span and a title must be."""
OFF_BY_A_YEAR, OTHER_YEAR, SPACED, MISSPELT, IN_SERIES, PREFIX = 0.97, 0.7, 0.95, 0.9, 0.9, 0.7


@dataclass(frozen=True, slots=True)
class Mention:
    """An item named in a text, where, and how surely (0 to 1)."""

    item_id: str
    start: int
    end: int
    score: float


class TitleIndex:
    """The titles and aliases of one catalogue."""

    def __init__(self, catalogue: Catalogue, word_ranks: Mapping[str, int] | None = None) -> None:
        """`word_ranks` tells common words from rare ones, a lower number for a more frequent word."""
        self._ids = catalogue.ids
        self._items = catalogue.items
        self._people_fields = [
            name for name in catalogue.config.fields if catalogue.config.role_of(name) in PEOPLE
        ]
        self._years = [catalogue.year(item) or split_year(item.title)[1] for item in catalogue.items]
        self._everyday = EverydayWords(catalogue, word_ranks or {})
        self._ranks = word_ranks or {}
        self._keys: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for position, item in enumerate(catalogue.items):
            for key, weight in keys_of(item).items():
                self._keys[key].append((position, weight))
        self._sorted = sorted(self._keys)
        self._unspaced = {key.replace(" ", ""): key for key in self._sorted if " " in key}
        self._words = sorted({word for key in self._sorted for word in key.split() if len(word) >= 4})
        self._known = frozenset(self._words)
        self._cjk: dict[str, list[str]] = defaultdict(list)
        for key in self._sorted:
            if len(key) > 1 and CJK.fullmatch(key):
                self._cjk[key[0]].append(key)

    def resolve(self, span: str) -> Found:
        """The items that `span` may name, best first, each with how surely; empty when there is none."""
        bare, year = split_year(span)
        found = self._exact(key_of(span), None) or self._exact(key_of(bare), year)
        if not found:
            key = _without_nouns(key_of(bare))
            found = (
                self._exact(key, year)
                or self._of_series(key)
                or self._spaced(key, year)
                or self._prefixed(key)
                or self._misspelt(key, year)
            )
        return [(self._ids[position], score) for position, score in found]

    def mentions(self, text: str) -> list[Mention]:
        """The items that free text names, in order of place, not overlapping."""
        return sorted([*self._latin_mentions(text), *self._cjk_mentions(text)], key=lambda m: m.start)

    def _latin_mentions(self, text: str) -> Iterator[Mention]:
        words = tokens(text)
        spelt = [self._corrected(word) for word in words]
        first, previous = 0, -1
        while first < len(words):
            chained = previous == first or (previous == first - 1 and words[first - 1].text in ("and", "or"))
            named = self._longest_from(text, words, spelt, first, expected=chained and previous > 0)
            if named is None:
                first += 1
                continue
            mention, first = named
            previous = first
            yield mention

    def _longest_from(
        self, text: str, words: Sequence[Token], spelt: Sequence[str], first: int, *, expected: bool
    ) -> tuple[Mention, int] | None:
        """The longest name that begins at word `first`, and the number of the word after it."""
        for last in range(min(len(words), first + LONGEST_NAME), first, -1):
            key = self._known_key(spelt[first:last])
            if key is None:
                continue
            start, end, after = words[first].start, words[last - 1].end, last
            year_end, year = _year_after(text, end)
            position, score = self._exact(key, year)[0]
            dated = year is not None and abs((self._years[position] or 0) - year) <= 1
            numbered = None if dated else self._numbered(key, words, first, last)
            if dated:
                end, after = year_end, last + 1
            elif numbered is not None:
                (position, score), start, after = numbered
                end = words[after - 1].end
            named = dated or numbered is not None
            if named or self._everyday.is_title(text, words, first, last, expected=expected):
                written = [canonical(word.text) for word in words[first:last]]
                sure = 1.0 if written == list(spelt[first:last]) else MISSPELT
                return Mention(self._ids[position], start, end, score * sure), after
        return None

    def _known_key(self, spelt: Sequence[str]) -> str | None:
        key = " ".join(spelt)
        if key in self._keys:
            return key
        # "Spider Man" for "Spiderman"; the other way round is a single word.
        return self._unspaced.get(key.replace(" ", ""))

    def _numbered(
        self, key: str, words: Sequence[Token], first: int, last: int
    ) -> tuple[tuple[int, float], int, int] | None:
        """The part of a series meant by "the second NAME" or "NAME 2", its start and the word after it."""
        if first and words[first - 1].text in ORDINALS:
            part = self._part(key, ORDINALS[words[first - 1].text])
            return (part[0], words[first - 1].start, last) if part else None
        number = canonical(words[last].text) if last < len(words) else ""
        part = self._part(key, int(number)) if number.isdecimal() and len(number) == 1 else []
        return (part[0], words[first].start, last + 1) if part else None

    def _cjk_mentions(self, text: str) -> Iterator[Mention]:
        if not has_cjk(text):
            return
        index = 0
        while index < len(text):
            keys = [key for key in self._cjk.get(text[index], ()) if text.startswith(key, index)]
            if keys:
                key = max(keys, key=len)
                position, score = self._exact(key, None)[0]
                yield Mention(self._ids[position], index, index + len(key), score)
                index += len(key)
            else:
                index += 1

    def _exact(self, key: str, year: int | None) -> list[tuple[int, float]]:
        """The items of a key, best first; those of the given year alone, if there are any."""
        found = self._keys.get(key, [])
        if year is not None:
            near = [
                (position, weight * (1 if self._years[position] == year else OFF_BY_A_YEAR))
                for position, weight in found
                if abs((self._years[position] or 0) - year) <= 1
            ]
            # A year that no item of that name has speaks of another one, which is not here.
            found = near or [(p, w if self._years[p] is None else w * OTHER_YEAR) for p, w in found]
        return sorted(found, key=lambda one: (-one[1], one[0]))

    def _spaced(self, key: str, year: int | None) -> list[tuple[int, float]]:
        known = self._unspaced.get(key.replace(" ", "")) or key.replace(" ", "")
        return [(position, score * SPACED) for position, score in self._exact(known, year)]

    def _of_series(self, key: str) -> list[tuple[int, float]]:
        """ "second rocky", "rocky 2", "rocky part 2"."""
        words = without_article(key).split()
        if len(words) > 1 and words[0] in ORDINALS:
            return self._part(without_article(" ".join(words[1:])), ORDINALS[words[0]])
        if len(words) > 1 and words[-1].isdecimal() and len(words[-1]) == 1:
            base = words[:-2] if words[-2] in ("part", "number") else words[:-1]
            return self._part(" ".join(base), int(words[-1]))
        return []

    def _part(self, key: str, number: int) -> list[tuple[int, float]]:
        """The part of that number (from 1; -1 for the last) of the series called `key`, or nothing."""
        members = self._members(without_article(key))
        if len(members) < 2 or number > len(members) or number == 0:
            return []
        return [(members[number - 1 if number > 0 else -1], IN_SERIES)]

    def _members(self, key: str) -> list[int]:
        """The items whose name is `key` or goes on after it, oldest first.

        Where an item is called just `key`, the others must share one of its people, if it has any: "Alien
        Nation" is no part of "Alien".
        """
        # "the first two" counts items: it is no part of a series called "Two".
        if not key or all(word in FUNCTION_WORDS or word in "123456789" for word in key.split()):
            return []
        longer = slice(bisect_left(self._sorted, key + " "), bisect_left(self._sorted, key + "!"))
        names = [*self._sorted[longer], key + "s"]
        called = {position for position, _ in self._keys.get(key, [])}
        others = {
            position for name in names for position, weight in self._keys.get(name, []) if weight > PREFIX
        }
        people = frozenset[str]().union(*(self._people(position) for position in called))
        if people:
            others = {position for position in others if people & self._people(position)}
        return sorted(called | others, key=lambda position: (self._years[position] or 9999, position))

    def _people(self, position: int) -> frozenset[str]:
        fields = self._items[position].fields
        values = (fields.get(name) for name in self._people_fields)
        return frozenset(
            str(one) for value in values for one in (value if isinstance(value, list) else [value]) if one
        )

    def _prefixed(self, key: str) -> list[tuple[int, float]]:
        members = self._members(without_article(key)) if len(key) >= 4 else []
        return [(position, PREFIX) for position in members]

    def _misspelt(self, key: str, year: int | None) -> list[tuple[int, float]]:
        if len(key) < 4:
            return []
        alike = process.extract(key, self._sorted, scorer=fuzz.ratio, score_cutoff=SAME_SPELLING, limit=5)
        best: dict[int, float] = {}
        for found, percent, _ in alike:
            for position, score in self._exact(found, year):
                best[position] = max(best.get(position, 0.0), score * percent / 100 * MISSPELT)
        return sorted(best.items(), key=lambda one: (-one[1], one[0]))

    def _corrected(self, word: Token) -> str:
        """The word as titles spell it, when it is no word at all but much like one of theirs."""
        spelt = canonical(word.text)
        unknown = spelt not in self._known and spelt not in self._ranks and spelt not in self._unspaced
        if not unknown or len(spelt) < SHORTEST_TYPO or not spelt.isascii() or not spelt.isalpha():
            return spelt
        if spelt.rstrip("s") in self._ranks:
            return spelt
        closest = process.extractOne(spelt, self._words, scorer=OSA.normalized_similarity, score_cutoff=0.8)
        return spelt if closest is None else closest[0]


def _without_nouns(key: str) -> str:
    """A key without what people say around a title: "that movie X", "X the film"."""
    words = key.split()
    while len(words) > 1 and words[-1] in FUNCTION_WORDS:
        words.pop()
    while len(words) > 1 and words[0] in FUNCTION_WORDS:
        words.pop(0)
    return " ".join(words)


def _year_after(text: str, end: int) -> tuple[int, int | None]:
    """Where the year that follows a name in `text` at once ends, and that year."""
    found = YEAR_NEXT.match(text, end)
    return (found.end(), int(found.group(1))) if found else (end, None)
