"""Turns of invented catalogues, and the batches that a learner takes."""

import re

import numpy as np
import pytest
from transformers import AutoTokenizer

from bot.layout import ACTS, SLOTS
from bot.loading import SHIPPED
from bot.word_states import new_word_states
from training.batches import Batches, pad
from training.evaluate import kappa
from training.examples import Encoder
from training.schemas import make_schema_turns, schemas


@pytest.fixture(scope="module")
def turns():
    return make_schema_turns(2_000, 3)


def test_marks_and_names_are_gone(turns):
    assert not [turn.text for turn in turns if re.search(r"[\[\]{}]", turn.text)]


def test_spans_lie_on_whole_words(turns):
    for turn in turns:
        for slot, start, end in turn.spans:
            assert slot in SLOTS
            assert turn.text[start:end].strip() == turn.text[start:end] != ""
            assert not turn.text[start - 1 : start].isalnum()
            assert not turn.text[end : end + 1].isalnum()


def test_most_acts_come_and_few_texts_come_twice(turns):
    """Nothing is out of scope in a catalogue."""
    assert {act for turn in turns for act in turn.acts} == set(ACTS) - {"other"}
    assert len({turn.text for turn in turns}) > 1_700


def test_a_seed_decides(turns):
    assert make_schema_turns(50, 3) == turns[:50]
    assert make_schema_turns(50, 4) != turns[:50]


def test_every_schema_has_what_phrases_ask_for():
    for schema in schemas():
        assert len(schema.before) > 4
        assert len(schema.names) > 2
        assert all("{it}" in asked for asked in schema.asks)


@pytest.mark.slow
def test_a_batch_holds_its_examples_side_by_side(turns):
    """Padding stands right; places count through the whole batch; a seed decides what comes."""
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    pieces = new_word_states(tokenizer, 8).pieces
    encoder = Encoder(tokenizer)
    examples = [encoder.reading(turn) for turn in turns[:3]]

    batch = pad(examples, tokenizer.pad_token_id, pieces)

    length = max(len(example.ids) for example in examples)
    assert batch.ids.shape == (3, length)
    assert batch.pieces.under.shape == (3, length)
    assert len(batch.counted) == 3 * len(ACTS)
    for row, example in enumerate(examples):
        assert batch.ids[row, : len(example.ids)].tolist() == example.ids
        mine = (
            batch.tagged[(batch.tagged >= row * length) & (batch.tagged < (row + 1) * length)] - row * length
        )
        assert mine.tolist() == list(range(len(example.ids) - len(example.tags), len(example.ids)))

    def stream(seed):
        while True:
            yield from map(encoder.reading, make_schema_turns(20, seed))

    first, again = (next(iter(Batches(stream, pieces, 512, tokenizer.pad_token_id, 7))) for _ in range(2))
    assert first.ids.tolist() == again.ids.tolist()
    assert first.ids.numel() <= 512


def test_kappa_is_agreement_beyond_chance():
    """The textbook's example: 20 and 15 agreed of 50, chance .5."""
    one = np.array([True] * 20 + [True] * 5 + [False] * 10 + [False] * 15)
    other = np.array([True] * 20 + [False] * 5 + [True] * 10 + [False] * 15)

    assert kappa(one, other) == pytest.approx(0.4)
    assert kappa(one, one) == 1
    assert kappa(np.zeros(5, dtype=bool), np.zeros(5, dtype=bool)) == 0
