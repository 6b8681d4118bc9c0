"""What the model may write next: constraints on decoding, as masks over the vocabulary.

`FactConstraint` lets a writer use the placeholders it was given facts for; `SchemaConstraint` holds a
model that does not know the shipped layout to a JSON schema.
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
