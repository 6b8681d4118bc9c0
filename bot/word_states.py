"""Word states: what MiniLM makes of each word in its conversation, laid beside the reader's own tokens.

A small decoder trained on little text knows few words; all-MiniLM-L6-v2 knows many. Its state of the word
piece under each token of a reading prompt is scaled, projected and added to that token's vector. MiniLM's
layers learn to read, too; its word vectors stay as they are. Two linear heads say what it reads by itself,
and the reader's answer is the mean of both log-odds: what MiniLM understands need not pass through the
decoder. Tokens that the reader writes itself have no state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from bot.errors import ModelError
from bot.layout import ACTS, MARKS, SLOTS
from retrieval.embedding import EncoderConfig, checked_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PROJECTION, LAYERS = "word_states.safetensors", "encoder.safetensors"
"""What a model folder holds of its word states: projection and heads, and MiniLM's layers as they learned."""
LENGTH = 4.0
"""Of a scaled state: longer ones make the projection's first steps too large, shorter ones too slow."""
LONGEST = 512
"""Word pieces of one conversation that MiniLM holds; later ones have no state."""

# Marks as words of the same length, so that both tokenizers count the same characters.
_SPOKEN = {MARKS["user"]: " person:", MARKS["assistant"]: " guide:", MARKS["now"]: " reply:"}
assert all(len(mark) == len(word) for mark, word in _SPOKEN.items())


@dataclass(frozen=True, slots=True)
class Pieces:
    """Reading prompts as MiniLM takes them, and where its states belong."""

    ids: torch.Tensor  # (B, P) word pieces
    mask: torch.Tensor  # (B, P) 1 where there is one
    said: torch.Tensor  # (B, P) 1 where it is of the utterance
    under: torch.Tensor
    """Of each token of the prompt the index of the piece under it, (B, T); -1 where there is none."""

    def to(self, device: torch.device) -> "Pieces":
        moved = (getattr(self, field.name).to(device, non_blocking=True) for field in fields(self))
        return Pieces(*moved)


