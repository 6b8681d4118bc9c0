"""Word states: what MiniLM makes of each word in its conversation, laid beside the reader's own tokens.

A small decoder trained on little text knows few words; all-MiniLM-L6-v2 knows many. Its state of the word
piece under each token of a reading prompt is scaled, projected and added to that token's vector. MiniLM
takes part in the training by low-rank adapters (LoRA, https://arxiv.org/abs/2106.09685), which are merged
into its weights for service. Tokens that the reader writes itself have no state.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from bot.errors import ModelError
from bot.layout import MARKS
from retrieval.embedding import EncoderConfig, checked_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PROJECTION = "word_states.safetensors"
ADAPTERS = "encoder"
"""What a model folder holds of its word states: the projection's file and the adapters' folder."""
ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
RANK = 16
ADAPTED = ("query", "key", "value", "dense")
"""MiniLM's linear layers that learn, each by two matrices of RANK."""
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
    under: torch.Tensor
    """Of each token of the prompt the index of the piece under it, (B, T); -1 where there is none."""

    def to(self, device: torch.device) -> "Pieces":
        return Pieces(self.ids.to(device), self.mask.to(device), self.under.to(device))


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
        return Pieces(inputs["input_ids"], inputs["attention_mask"], torch.from_numpy(under))


class WordStates(torch.nn.Module):
    """The states of a reading prompt's tokens, projected to the reader's width.

    The projection starts at nothing, so that training begins from the words alone.
    """

    def __init__(self, encoder: Any, digest: str, pieces: WordPieces, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.projection = torch.nn.Linear(encoder.config.hidden_size, width, bias=False)
        torch.nn.init.zeros_(self.projection.weight)
        self.digest = digest
        """SHA-256 of the encoder's own weights, before any adapter."""
        self.pieces = pieces

    def states(self, pieces: Pieces) -> torch.Tensor:
        """MiniLM's states, scaled and projected, (B, P, width)."""
        states = self.encoder(input_ids=pieces.ids, attention_mask=pieces.mask).last_hidden_state
        projected: torch.Tensor = self.projection(LENGTH * torch.nn.functional.normalize(states, dim=-1))
        return projected

    def forward(self, pieces: Pieces) -> torch.Tensor:
        """What to add to the vectors of the prompts' tokens, (B, T, width)."""
        states = self.states(pieces)
        rows = torch.arange(len(states), device=states.device)[:, None]
        return states[rows, pieces.under.clamp(min=0)] * (pieces.under >= 0)[..., None]


def new_word_states(tokenizer: "PreTrainedTokenizerBase", width: int) -> WordStates:
    """Word states that have learned nothing yet, with MiniLM's adapters ready to learn."""
    from peft import LoraConfig, get_peft_model

    encoder, digest, pieces = _load_encoder()
    adapters = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=list(ADAPTED), lora_dropout=0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an older name
        adapted = get_peft_model(encoder, adapters)
    return WordStates(adapted, digest, WordPieces(pieces, tokenizer), width)


def save_word_states(words: WordStates, folder: Path) -> None:
    """The projection and MiniLM's adapters, in half precision; MiniLM itself stays in its package."""
    projection = {"projection": words.projection.weight.detach().half().cpu().contiguous()}
    save_file(projection, folder / PROJECTION, metadata={"encoder": words.digest})
    words.encoder.peft_config["default"].base_model_name_or_path = ENCODER
    words.encoder.save_pretrained(folder / ADAPTERS, save_embedding_layers=False)
    (folder / ADAPTERS / "README.md").unlink(missing_ok=True)  # an empty model card
    file = folder / ADAPTERS / "adapter_model.safetensors"
    save_file({name: weight.half() for name, weight in load_file(file).items()}, file)


def load_word_states(folder: Path, tokenizer: "PreTrainedTokenizerBase", *, train: bool) -> WordStates | None:
    """The word states of the model in `folder`, or None where it has none.

    Adapters are merged into MiniLM's weights unless they are to `train`.

    Raises:
        ModelError: they were trained with other weights of MiniLM than the installed ones.
    """
    if not (folder / PROJECTION).exists():
        return None
    from peft import PeftModel

    encoder, digest, pieces = _load_encoder()
    with safe_open(folder / PROJECTION, "pt") as opened:
        wanted, weight = opened.metadata()["encoder"], opened.get_tensor("projection").float()
    if digest != wanted:
        raise ModelError(f"{folder / PROJECTION} was trained with another encoder (SHA-256 {wanted[:12]}...)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an older name
        adapted: Any = PeftModel.from_pretrained(encoder, str(folder / ADAPTERS), is_trainable=train)
    encoder = adapted if train else adapted.merge_and_unload()
    words = WordStates(encoder, digest, WordPieces(pieces, tokenizer), len(weight))
    words.projection.load_state_dict({"weight": weight})
    return words.train(train)


def _load_encoder() -> tuple[Any, str, Any]:
    from transformers import AutoModel, AutoTokenizer

    folder, digest = checked_folder(EncoderConfig())
    encoder = AutoModel.from_pretrained(str(folder), local_files_only=True)
    encoder.pooler = None  # speaks for whole texts; only words are asked for
    return encoder, digest, AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


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


def _pieces_under(offsets: Sequence[tuple[int, int]], places: np.ndarray, length: int) -> np.ndarray:
    """The index of the piece under each token's last character, (T,); -1 where there is none."""
    under = np.full(length + 1, -1)
    for index, (start, end) in enumerate(places):
        under[start:end] = index
    ends = np.array([end for _, end in offsets])
    return np.where((ends > 0) & (ends <= length), under[np.clip(ends, 1, length) - 1], -1)
