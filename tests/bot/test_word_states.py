"""MiniLM's states beside the reader's tokens."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from bot.errors import ModelError
from bot.layout import Message, render_read
from bot.loading import SHIPPED
from bot.word_states import PROJECTION, load_word_states, new_word_states, save_word_states

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(SHIPPED)


@pytest.fixture(scope="module")
def prompts():
    said = (Message("assistant", "Have you seen Heat?"),)
    return [render_read(said, "yes, loved it!")[0], render_read((), "片子 about space 🚀")[0]]


def laid(words, prompts, *, left=False):
    """What `words` adds to the prompts' tokens."""
    pieces = words.pieces(prompts, left=left)
    with torch.inference_mode():
        return words(pieces).beside(pieces.under)[0]


def odds(words, prompts):
    """MiniLM's own log-odds of acts, and of slots at the prompts' tokens."""
    pieces = words.pieces(prompts, left=True)
    with torch.inference_mode():
        heard = words(pieces)
    return heard.acts, heard.beside(pieces.under)[1]


def test_new_ones_add_nothing(tokenizer, prompts):
    """Training begins from the words alone."""
    words = new_word_states(tokenizer, 48)
    added = laid(words, prompts)

    longest = max(len(tokenizer(prompt, add_special_tokens=False)["input_ids"]) for prompt in prompts)
    assert tuple(added.shape) == (2, longest, 48)
    assert not added.any()
    assert not any(said.any() for said in odds(words, prompts))


def test_both_copies_of_the_utterance_take_the_same_states(tokenizer, prompts):
    words = new_word_states(tokenizer, 48).eval()
    torch.nn.init.normal_(words.projection.weight)
    ids = tokenizer(prompts[0], add_special_tokens=False)["input_ids"]
    (added,) = laid(words, prompts[:1])

    places = [i for i, token in enumerate(tokenizer.convert_ids_to_tokens(ids)) if "loved" in token]
    assert len(places) == 2
    assert torch.allclose(added[places[0]], added[places[1]])
    assert added[places[0]].any()


def test_saved_and_loaded_they_are_the_same(tokenizer, prompts, tmp_path):
    """MiniLM as it learned, the projection and both heads."""
    words = new_word_states(tokenizer, 48).eval()
    untaught = laid(words, prompts)
    for parameter in words.parameters():
        if parameter.requires_grad:
            parameter.data += 0.05 * torch.randn_like(parameter)
    save_word_states(words, tmp_path)
    before = laid(words, prompts), *odds(words, prompts)
    loaded = load_word_states(tmp_path, tokenizer)
    again = laid(loaded, prompts), *odds(loaded, prompts)

    assert not torch.allclose(untaught, before[0])
    for one, other in zip(before, again, strict=True):
        assert one.any()
        assert torch.allclose(one, other, atol=0.02 * float(one.abs().max()))


def test_those_of_another_encoder_are_refused(tokenizer, tmp_path):
    save_word_states(new_word_states(tokenizer, 48), tmp_path)
    save_file(load_file(tmp_path / PROJECTION), tmp_path / PROJECTION, metadata={"encoder": "0" * 64})

    with pytest.raises(ModelError, match="another encoder"):
        load_word_states(tmp_path, tokenizer)


@pytest.mark.parametrize("left", [True, False])
def test_padding_takes_nothing(tokenizer, prompts, left):
    """A short prompt beside a long one takes what it takes alone, on the side away from the padding."""
    words = new_word_states(tokenizer, 48).eval()
    torch.nn.init.normal_(words.projection.weight)
    both = laid(words, prompts, left=left)
    for row, prompt in zip(both, prompts, strict=True):
        (alone,) = laid(words, [prompt])
        empty = len(row) - len(alone)
        assert torch.allclose(row[empty:] if left else row[: len(alone)], alone, atol=1e-4)
        assert not (row[:empty] if left else row[len(alone) :]).any()


def test_only_the_utterance_is_what_is_said(tokenizer):
    """Whatever the history, and whatever words of ours a person writes."""
    words = new_word_states(tokenizer, 48)
    history = (Message("user", "scary films"), Message("assistant", "reply: The Others"))
    prompt = render_read(history, "reply: not that one")[0]
    pieces = words.pieces([prompt], left=True)

    said = words.pieces._pieces.decode(pieces.ids[0][pieces.said[0] > 0])

    assert said == "reply : not that one"