@dataclass(frozen=True, slots=True)
class Heard:
    """What MiniLM makes of reading prompts."""

    states: torch.Tensor  # (B, P, width) projected
    acts: torch.Tensor  # (B, acts) log-odds, in the layout's order
    slots: torch.Tensor  # (B, P, slots) log-odds

    def beside(self, under: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """States (B, T, width) and slots' log-odds (B, T, slots) of tokens; nothing where none is `under`."""
        rows = torch.arange(len(under), device=under.device)[:, None]
        there, at = (under >= 0)[..., None], under.clamp(min=0)
        return self.states[rows, at] * there, self.slots[rows, at] * there


class WordPieces:
    """Cuts reading prompts into MiniLM's word pieces and finds the one under each of the reader's tokens."""

    def __init__(self, pieces: Any, tokenizer: "PreTrainedTokenizerBase") -> None:
        self.tokenizer = tokenizer
        self._pieces = pieces

    def __call__(self, prompts: Sequence[str], *, left: bool) -> Pieces:
        """Both copies of the utterance take the same pieces; the marks between them take none.

        `left` says on which side of the prompts' tokens padding stands.
        """
        texts = [_spoken(prompt) for prompt in prompts]
        inputs = self._pieces(
            texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt",
            return_offsets_mapping=True, return_special_tokens_mask=True,
        )  # fmt: skip
        places = inputs["offset_mapping"].numpy()  # (B, P, 2)
        places[inputs["special_tokens_mask"].numpy() > 0] = 0  # padding too
        encoded = self.tokenizer(list(prompts), add_special_tokens=False, return_offsets_mapping=True)
        rows = [
            _pieces_under(_folded(offsets, prompt), places[row], len(texts[row]))
            for row, (prompt, offsets) in enumerate(zip(prompts, encoded["offset_mapping"], strict=True))
        ]
        length = max(len(row) for row in rows)
        under = np.full((len(rows), length), -1)
        for row, found in enumerate(rows):
            place = slice(length - len(found), length) if left else slice(len(found))
            under[row, place] = found
        starts = np.array([_utterance_start(prompt) for prompt in prompts])[:, None]
        said = (places[..., 1] > places[..., 0]) & (places[..., 0] >= starts)  # (B, P)
        return Pieces(
            inputs["input_ids"],
            inputs["attention_mask"],
            torch.from_numpy(said.astype(np.int64)),
            torch.from_numpy(under),
        )


class WordStates(torch.nn.Module):
    """MiniLM's states of reading prompts, projected to the reader's width, and what it reads in them itself.

    Projection and heads start at nothing, so that training begins from the words alone.
    """

    def __init__(self, encoder: Any, digest: str, pieces: WordPieces, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        size = encoder.config.hidden_size
        self.projection = torch.nn.Linear(size, width, bias=False)
        self.acts = torch.nn.Linear(2 * size, len(ACTS))
        """From the mean of all states beside the mean of the utterance's."""
        self.slots = torch.nn.Linear(size, len(SLOTS))
        for layer in self.layers().values():
            for weight in layer.parameters():
                torch.nn.init.zeros_(weight)
        self.digest = digest
        """SHA-256 of the encoder's weights before it learned."""
        self.pieces = pieces

    def layers(self) -> dict[str, torch.nn.Linear]:
        """What is learned beside MiniLM itself."""
        return {"projection": self.projection, "acts": self.acts, "slots": self.slots}

    def forward(self, pieces: Pieces) -> Heard:
        """What MiniLM makes of `pieces`."""
        states = self.encoder(input_ids=pieces.ids, attention_mask=pieces.mask).last_hidden_state
        states = LENGTH * torch.nn.functional.normalize(states, dim=-1)  # (B, P, size)
        means = [_mean(states, mask) for mask in (pieces.mask, pieces.said)]
        return Heard(self.projection(states), self.acts(torch.cat(means, dim=-1)), self.slots(states))


def _mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask[..., None].to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


def new_word_states(tokenizer: "PreTrainedTokenizerBase", width: int) -> WordStates:
    """Word states that have learned nothing yet."""
    encoder, digest, pieces = _load_encoder()
    return WordStates(encoder, digest, WordPieces(pieces, tokenizer), width)


def save_word_states(words: WordStates, folder: Path) -> None:
    """Projection, heads and MiniLM's layers, in half precision; its word vectors stay in its package."""
    heads = {
        f"{name}.{part}": weight
        for name, layer in words.layers().items()
        for part, weight in layer.named_parameters()
    }
    save_file(_halved(heads), folder / PROJECTION, metadata={"encoder": words.digest})
    save_file(_halved(words.encoder.encoder.state_dict()), folder / LAYERS)


def _halved(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: weight.detach().half().cpu().contiguous() for name, weight in weights.items()}


def load_word_states(folder: Path, tokenizer: "PreTrainedTokenizerBase") -> WordStates | None:
    """The word states of the model in `folder`, ready to read, or None where it has none.

    Raises:
        ModelError: they were trained with other weights of MiniLM than the installed ones.
    """
    if not (folder / PROJECTION).exists():
        return None
    encoder, digest, pieces = _load_encoder()
    with safe_open(folder / PROJECTION, "pt") as opened:
        wanted = opened.metadata()["encoder"]
        weights = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118
    if digest != wanted:
        raise ModelError(f"{folder / PROJECTION} was trained with another encoder (SHA-256 {wanted[:12]}...)")
    encoder.encoder.load_state_dict(load_file(folder / LAYERS))
    words = WordStates(encoder, digest, WordPieces(pieces, tokenizer), len(weights["projection.weight"]))
    for name, layer in words.layers().items():
        parts = {part: weights[f"{name}.{part}"] for part, _ in layer.named_parameters()}
        layer.load_state_dict(parts)
    return words.eval()


def _load_encoder() -> tuple[Any, str, Any]:
    from transformers import AutoModel, AutoTokenizer

    folder, digest = checked_folder(EncoderConfig())
    encoder = AutoModel.from_pretrained(str(folder), local_files_only=True)
    encoder.pooler = None  # speaks for whole texts; only words are asked for
    encoder.embeddings.requires_grad_(False)
    return encoder, digest, AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


def _spoken(prompt: str) -> str:
    text = prompt[: prompt.rindex(MARKS["read"])]
    for mark, word in _SPOKEN.items():
        text = text.replace(mark, word)
    return text


def _utterance_start(prompt: str) -> int:
    return prompt.rindex(MARKS["now"]) + len(MARKS["now"])


def _folded(offsets: Sequence[tuple[int, int]], prompt: str) -> list[tuple[int, int]]:
    """Token places with the second copy of the utterance laid over the first."""
    first = _utterance_start(prompt)
    second = prompt.rindex(MARKS["spans"]) + len(MARKS["spans"])
    back = second - first
    return [(start - back, end - back) if start >= second else (start, end) for start, end in offsets]


def _pieces_under(offsets: Sequence[tuple[int, int]], places: np.ndarray, length: int) -> np.ndarray:
    """The index of the piece under each token's last character, (T,); -1 where there is none."""
    under = np.full(length + 1, -1)
    for index, (start, end) in enumerate(places):
        under[start:end] = index
    ends = np.array([end for _, end in offsets])
    return np.where((ends > 0) & (ends <= length), under[np.clip(ends, 1, length) - 1], -1)
