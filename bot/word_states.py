"""Word states: what MiniLM makes of each word in its conversation, laid beside the reader's own tokens.

A small decoder trained on little text knows few words; the sentence encoder, which runs for retrieval
anyway, knows many. Its state of the word piece under each token of a reading prompt is normalised,
projected and added to that token's vector. Tokens that the reader writes itself have none.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from bot.layout import MARKS
from retrieval.embedding import TextEncoder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Marks as words of the same length, so that both tokenizers count the same characters.
_SPOKEN = {MARKS["user"]: " person:", MARKS["assistant"]: " guide:", MARKS["now"]: " reply:"}
assert all(len(mark) == len(word) for mark, word in _SPOKEN.items())


class WordStates:
    """States for the tokens of reading prompts."""

    def __init__(self, encoder: TextEncoder, tokenizer: "PreTrainedTokenizerBase") -> None:
        self._encoder = encoder
        self.tokenizer = tokenizer

    @property
    def digest(self) -> str:
        return self._encoder.digest

    def of(self, prompts: Sequence[str]) -> list[torch.Tensor]:
        """For each prompt a state for each of its tokens, (T, d).

        Both copies of the utterance take the same states; the marks between them have zeros.
        """
        texts = [_spoken(prompt) for prompt in prompts]
        encoded = self.tokenizer(list(prompts), add_special_tokens=False, return_offsets_mapping=True)
        found = self._encoder.word_states(texts)
        return [
            _aligned(_folded(offsets, prompt), states, pieces, len(text))
            for prompt, offsets, (states, pieces), text in zip(
                prompts, encoded["offset_mapping"], found, texts, strict=True
            )
        ]


def _spoken(prompt: str) -> str:
    text = prompt[: prompt.rindex(MARKS["read"])]
    for mark, word in _SPOKEN.items():
        text = text.replace(mark, word)
    return text


def _folded(offsets: Sequence[tuple[int, int]], prompt: str) -> list[tuple[int, int]]:
    """Token places with the second copy of the utterance laid over the first."""
    first = prompt.rindex(MARKS["now"]) + len(MARKS["now"])
    second = prompt.rindex(MARKS["spans"]) + len(MARKS["spans"])
    back = second - first
    return [(start - back, end - back) if start >= second else (start, end) for start, end in offsets]


def _aligned(
    offsets: Sequence[tuple[int, int]], states: np.ndarray, pieces: Sequence[tuple[int, int]], length: int
) -> torch.Tensor:
    """Each token takes the state of the piece under its last character."""
    under = np.full(length + 1, -1)
    for index, (start, end) in enumerate(pieces):
        under[start:end] = index
    aligned = np.zeros((len(offsets), states.shape[1]), dtype=np.float32)
    for token, (_, end) in enumerate(offsets):
        piece = under[end - 1] if 0 < end <= length else -1
        if piece >= 0:
            aligned[token] = states[piece]
    return torch.from_numpy(aligned)


LENGTH = 4.0
"""Of a scaled state: longer ones make the projection's first steps too large, shorter ones too slow."""


class Adapter(torch.nn.Module):
    """Scales a state to one length and projects it.

    The projection starts at nothing, so that training begins from the words alone.
    """

    def __init__(self, width: int, states: int) -> None:
        super().__init__()
        self.projection = torch.nn.Linear(states, width, bias=False)
        torch.nn.init.zeros_(self.projection.weight)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        projected: torch.Tensor = self.projection(LENGTH * torch.nn.functional.normalize(states, dim=-1))
        return projected


def add_states(
    vectors: torch.Tensor, states: Sequence[torch.Tensor], adapter: Adapter, *, left: bool
) -> torch.Tensor:
    """Token vectors (B, T, d) with each row's adapted states added; padding stands `left` or right."""
    laid = torch.zeros(*vectors.shape[:2], adapter.projection.in_features, device=vectors.device)
    for row, found in enumerate(states):
        place = slice(laid.shape[1] - len(found), None) if left else slice(0, len(found))
        laid[row, place] = found.to(vectors.device)
    added: torch.Tensor = vectors + adapter(laid)  # a state of zeros adds nothing
    return added
