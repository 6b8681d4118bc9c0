"""The end-to-end conversations are no echo of what the language model learned from."""

import os

import pytest
from conversations import CONVERSATIONS
from conversations_fresh import FRESH
from dialogues import Say, words

from training import patterns
from training.examples import load_corpus
from training.sources import OWN, own_labelled
from training.writing import own_replies

RUN = 6


def _runs(text):
    tokens = words(text)
    return {tuple(tokens[i : i + RUN]) for i in range(len(tokens) - RUN + 1)}


@pytest.fixture(scope="module")
def spoken():
    """Every run of six words in the conversations, with the message that it stands in."""
    messages = [
        step.message for one in (*CONVERSATIONS, *FRESH) for step in one.steps if isinstance(step, Say)
    ]
    return {run: message for message in messages for run in _runs(message)}


def _shared(spoken, texts):
    return sorted({spoken[run] for text in texts for run in _runs(text) & spoken.keys()})


def _turn_texts(turns):
    for turn in turns:
        yield turn.text
        yield from (message.text for message in turn.history)


def test_there_is_something_to_compare(spoken):
    assert len(CONVERSATIONS) >= 30
    assert len(spoken) > 50


def test_no_run_of_six_words_is_in_the_labels(spoken):
    """The labels that travel with the repository."""
    turns = [turn for name in (*OWN, "dev") for turn in own_labelled(name)]
    assert turns
    assert _shared(spoken, _turn_texts(turns)) == []
    assert _shared(spoken, (reply.text for reply in own_replies())) == []


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("PARLEY_DATA_DIR"), reason="PARLEY_DATA_DIR is not set")
def test_no_run_of_six_words_is_in_the_patterns_or_the_datasets(spoken):
    """Patterns are compared as they come out, with the values of the datasets in their slots."""
    corpus = load_corpus(0)
    turns = [*corpus.redial, *corpus.own, *corpus.weak, *patterns.make_turns(20_000, 0)]
    assert _shared(spoken, _turn_texts(turns)) == []
    talk = [*corpus.dialogues, *corpus.elsewhere]
    assert _shared(spoken, (message.text for one in talk for message in one.messages)) == []
