"""What learns in which stage: MiniLM by itself, then the decoder with MiniLM as it is."""

import pytest
import torch
from transformers import AutoTokenizer

from bot.loading import SHIPPED
from bot.word_states import load_word_states, new_word_states
from training.batches import pad
from training.examples import Encoder
from training.learner import Design, Learner, Listener, new_learner
from training.sources import own_labelled
from training.train import Training, save

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(SHIPPED)


@pytest.fixture(scope="module")
def batch(tokenizer):
    encoder = Encoder(tokenizer)
    examples = [encoder.reading(turn) for turn in own_labelled("films")[:6]]
    return pad(examples, tokenizer.pad_token_id, new_word_states(tokenizer, 8).pieces)


def losses(training, batch, steps):
    for _ in range(steps):
        training.step(batch, 0.0)
    training.progress.settle()
    return [loss for _, loss, _ in training.progress.history]


def test_minilm_learns_to_read_by_itself(tokenizer, batch, tmp_path):
    """Its layers and heads; its word vectors stay; what it learned is read back."""
    torch.manual_seed(1)
    words = new_word_states(tokenizer, 48)
    vectors = words.encoder.embeddings.word_embeddings.weight.clone()
    training = Training(Listener(words, tokenizer), rate=5e-2)  # it rises over a hundred steps

    fell = losses(training, batch, 12)
    save(training.unwrapped(), tokenizer, tmp_path)
    heard = load_word_states(tmp_path, tokenizer)(batch.pieces)

    assert fell[-1] < 0.8 * fell[0]
    assert torch.equal(words.encoder.embeddings.word_embeddings.weight, vectors)
    assert torch.allclose(heard.acts, words.eval()(batch.pieces).acts, atol=0.05)


def test_the_decoder_learns_and_leaves_minilm_as_it_is(tokenizer, batch):
    words = new_word_states(tokenizer, 48).requires_grad_(False)
    words.projection.requires_grad_(True)
    before = {name: weight.clone() for name, weight in words.named_parameters()}
    learner = new_learner(tokenizer, Design(width=48, layers=1, heads=2, warm=False), words)
    training = Training(learner, rate=3e-3)

    fell = losses(training, batch, 12)

    assert fell[-1] < fell[0]
    changed = {name for name, weight in words.named_parameters() if not torch.equal(weight, before[name])}
    assert changed == {"projection.weight"}


def test_only_what_learns_is_blurred_by_dropout(tokenizer):
    design = Design(width=48, layers=1, heads=2, warm=False)
    learning = new_learner(tokenizer, Design(width=48, layers=1, heads=2, warm=False, encoder="full")).train()
    frozen: Learner = new_learner(tokenizer, design).train()

    assert learning.words.encoder.training
    assert frozen.model.training
    assert not frozen.words.encoder.training
