"""What the model may write next: constraints on decoding, as masks over the vocabulary.

`FactConstraint` lets a writer use the placeholders it was given facts for; `SchemaConstraint` holds a
model that does not know the shipped layout to a JSON schema.
"""

import json
import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from bot.layout import ACTS, MARKS, PLACEHOLDERS, SLOTS, act_token, placeholder, slot_token
from bot.wording import DENIAL, folded, miscast, plain_words, words_after, words_before

Mask = NDArray[np.bool_]


class Constraint(Protocol):
    def allowed(self, written: Sequence[int]) -> Mask:
        """Which token may follow the tokens `written` so far; (vocabulary,), at least one true."""
        ...


class FactConstraint:
    """Plain words and the given placeholders, each once and beside words that lead to it and follow it.

    No end before the required ones are written and the last word is whole. The claim checker asks the same of
    the whole sentence; here no step is taken that it would refuse.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        facts: Collection[str],
        required: Collection[str],
        vocabulary: int,
        kind: str = "",
    ) -> None:
        self._lexicon = _lexicon(tokenizer, vocabulary)
        self._facts = {name: _id(tokenizer, placeholder(name)) for name in facts}
        self._required = {_id(tokenizer, placeholder(name)) for name in required}
        self._end = _id(tokenizer, MARKS["end"])
        self._kind = kind

    def allowed(self, written: Sequence[int]) -> Mask:
        text = "".join(self._lexicon.texts[token] for token in written)
        partial = _PARTIAL.search(text)
        word = folded(partial.group()) if partial else ""
        behind = _BEHIND.search(text)
        mask, whole = self._lexicon.words(self._kind, behind.group(1) if behind else "", word)
        mask = mask.copy()
        if whole:
            ids = [self._facts[name] for name in self._facts if self._may_follow(text, name, written)]
            # A place is written behind a space, so the space comes only where one may follow.
            mask[ids if text.endswith(" ") or not text else [self._lexicon.space]] = bool(ids)
            mask[self._end] = bool(_ENDED.search(text)) and self._required.issubset(written)
        if not mask.any():
            mask[self._end] = True
        return mask

    def _may_follow(self, text: str, name: str, written: Sequence[int]) -> bool:
        if self._facts[name] in written or re.search(r"\]\s*$", text):
            return False
        before = re.search(r"([A-Za-z'’]+)\s*$", text)
        if before and folded(before.group(1)) not in words_before(name):
            return False
        draft = f"{text.rstrip()} {placeholder(name)}"
        return miscast(draft) is None and not DENIAL.search(draft)


class _Lexicon:
    """A tokenizer's tokens as pieces of plain words."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, vocabulary: int) -> None:
        marks = {
            *MARKS.values(),
            *map(act_token, ACTS),
            *map(slot_token, SLOTS),
            *map(placeholder, PLACEHOLDERS),
        }
        tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self.size = vocabulary
        self.texts = [
            token if token in marks else str(tokenizer.decode([number], clean_up_tokenization_spaces=False))
            for number, token in enumerate(tokens)
        ]
        self.space = next(number for number, text in enumerate(self.texts) if text == " ")
        pieces = [(number, text) for number, text in enumerate(self.texts) if tokens[number] not in marks]
        self._opening = [
            (number, folded(found.group(1)))
            for number, text in pieces
            if text != " " and (found := _OPENING.fullmatch(text))
        ]
        self._going_on = [(number, folded(text)) for number, text in pieces if _LETTERS.fullmatch(text)]

    @lru_cache(maxsize=4096)  # noqa: B019  (the lexicon itself is kept)
    def words(self, kind: str, behind: str, word: str) -> tuple[Mask, bool]:
        """Which tokens may follow the beginning of a word, and whether it is a whole word already.

        `behind` is the placeholder that the word, or the next one where there is none yet, stands behind.
        """
        here, beginnings = self._known(kind, behind)
        whole = not word or word in here
        mask = np.zeros(self.size, dtype=bool)
        # Behind a place a letter must not come without a space.
        if word or not behind:
            mask[[number for number, text in self._going_on if word + text in beginnings]] = True
        if whole:
            _, next_ones = self._known(kind, "" if word else behind)
            mask[[number for number, text in self._opening if not text or text in next_ones]] = True
        return mask, whole

    @lru_cache(maxsize=256)  # noqa: B019  (the same)
    def _known(self, kind: str, behind: str) -> tuple[frozenset[str], frozenset[str]]:
        """Words that may stand there, and all that they begin with."""
        words = plain_words(kind) & words_after(behind) if behind else plain_words(kind)
        return words, frozenset(word[:end] for word in words for end in range(1, len(word) + 1))


_PARTIAL = re.compile(r"[A-Za-z][A-Za-z'’]*$")
_BEHIND = re.compile(r"\[([A-Z]+\d?)\](?:\s+[A-Za-z'’]*)?$")
_ENDED = re.compile(r"[.!?\]]$")
_OPENING = re.compile(r"[ .,;:!?–—-]+([A-Za-z]?[A-Za-z'’]*)")
_LETTERS = re.compile(r"[A-Za-z'’]+")


@lru_cache(maxsize=4)
def _lexicon(tokenizer: PreTrainedTokenizerBase, vocabulary: int) -> _Lexicon:
    return _Lexicon(tokenizer, vocabulary)


class SchemaConstraint:
    """A JSON document of one schema, by llguidance; for models that do not know the shipped layout."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, schema: dict[str, Any], vocabulary: int) -> None:
        from llguidance import LLMatcher

        self._size = vocabulary
        grammar = LLMatcher.grammar_from_json_schema(
            json.dumps(schema), defaults={"whitespace_flexible": False}
        )
        self._matcher = LLMatcher(_guidance_tokenizer(tokenizer, vocabulary), grammar)
        self._taken = 0

    def allowed(self, written: Sequence[int]) -> Mask:
        import llguidance.numpy as guidance

        self._matcher.consume_tokens(list(written[self._taken :]))
        self._taken = len(written)
        bits = guidance.allocate_token_bitmask(1, self._size)
        guidance.fill_next_token_bitmask(self._matcher, bits, 0)
        return np.unpackbits(bits.view(np.uint8), bitorder="little")[: self._size].astype(bool)


@lru_cache(maxsize=2)
def _guidance_tokenizer(tokenizer: Any, vocabulary: int) -> Any:
    import llguidance.hf

    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary)


def _id(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    found = tokenizer.convert_tokens_to_ids(token)
    assert isinstance(found, int)
    return found
