"""Words: how this room cuts text into them and makes them comparable."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

CJK_CHARACTERS = "぀-ヿ㐀-䶿一-鿿豈-﫿가-힯"
CJK = re.compile(f"[{CJK_CHARACTERS}]+")
# A word may hold an apostrophe ("Schindler's"); a run of CJK characters is cut from the Latin beside it.
LETTER = rf"(?:(?![{CJK_CHARACTERS}])[^\W_])"
WORD = re.compile(rf"[{CJK_CHARACTERS}]+|{LETTER}+(?:['’]{LETTER}+)*")
NAME_WORD = re.compile(f"{WORD.pattern}|&")
DIACRITICS = re.compile("[̀-ͯ]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text, made comparable, and where it stood."""

    text: str
    start: int
    end: int


def fold(text: str) -> str:
    """Make words comparable: no case, no accents on letters, one kind of apostrophe."""
    if text.isascii():
        return text.lower()
    bare = DIACRITICS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", bare).casefold().replace("’", "'")


def tokens(text: str) -> list[Token]:
    """The words of `text` in order, with their places; without apostrophes, and with "&" read as "and"."""
    return [
        Token("and" if found.group() == "&" else fold(found.group()).replace("'", ""), *found.span())
        for found in NAME_WORD.finditer(text)
    ]


def has_cjk(text: str) -> bool:
    """Whether any character is Chinese, Japanese or Korean."""
    return CJK.search(text) is not None


def terms(text: str) -> list[str]:
    """The words that lexical search counts: folded, singular, without stop words."""
    from bm25s.stopwords import STOPWORDS_EN_PLUS

    stop = _frozen(STOPWORDS_EN_PLUS)
    words: list[str] = []
    for match in WORD.finditer(fold(text)):
        word = match.group()
        if has_cjk(word):
            words.extend(_segment(word))
        elif word not in stop:
            words.append(singular(word.removesuffix("'s").replace("'", "")))
    return words


def singular(word: str) -> str:
    """A word without its English plural ending: "comedies" and "comedy" should meet."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


@cache
def _frozen(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(words)


def _segment(run: str) -> list[str]:
    # jieba reads its dictionary for a second, so only text that needs it pays.
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    return [word for word in jieba.cut_for_search(run) if word.strip()]
