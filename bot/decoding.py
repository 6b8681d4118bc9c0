"""What the model may write next: constraints on decoding, as masks over the vocabulary.

`SpanConstraint` lets a reader copy whole words of the utterance into slots and nothing else, so that an
Intent is always valid; `FactConstraint` lets a writer use the placeholders it was given facts for;
`SchemaConstraint` holds any other model to a JSON schema.
"""

import json
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from bot.layout import ACTS, MARKS, PLACEHOLDERS, SLOTS, act_token, placeholder, slot_token

Mask = NDArray[np.bool_]


class Constraint(Protocol):
    def allowed(self, written: Sequence[int]) -> Mask:
        """Which token may follow the tokens `written` so far; (vocabulary,), at least one true."""
        ...


def is_boundary(text: str, position: int) -> bool:
    """True where a word starts or ends; every place beside a Chinese, Japanese or Korean character is one."""
    if position <= 0 or position >= len(text):
        return True
    before, after = text[position - 1], text[position]
    return not (before.isalnum() and after.isalnum()) or before >= "\u2e80" or after >= "\u2e80"


class SpanConstraint:
    """Slots in their fixed order, each followed by words copied from the utterance; then the end mark.

    The state is the set of places in the utterance where the words written so far stand, as in a suffix
    automaton; utterances are short, so the set is simply looked up again at each step.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, utterance: str, vocabulary: int) -> None:
        self._size = vocabulary
        self._slots = [_id(tokenizer, slot_token(slot)) for slot in SLOTS]
        self._end = _id(tokenizer, MARKS["end"])
        encoded = tokenizer(utterance, add_special_tokens=False, return_offsets_mapping=True)
        self._ids: list[int] = encoded["input_ids"]
        offsets: list[tuple[int, int]] = encoded["offset_mapping"]
        edges = [_word_start(utterance, start) for start, _ in offsets] + [len(utterance)]
        self._starts = [
            i
            for i in range(len(self._ids))
            if is_boundary(utterance, edges[i])
            and edges[i] < len(utterance)
            and not utterance[edges[i]].isspace()
            and (i == 0 or edges[i - 1] != edges[i])
        ]
        self._ends = {
            j
            for j in range(1, len(edges))
            if is_boundary(utterance, edges[j] if j < len(offsets) else len(utterance))
            and (j == len(self._ids) or edges[j] != edges[j - 1])
        }

    def allowed(self, written: Sequence[int]) -> Mask:
        mask = np.zeros(self._size, dtype=bool)
        opened = [i for i, token in enumerate(written) if token in self._slots]
        if not opened:
            mask[self._end] = True
            if self._starts:
                mask[self._slots] = True
            return mask
        slot = self._slots.index(written[opened[-1]])
        span = list(written[opened[-1] + 1 :])
        places = self._places(span, after=self._previous_start(written, opened))
        for place in places:
            if place + len(span) < len(self._ids):
                mask[self._ids[place + len(span)]] = True
        if span and any(place + len(span) in self._ends for place in places):
            # The same slot again only if a word is left to begin at, so that the writing always ends.
            mask[self._slots[slot + 1 :]] = True
            mask[self._slots[slot]] = any(start > places[0] for start in self._starts)
            mask[self._end] = True
        return mask

    def _places(self, span: list[int], after: int) -> list[int]:
        return [i for i in self._starts if i > after and self._ids[i : i + len(span)] == span]

    def _previous_start(self, written: Sequence[int], opened: list[int]) -> int:
        """Where the span before began, if it filled the same slot: spans of a slot stand in order."""
        if len(opened) < 2 or written[opened[-1]] != written[opened[-2]]:
            return -1
        span = list(written[opened[-2] + 1 : opened[-1]])
        places = self._places(span, after=self._previous_start(written[: opened[-1]], opened[:-1]))
        return places[0]


def _word_start(text: str, position: int) -> int:
    """A byte-level token holds the space before its word; the word starts after it."""
    while position < len(text) and text[position] == " ":
        position += 1
    return position


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
def _guidance_tokenizer(tokenizer: PreTrainedTokenizerBase, vocabulary: int) -> Any:
    import llguidance.hf

    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary)


def _id(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    found = tokenizer.convert_tokens_to_ids(token)
    assert isinstance(found, int)
    return found
