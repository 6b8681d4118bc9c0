"""The recipe on given weights: small random ones of two architectures, from a folder."""

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from bot.configs import ModelConfig
from bot.layout import ACTS, special_tokens
from bot.loading import load_model
from bot.understanding import read
from bot.word_states import new_word_states
from training.batches import pad
from training.examples import Encoder
from training.given import given_learner, given_tokenizer
from training.sources import own_labelled
from training.train import Training, save


def small_gpt2(size):
    return GPT2LMHeadModel(GPT2Config(vocab_size=size, n_positions=512, n_embd=64, n_layer=2, n_head=2))


def small_llama(size):
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=size, max_position_embeddings=512, hidden_size=64, intermediate_size=128,
            num_hidden_layers=2, num_attention_heads=2,
        )
    )  # fmt: skip


@pytest.fixture(params=[small_gpt2, small_llama], ids=["gpt2", "llama"])
def folder(request, tmp_path):
    """A model that has never heard of our layout, with a tokenizer of its own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator((turn.text for turn in own_labelled("films")), trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")
    fast.save_pretrained(tmp_path / "given")
    torch.manual_seed(1)
    request.param(len(fast)).save_pretrained(tmp_path / "given")
    return tmp_path / "given"


@pytest.mark.parametrize("lora", [False, True], ids=["full", "lora"])
def test_a_given_model_learns_the_layout_and_is_served(folder, tmp_path, lora):
    tokenizer = given_tokenizer(str(folder))
    torch.manual_seed(1)
    training = Training(given_learner(str(folder), tokenizer, lora=lora), rate=3e-3)
    turns = own_labelled("films")[:24]
    encoder = Encoder(tokenizer)
    batch = pad([encoder.reading(turn) for turn in turns], tokenizer.pad_token_id, _pieces(tokenizer))
    for _ in range(160):
        training.step(batch, 0.0)
    training.progress.settle()
    losses = [loss for _, loss, _ in training.progress.history]
    save(training.unwrapped(), tokenizer, tmp_path / "model")

    model = load_model(ModelConfig(path=str(tmp_path / "model"), device="cpu"))
    found = [read(model, turn.history, turn.text) for turn in turns]

    assert len(tokenizer.convert_tokens_to_ids(special_tokens())) == len(set(special_tokens()))
    assert losses[-1] < 0.7 * losses[0]
    assert model.knows_layout
    right = sum(
        (act in one.acts) == (act in turn.acts)
        for one, turn in zip(found, turns, strict=True)
        for act in ACTS
    )
    most = sum(act not in turn.acts for turn in turns for act in ACTS)
    assert right > most  # better than to read no act at all
    assert all(
        turn.text[span.start : span.end] == span.text
        for one, turn in zip(found, turns, strict=True)
        for span in one.spans
    )


def test_a_tokenizer_that_cannot_say_where_its_tokens_stand_is_refused(monkeypatch):
    monkeypatch.setattr("training.given.AutoTokenizer.from_pretrained", lambda *_, **__: object())

    with pytest.raises(SystemExit, match=r"tokenizer\.json"):
        given_tokenizer("a/model")


def _pieces(tokenizer):
    return new_word_states(tokenizer, 8).pieces
