"""What the model may write next: constraints on decoding, as masks over the vocabulary.

`SpanConstraint` lets a reader copy whole words of the utterance into slots and nothing else, so that an
Intent is always valid; `FactConstraint` lets a writer use the placeholders it was given facts for;
`SchemaConstraint` holds any other model to a JSON schema.
"""

import json
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from bot.layout import ACTS, MARKS, PLACEHOLDERS, SLOTS, act_token, placeholder, slot_token

Mask = NDArray[np.bool_]

SPAN_CHARACTERS = 160
"""Longest span, about what an answer has room for."""


class Constraint(Protocol):
    def allowed(self, written: Sequence[int]) -> Mask:
        """Which token may follow the tokens `written` so far; (vocabulary,), at least one true."""
        ...


def is_boundary(text: str, position: int) -> bool:
    """True where a word starts or ends; every place beside a Chinese, Japanese or Korean character is one."""
    if position <= 0 or position >= len(text):
        return True
    before, after = text[position - 1], text[position]
    if after >= "\u2e80" or before >= "\u2e80":
        return True
    return not (_in_word(before) and _in_word(after))


def _in_word(character: str) -> bool:
    # Vowel signs of Arabic, Hebrew or Hindi are marks, not letters, yet they stand inside words.
    return character.isalnum() or unicodedata.category(character).startswith("M")


class SpanConstraint:
    """Slots in their fixed order, each followed by words copied from the utterance; then the end mark.

    Each word of the utterance where a span may start keeps the tokens from there on, written as the
    recipe writes a span: after one space, whatever stands before the word.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, utterance: str, vocabulary: int) -> None:
        self._size = vocabulary
        self._slots = [_id(tokenizer, slot_token(slot)) for slot in SLOTS]
        self._end = _id(tokenizer, MARKS["end"])
        self._tails: list[list[int]] = []
        self._ends: list[set[int]] = []  # per tail, after how many tokens a word is complete
        starts = _span_starts(utterance)
        if not starts:
            return
        texts = [" " + utterance[start : _cut(utterance, start)] for start in starts]
        encoded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
        for start, ids, offsets in zip(starts, encoded["input_ids"], encoded["offset_mapping"], strict=True):
            self._tails.append(ids)
            # A character may be spelt by several tokens, which then share its place.
            self._ends.append(
                {
                    count
                    for count in range(1, len(ids) + 1)
                    if (count == len(ids) or offsets[count - 1][1] <= offsets[count][0])
                    and offsets[count - 1][1] > 1
                    and is_boundary(utterance, start + offsets[count - 1][1] - 1)
                }
            )

    def allowed(self, written: Sequence[int]) -> Mask:
        mask = np.zeros(self._size, dtype=bool)
        opened = [i for i, token in enumerate(written) if token in self._slots]
        if not opened:
            mask[self._end] = True
            mask[self._slots] = bool(self._tails)
            return mask
        slot = self._slots.index(written[opened[-1]])
        span = list(written[opened[-1] + 1 :])
        places = self._places(span, after=self._previous_start(written, opened))
        for place in places:
            if len(span) < len(self._tails[place]):
                mask[self._tails[place][len(span)]] = True
        complete = [place for place in places if len(span) in self._ends[place]]
        if complete:
            # The same slot again only if a word is left to begin at, so that the writing always ends.
            mask[self._slots[slot + 1 :]] = True
            mask[self._slots[slot]] = complete[0] + 1 < len(self._tails)
            mask[self._end] = True
        return mask

    def _places(self, span: list[int], after: int) -> list[int]:
        return [i for i in range(after + 1, len(self._tails)) if self._tails[i][: len(span)] == span]

    def _previous_start(self, written: Sequence[int], opened: list[int]) -> int:
        """Where the span before began, if it filled the same slot: spans of a slot stand in order."""
        if len(opened) < 2 or written[opened[-1]] != written[opened[-2]]:
            return -1
        span = list(written[opened[-2] + 1 : opened[-1]])
        places = self._places(span, after=self._previous_start(written[: opened[-1]], opened[:-1]))
        return next(place for place in places if len(span) in self._ends[place])


def _span_starts(text: str) -> list[int]:
    """Where a span may start: at each word or sign, unless it is longer than any span."""
    return [
        i for i in range(len(text)) if is_boundary(text, i) and not text[i].isspace() and _cut(text, i) > i
    ]


def _cut(text: str, start: int) -> int:
    """The last end of a word that a span from `start` can reach."""
    return next(
        (i for i in range(min(len(text), start + SPAN_CHARACTERS), start, -1) if is_boundary(text, i)), start
    )


class FactConstraint:
    """Plain words and the given placeholders, each once; no end before the required ones are written."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        facts: Collection[str],
        required: Collection[str],
        vocabulary: int,
    ) -> None:
        self._facts = {_id(tokenizer, placeholder(name)) for name in facts}
        self._required = {_id(tokenizer, placeholder(name)) for name in required}
        self._end = _id(tokenizer, MARKS["end"])
        self._words = _plain_words(tokenizer, vocabulary)

    def allowed(self, written: Sequence[int]) -> Mask:
        mask = self._words.copy()
        mask[list(self._facts.difference(written))] = True
        mask[self._end] = bool(written) and self._required.issubset(written)
        return mask


@lru_cache(maxsize=8)
def _plain_words(tokenizer: PreTrainedTokenizerBase, vocabulary: int) -> Mask:
    mask = np.zeros(vocabulary, dtype=bool)
    mask[: len(tokenizer)] = True
    for token in (
        *MARKS.values(),
        *map(act_token, ACTS),
        *map(slot_token, SLOTS),
        *map(placeholder, PLACEHOLDERS),
    ):
        mask[_id(tokenizer, token)] = False
    return mask


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
