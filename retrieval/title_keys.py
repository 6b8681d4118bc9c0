"""Titles made comparable: the keys under which one title can be asked for.

A key is the title's words, folded, with numbers in one spelling: "Rocky II", "rocky 2" and "Rocky Two"
are one key.
"""

import re
from collections.abc import Iterator

from retrieval.items import Item
from retrieval.text import tokens

# "i" is a pronoun, and a lone "v" or "x" is rarely a number in a title.
NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12",
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "7th": 7, "8th": 8,
    "original": 1, "last": -1, "latest": -1, "newest": -1,
}  # fmt: skip

ARTICLES = frozenset({"the", "a", "an"})
YEAR_AT_END = re.compile(r"[\s(\[,]*(?:from |of )?\b((?:18|19|20)\d\d)\b[)\]\s]*$", re.IGNORECASE)
YEAR_NEXT = re.compile(r",?\s*(?:from |of )?[(\[]?((?:18|19|20)\d\d)\b[)\]]?", re.IGNORECASE)
IN_BRACKETS = re.compile(r"\s*\(([^()]*)\)")
# "Matrix, The", as many catalogues file it; articles of the languages that do the same.
FILED_ARTICLE = re.compile(r"^(.+), (the|an?|l[aeo]s?|l'|der|die|das|el|los|il|gli|une?)$", re.IGNORECASE)
SUBTITLE = re.compile(r"\s*(?:: | - | – | — )\s*")

FULL, OTHER_NAME, NO_ARTICLE, HEAD, TAIL = 1.0, 0.97, 0.98, 0.8, 0.75
"""How well a key stands for its item, by how it was made from the title."""


def canonical(word: str) -> str:
    """A folded word with numbers in digits."""
    return NUMBERS.get(word, word)


def key_of(text: str) -> str:
    """The words of `text`, comparable; empty when it has none."""
    return " ".join(canonical(token.text) for token in tokens(text))


def without_article(key: str) -> str:
    """The key without a leading article, unless nothing would be left."""
    head, _, rest = key.partition(" ")
    return rest if head in ARTICLES and rest else key


def split_year(text: str) -> tuple[str, int | None]:
    """Text without the year that ends it, and that year; the text alone when it is nothing but a year."""
    found = YEAR_AT_END.search(text)
    if found is None or not text[: found.start()].strip(" \"'“”"):
        return text, None
    return text[: found.start()], int(found.group(1))


def names_of(item: Item) -> Iterator[tuple[str, float]]:
    """The full names of an item, in reading order of their words, and how well each stands for it."""
    title, _ = split_year(item.title) if item.title.rstrip().endswith(")") else (item.title, None)
    yield _unfiled(IN_BRACKETS.sub("", title)), FULL
    for inside in IN_BRACKETS.findall(title):
        yield _unfiled(re.sub(r"^a\.?k\.?a\.?\s+", "", inside, flags=re.IGNORECASE)), OTHER_NAME
    for alias in item.aliases:
        yield _unfiled(alias), OTHER_NAME


def keys_of(item: Item) -> dict[str, float]:
    """Every key of an item and how well it stands for it, 0 to 1."""
    keys: dict[str, float] = {}
    for name, weight in names_of(item):
        parts = SUBTITLE.split(name)
        forms = [(name, weight)]
        if len(parts) > 1:
            forms += [(parts[0], weight * HEAD), (parts[-1], weight * TAIL)]
        for form, form_weight in forms:
            key = key_of(form)
            for variant, factor in ((key, 1.0), (without_article(key), NO_ARTICLE)):
                if variant:
                    keys[variant] = max(keys.get(variant, 0.0), form_weight * factor)
    return keys


def _unfiled(title: str) -> str:
    found = FILED_ARTICLE.match(title.strip())
    return f"{found.group(2)} {found.group(1)}" if found else title.strip()
