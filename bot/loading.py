"""Opening the model that the settings name: at an address, or from a folder or a hub id.

Of what is loaded here it checks digest and layout, and gives it its place and number format.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

import prompts
from bot.configs import ModelConfig
from bot.errors import ModelError
from bot.model import LanguageModel, Model
from bot.word_states import load_word_states

SHIPPED = Path(__file__).parent.parent / "models" / "parley-gpt2"


def open_model(config: ModelConfig) -> Model:
    """The model that `config` names: one behind a server, which need not be there yet, or one loaded here.

    Raises:
        ModelError: what `load_model` raises, or the package for servers is not installed.
    """
    if config.url is not None:
        from bot.remote import RemoteModel

        return RemoteModel(config)
    return load_model(config)


def load_model(config: ModelConfig) -> LanguageModel:
    """Load the model that `config.path` names.

    Raises:
        ModelError: no such folder, another digest, another layout, or weights that are not safetensors.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    # Bars of its own would be drawn over ours, and what it means to change is for developers.
    silence: tuple[Callable[[], None], ...] = (logging.disable_progress_bar, logging.set_verbosity_error)
    for quieten in silence:
        quieten()
    source = config.path or str(SHIPPED)
    folder = Path(source)
    local = folder.is_dir()
    if not local and (config.path is None or source.startswith((".", "/", "~")) or source.count("/") != 1):
        raise ModelError(
            f"the model folder {source!r} does not exist; set `model.path` to a folder or a hub id"
        )
    if local:
        _check_digest(folder, config.digest)
    else:
        os.environ["HF_HUB_OFFLINE"] = "0"
    thresholds = _read_layout(folder) if local else None
    if config.threads:
        torch.set_num_threads(config.threads)
    device = _device(config.device)
    dtype = config.dtype if config.dtype != "auto" else ("float32" if device == "cpu" else "auto")
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            source, dtype=dtype, device_map=device, trust_remote_code=False, use_safetensors=True
        )
        words = load_word_states(folder, tokenizer) if local else None
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        way_out = "set `model.path` to a whole folder, or get its files again"
        raise ModelError(f"the model {source!r} cannot be loaded: {reason}; {way_out}") from error
    model.train(False)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    if config.int8 and device == "cpu":
        model = quantise(model)  # not MiniLM: that would cost more of what it reads than of its time
    return LanguageModel(
        model,
        tokenizer,
        config,
        name=folder.name if local else source,
        thresholds=thresholds,
        words=None if words is None else words.to(device),
    )


def _device(wanted: str) -> str:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ModelError("no CUDA device is available; set `model.device` to auto or cpu")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def _check_digest(folder: Path, digest: str | None) -> None:
    weights = folder / "model.safetensors"
    if not weights.exists() and not (folder / "model.safetensors.index.json").exists():
        raise ModelError(
            f"{folder} has no model.safetensors; weights are read from safetensors only: correct `model.path`"
        )
    if digest and hashlib.sha256(weights.read_bytes()).hexdigest() != digest:
        raise ModelError(
            f"{weights} is not the file that `model.digest` names; get it again or correct the digest"
        )


def _read_layout(folder: Path) -> dict[str, float] | None:
    """The thresholds of acts and slot tokens of a model trained on our layout; None for any other model."""
    file = folder / "layout.json"
    if not file.exists():
        return None
    try:
        layout = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file} is damaged ({error}); get the model's files again") from error
    if layout["digest"] != prompts.layout_digest():
        raise ModelError(
            f"{folder} was trained on another layout of prompts/ (digest {layout['digest'][:12]}, now "
            f"{prompts.layout_digest()[:12]}); train it again or restore prompts/layout.yaml, read.txt and "
            "write.txt"
        )
    return {str(name): float(threshold) for name, threshold in layout["thresholds"].items()}


def quantise(model: Any) -> Any:
    """Linear layers to int8, in place of GPT-2's Conv1D too, which torch does not quantise by itself."""
    from torch.ao.quantization import quantize_dynamic
    from transformers.pytorch_utils import Conv1D

    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, Conv1D):
                linear = torch.nn.Linear(child.weight.shape[0], child.weight.shape[1])
                linear.weight = torch.nn.Parameter(child.weight.t().contiguous(), requires_grad=False)
                linear.bias = child.bias
                setattr(module, name, linear)
    with warnings.catch_warnings():
        # torch announces another package for this; its own still serves every version we allow.
        warnings.simplefilter("ignore")
        quantised: torch.nn.Module = quantize_dynamic(model.float(), {torch.nn.Linear}, dtype=torch.qint8)
    return quantised
