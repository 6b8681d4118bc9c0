"""Words as the claim checker compares them: by stems, as wholes, denied or not."""

import re
from collections.abc import Iterable
from functools import cache

from bot.claims.mentions import cues
from retrieval.everyday import FUNCTION_WORDS
from retrieval.items import Item
from retrieval.text import fold, singular

_PART = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_DENIAL = re.compile(
    r"\b(?:not|no|never|without|nor|neither|nothing|none|(?:is|was|are|were|does|do|did|wo|has|had)n['’]t|"
    r"far from|anything but|rather than|instead of|free of|avoids?|minus|skips?)\b",
    re.IGNORECASE,
)
_NOT_ONLY = re.compile(
    r"\b(?:not (?:only|just|to mention)|no (?:less|fewer|more) than|nothing but|why not|"
    r"no (?:doubt|wonder|problem|question)|do(?:n['’]t| not) (?:hold|let|mind|worry|miss|forget|be))\b",
    re.IGNORECASE,
)
REACH = 6
"""So many words behind a denial are denied at most."""


def is_denied(text: str, start: int) -> bool:
    """Whether what begins at `start` is denied within its clause."""
    before = _NOT_ONLY.sub(" ", text[:start])
    clause = re.split(r"[;:—–,.!?]|\b(?:but|while|whereas|though|so|because)\b", before)[-1]
    denials = list(_DENIAL.finditer(clause))
    return bool(denials) and len(clause[denials[-1].end() :].split()) <= REACH


_OF_ALL = re.compile(
    r"\b(?:nothing|none|not one|not a single|there (?:is|are|was|were)(?:n['’]t an?y?| no)|there['’]s no|"
    r"(?:could|can)(?:n['’]t|not) find|no \w+[^,;.]* (?:here|left|in the catalogue|in stock))\b",
    re.IGNORECASE,
)
_DENIED_BEHIND = re.compile(
    r"\s*(?:it )?(?:(?:is|was|does|do|did|has)(?:n['’]t| not)|never|nowhere)\b"
    r"(?!\s+(?:only|just|merely|the only))",
    re.IGNORECASE,
)


def clause_of_all(text: str) -> tuple[int, int] | None:
    """Where a sentence says what the whole catalogue lacks: "there is no western under 80 minutes here"."""
    found = _OF_ALL.search(text)
    if found is None or re.match(r"[^,;.]*\b(?:about|in) it\b", text[found.end() :]):
        return None
    stop = re.search(r"[;:—–,.!?](?:\s|$)|\b(?:but|so|and)\b", text[found.end() :])
    return found.start(), found.end() + stop.start() if stop else len(text)


def is_denied_behind(text: str, end: int) -> bool:
    """Whether what ends at `end` is denied by the verb behind it: "Al Pacino isn't in it"."""
    return _DENIED_BEHIND.match(text[end:]) is not None


def has(item: Item, name: str, value: str) -> bool:
    """Whether the field `name` of `item` holds `value`."""
    held = item.fields.get(name)
    values = held if isinstance(held, list) else [held]
    return any(isinstance(one, str) and one.casefold() == value.casefold() for one in values)


def text_of(item: Item) -> str:
    """All that is known of an item, in words."""
    parts: list[str] = [item.title, *item.aliases, item.description]
    for value in item.fields.values():
        parts += value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return ". ".join(parts)


def holds_words(text: str, words: str) -> bool:
    """Whether `words` stand in `text`, as whole words, in whatever case."""
    return re.search(rf"(?<!\w){re.escape(fold(words.strip(' .,!?')))}(?!\w)", fold(text)) is not None


def said_in(words: str, texts: Iterable[str]) -> bool:
    return any(holds_words(text, words) for text in texts)


def stems(text: str) -> list[str]:
    """Words without their endings, rough: enough to meet again what was said in another form."""
    return [_stem(fold(word)) for word in _PART.findall(text)]


@cache
def _stem(word: str) -> str:
    word = singular(word.removesuffix("'s"))
    for ending in ("ingly", "ing", "edly", "ed", "ly", "er", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            return word[:-1] if word[-1] == word[-2] else word  # "swimming"
    return word


@cache
def empty_words() -> frozenset[str]:
    """Stems of words that name no wish by themselves."""
    return frozenset(_stem(word) for word in {*FUNCTION_WORDS, *cues()["empty"]})


@cache
def unrecorded_words() -> re.Pattern[str]:
    """Words of what no field holds: prizes, success, sequels, availability."""
    listed = (re.escape(word).replace(r"\*", r"[\w-]*") for word in cues()["unrecorded"])
    return re.compile("|".join(listed))
