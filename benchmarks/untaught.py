"""The shipped architecture, tokenizer and layout on weights that learned nothing, to compare with."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.word_states import PROJECTION, new_word_states, save_word_states


@contextmanager
def untaught(folder: Path, seed: int) -> Iterator[Path]:
    """A copy of a model folder whose weights are random, those of its word states included."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    with tempfile.TemporaryDirectory(prefix="parley-random-") as place:
        copy = Path(place)
        for file in folder.glob("*.json"):
            shutil.copy(file, copy)
        torch.manual_seed(seed)
        config = AutoConfig.from_pretrained(folder)
        AutoModelForCausalLM.from_config(config).save_pretrained(copy)
        if (folder / PROJECTION).exists():
            words = new_word_states(AutoTokenizer.from_pretrained(folder), config.n_embd)
            for parameter in words.parameters():
                if parameter.requires_grad:
                    torch.nn.init.normal_(parameter, std=config.initializer_range)
            save_word_states(words, copy)
        yield copy
