"""When are words a title, and when just words?

"it", "up" and "the one" are titles too. Such words count as a title only where something says so: they
are quoted, capitalised amid a sentence, followed by their year, or all that was said. Words that are also
the value of a field ("Western") need their quotation marks or their year.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.catalogue import Catalogue
from retrieval.text import Token, fold

FUNCTION_WORDS = frozenset(STOPWORDS_EN_PLUS) | {
    "one", "ones", "movie", "movies", "film", "films", "book", "books", "series", "part", "yes", "ok", "us",
    "hi", "hello", "thanks", "please", "oh", "well",
}  # fmt: skip
# Words after which a name is to be expected, and words that go on after one.
LEAD_IN = frozenset({
    "like", "liked", "likes", "love", "loved", "loves", "enjoy", "enjoyed", "hate", "hated", "dislike",
    "disliked", "adore", "adored", "watch", "watched", "rewatched", "see", "saw", "seen", "read", "finished",
    "recommend", "recommended", "called", "titled", "named", "prefer", "preferred",
})  # fmt: skip
GOES_ON = frozenset({
    "is", "was", "were", "are", "and", "or", "but", "because", "too", "again", "if", "when", "which",
    "though", "since",
})  # fmt: skip
EVERYDAY_RANK = 6000
"""Words of several-word titles are everyday words up to this place in the encoder's vocabulary."""
OPENING, CLOSING = "\"'“‘«《「*_", "\"'”’»》」*_"
SENTENCE_END = re.compile(r"[.!?\n:]\s*[\"'“‘(]*\s*$")
PAUSE = re.compile(r"[,.;!?)\n]")
LOWERCASE_WORD = re.compile(r"\b[a-z]{2,}\b")


class EverydayWords:
    """Knows which words are common, in the language and in this catalogue."""

    def __init__(self, catalogue: Catalogue, ranks: Mapping[str, int]) -> None:
        """`ranks` lists words, a lower number for a more frequent one; it may be empty."""
        self._ranks = ranks
        counts: Counter[str] = Counter()
        for item in catalogue.items:
            counts.update(set(LOWERCASE_WORD.findall(item.description)))
        self._common = {word for word, count in counts.items() if count >= 2}
        self._values = {
            fold(str(value))
            for name, spec in catalogue.config.fields.items()
            if spec.type in ("category", "list") and spec.role_of(name) not in ("director", "cast", "author")
            for value in catalogue.values(name)
        }

    def are_function_words(self, words: Sequence[str]) -> bool:
        """Whether these words say little by themselves."""
        return all(word in FUNCTION_WORDS or word.isdecimal() for word in words)

    def are_everyday(self, words: Sequence[str]) -> bool:
        """Whether these words are likely to be said without meaning a title."""
        if len(words) == 1:
            return words[0] in self._ranks or words[0] in self._common or words[0] in FUNCTION_WORDS
        return all(
            word in FUNCTION_WORDS or self._ranks.get(word, EVERYDAY_RANK) < EVERYDAY_RANK for word in words
        )

    def is_title(
        self, text: str, words: Sequence[Token], first: int, last: int, *, expected: bool = False
    ) -> bool:
        """Whether `words[first:last]` of `text` are used as a title.

        `expected` says that what stands before leads to one, as another title and an "and" do.
        """
        chosen = words[first:last]
        if is_quoted(text, chosen[0].start, chosen[-1].end):
            return True
        said = [token.text for token in chosen]
        if " ".join(said) in self._values:
            return False
        starts = first == 0 or SENTENCE_END.search(text[: chosen[0].start]) is not None
        if len(chosen) == len(words) or (not starts and _capitalised(text, chosen)):
            return True
        if self.are_function_words(said):
            return False
        if not self.are_everyday(said):
            return True
        expected = expected or (first > 0 and words[first - 1].text in LEAD_IN)
        begins = starts and (len(chosen) > 1 or _capitalised(text, chosen))
        return (expected or begins) and _is_followed_by_a_break(text, words, last)


def is_quoted(text: str, start: int, end: int) -> bool:
    """Whether quotation marks stand around, a comma or full stop before the closing one allowed."""
    before = text[start - 1 : start]
    after = text[end : end + 2].lstrip(",.!?")[:1]
    return bool(before) and before in OPENING and bool(after) and after in CLOSING


def _capitalised(text: str, chosen: Sequence[Token]) -> bool:
    if text.isupper():
        return False
    written = [text[token.start : token.end] for token in chosen]
    telling = [word for word in written if word.lower() not in FUNCTION_WORDS] or written
    return all(word[0].isupper() for word in telling) and written != ["I"]


def _is_followed_by_a_break(text: str, words: Sequence[Token], last: int) -> bool:
    if last == len(words) or words[last].text in GOES_ON:
        return True
    return PAUSE.search(text[words[last - 1].end : words[last].start]) is not None
