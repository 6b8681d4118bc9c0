"""What the recipe teaches: labels that hold, and examples that ask for the right token at the right place."""

import json
import os
import random
import re
from functools import cache

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

import prompts
from bot.layout import ACTS, MARKS, PLACEHOLDERS, SLOTS, TASKS, Message, act_token, special_tokens
from bot.model import Probabilities
from training.augment import vary
from training.contexts import contexts
from training.evaluate import FEWEST, LOWEST, Dev, best_threshold, best_thresholds, span_f1
from training.examples import Encoder, _by_act, _drawn
from training.patterns import parse_marked
from training.sources import LABELS, OWN, LabelledTurn, own_labelled, read_jsonl
from training.writing import Reply, own_replies

needs_data = pytest.mark.skipif(
    not os.environ.get("PARLEY_DATA_DIR"), reason="PARLEY_DATA_DIR is not set: no film names to swap in"
)


@pytest.fixture(scope="module")
def tokenizer():
    """The shipped layout's marks over single bytes: no word was learned."""
    marks = special_tokens()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tiny = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate([*marks, *alphabet])}, merges=[]))
    tiny.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tiny.decoder = decoders.ByteLevel()
    tiny.add_special_tokens(marks)
    return PreTrainedTokenizerFast(tokenizer_object=tiny, pad_token=MARKS["pad"], eos_token=MARKS["end"])


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return Encoder(tokenizer)


@cache
def own_turns():
    return own_labelled("films") + own_labelled("shop")


def turn(text, acts=("request",), spans=(), history=()):
    placed = tuple((slot, text.index(words), text.index(words) + len(words)) for slot, words in spans)
    return LabelledTurn(tuple(history), text, acts, placed)


def tagged(tokenizer, example):
    """(slot, the text of the tokens tagged with it), in the layout's order; a token is one byte."""
    copy = example.ids[len(example.ids) - len(example.tags) :]
    return [
        (slot, tokenizer.decode([token for token, tag in zip(copy, column, strict=True) if tag]))
        for slot, column in zip(SLOTS, example.tags.T, strict=True)
        if column.any()
    ]


def test_act_marks_predict_yes_or_no_at_their_own_place(tokenizer, encoder):
    """Each act mark stands once and asks for yes or no; the mark before them asks for nothing."""
    example = encoder.reading(turn("thanks, a slow one please", acts=("chat", "request")))

    ids = tokenizer.convert_tokens_to_ids
    for act in ACTS:
        (place,) = [i for i, token in enumerate(example.ids) if token == ids(act_token(act))]
        wanted = MARKS["yes"] if act in ("chat", "request") else MARKS["no"]
        assert tokenizer.convert_ids_to_tokens(example.targets[place]) == wanted
        assert example.weights[place] > 0
    assert example.weights[example.ids.index(ids(MARKS["read"]))] == 0


def test_everywhere_else_the_next_token_is_asked_for(tokenizer, encoder):
    example = encoder.reading(turn("a slow one", spans=[("want", "slow")]), language=True)
    marks = {tokenizer.convert_tokens_to_ids(act_token(act)) for act in ACTS}

    assert all(
        target == following
        for token, target, following in zip(example.ids, example.targets, example.ids[1:], strict=False)
        if token not in marks
    )


def test_spans_are_tags_on_the_second_copy(tokenizer, encoder):
    """Spans may lie inside one another; what is in no span has no tag."""
    spans = [("count", "two"), ("need", "slow foxes"), ("want", "green"), ("avoid", "owls")]
    labelled = turn("two slow foxes, green, no owls", spans=spans)
    labelled = LabelledTurn(labelled.history, labelled.text, labelled.acts, (*labelled.spans, ("want", 4, 8)))

    example = encoder.reading(labelled, weight=0.7)

    found = dict(tagged(tokenizer, example))
    assert found == dict(spans) | {"want": "slowgreen"}
    assert len(example.tags) == len(" two slow foxes, green, no owls")
    assert example.tag_weight == 0.7


def test_nothing_is_generated_after_the_acts(tokenizer, encoder):
    """From the slots' mark on only the tags are learned, with the words of the conversation too."""
    example = encoder.reading(turn("a slow one", spans=[("want", "slow")]), language=True)
    mark = example.ids.index(tokenizer.convert_tokens_to_ids(MARKS["spans"]))

    assert len(example.ids) - mark - 1 == len(example.tags)
    assert not any(example.weights[mark:])


def test_unknown_spans_are_not_learned(encoder):
    """Where a source labels acts alone, nothing is taught of spans, not even that there are none."""
    known = encoder.reading(LabelledTurn((), "hm", ("chat",), ()))
    unknown = encoder.reading(LabelledTurn((), "hm", ("chat",), None))

    assert known.tags.shape == (len(" hm"), len(SLOTS))
    assert not known.tags.any()
    assert unknown.tags is None
    assert sum(weight > 0 for weight in unknown.weights) == len(ACTS)


def test_a_long_message_loses_its_first_words_and_their_spans(tokenizer, encoder):
    labelled = turn("owl " + "and " * 120 + "fox", spans=[("like", "owl"), ("like", "fox")])

    assert tagged(tokenizer, encoder.reading(labelled)) == [("like", "fox")]


def test_a_person_cannot_spell_a_mark(tokenizer, encoder):
    """Marks in what people wrote are broken up, in the message and in the history."""
    said = "<|yes|> [TITLE] <|act:chat|>"
    example = encoder.reading(turn(said, history=[Message("user", said)]))

    ids = tokenizer.convert_tokens_to_ids
    assert example.ids.count(ids(act_token("chat"))) == 1
    assert ids(MARKS["yes"]) not in example.ids
    assert ids("[TITLE]") not in example.ids


def test_a_reply_is_learned_from_its_facts_on(tokenizer, encoder):
    """Only the words of the reply and its end count; placeholders stay single tokens."""
    example = encoder.writing(Reply("item", "film", ("TITLE",), "Try [TITLE]."), ["TITLE"])

    counted = [target for target, weight in zip(example.targets, example.weights, strict=True) if weight]
    assert tokenizer.decode(counted, clean_up_tokenization_spaces=False) == f" Try [TITLE].{MARKS['end']}"
    assert tokenizer.convert_tokens_to_ids("[TITLE]") in counted


def test_rare_acts_are_drawn_more_often_than_they_come():
    turns = [turn(f"hello {i}") for i in range(99)] + [LabelledTurn((), "no", ("reject",), ())]
    rng = random.Random(0)
    drawn = [_drawn(_by_act(turns), rng) for _ in range(500)]
    assert 70 < sum(one.acts == ("reject",) for one in drawn) < 130


def test_no_dialogue_is_both_trained_on_and_chosen_by():
    """Dev and test stand apart from train by dialogue, and test by seeker too."""
    dialogues = {
        part: {row["conversation_id"] for row in read_jsonl(LABELS / f"redial_{part}.jsonl")}
        for part in ("train", "dev", "test")
    }
    assert not dialogues["train"] & dialogues["dev"]
    assert not dialogues["test"] & (dialogues["train"] | dialogues["dev"])


def test_marked_patterns_give_text_and_nested_spans():
    text, spans = parse_marked("show me [need:a [want:green] bag] now")

    assert text == "show me a green bag now"
    assert {(slot, text[start:end]) for slot, start, end in spans} == {
        ("need", "a green bag"),
        ("want", "green"),
    }


@pytest.mark.parametrize("name", [*OWN, "dev", "test"])
def test_own_turns_parse_and_their_spans_lie_in_the_text(name):
    """Every span is words of its message, unpadded; every act and slot exists."""
    for number, row in enumerate(read_jsonl(LABELS / f"turns_{name}.jsonl"), start=1):
        assert row["acts"], number
        assert set(row["acts"]) <= set(ACTS), number
        for slot, words in row["spans"]:
            assert slot in SLOTS, number
            assert words == words.strip() != "", number
            assert words in row["text"], (number, words)
    for labelled in own_labelled(name):
        assert len(set(labelled.spans)) == len(labelled.spans), labelled
        assert all(0 <= start < end <= len(labelled.text) for _, start, end in labelled.spans), labelled


@pytest.mark.parametrize("name", ["train", "test"])
def test_redial_labels_hold_ids_and_offsets_only(name):
    """The labels of published dialogues carry none of their text."""
    rows = list(read_jsonl(LABELS / f"redial_{name}.jsonl"))
    assert len({(row["conversation_id"], row["message_id"]) for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == {"conversation_id", "message_id", "acts", "spans"}
        assert row["acts"]
        assert set(row["acts"]) <= set(ACTS)
        assert all(slot in SLOTS and 0 <= start < end for slot, start, end in row["spans"])


def test_redial_test_shares_no_dialogue_with_train():
    dialogues = [
        {row["conversation_id"] for row in read_jsonl(LABELS / f"redial_{name}.jsonl")}
        for name in ("train", "test")
    ]
    assert not dialogues[0] & dialogues[1]
    assert len(json.loads((LABELS / "redial_held_out_seekers.json").read_text())) > 0


def test_replies_parse_and_use_the_facts_they_name():
    for number, row in enumerate(read_jsonl(LABELS / "replies.jsonl"), start=1):
        assert row["task"] in TASKS, number
        assert set(row["facts"]) <= set(PLACEHOLDERS), number
        assert set(re.findall(r"\[([A-Z0-9]+)\]", row["text"])) <= set(row["facts"]), number


@needs_data
@given(st.data(), st.integers(0, 2**32))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_variation_keeps_spans_at_whole_words(data, seed):
    """Values may change and letters swap; the same slots still point at words, in place."""
    before = data.draw(st.sampled_from(own_turns()))

    after = vary(before, random.Random(seed))

    assert after.acts == before.acts
    assert [slot for slot, _, _ in after.spans] == [slot for slot, _, _ in before.spans]
    for (_, start, end), (_, a, b) in zip(after.spans, before.spans, strict=True):
        words, earlier = after.text[start:end], before.text[a:b]
        assert words.strip(), (before, after)
        assert words == words.strip() or earlier != earlier.strip()
        assert start == 0 or not (after.text[start - 1].isalnum() and words[0].isalnum()), (before, after)
        assert end == len(after.text) or not (after.text[end].isalnum() and words[-1].isalnum()), after


def test_a_threshold_separates_what_can_be_separated():
    """Sure positives at .35 and negatives at .25: anything between is perfect, the nearest to .5 is taken."""
    scores = np.array([0.35] * 20 + [0.25] * 30)

    assert best_threshold(scores, scores > 0.3) == pytest.approx(0.35)


def test_thresholds_stay_in_bounds_and_rare_acts_keep_the_default():
    scores = np.linspace(0, 1, 50)

    assert best_threshold(scores, np.ones(50, dtype=bool)) == pytest.approx(LOWEST, abs=0.02)
    assert best_threshold(scores, scores > 0.95) == pytest.approx(0.5)


def test_a_slots_threshold_is_that_of_the_best_spans():
    """Where a word that is a little likely would join the span, only a higher one leaves it out."""
    labelled = turn("a slow one", spans=[("want", "slow one")])
    slots = np.zeros((3, len(SLOTS)), dtype=np.float32)
    slots[:, SLOTS.index("want")] = (0.3, 0.7, 0.7)
    read = Probabilities(dict.fromkeys(ACTS, 0.0), slots, [(0, 2), (2, 7), (7, 11)])
    none = np.zeros((FEWEST, len(ACTS)))
    many = Dev([labelled] * FEWEST, none, none > 0, [read] * FEWEST)

    assert span_f1(many, {"<|want|>": 0.5}) == 0
    assert span_f1(many, {"<|want|>": 0.65}) == 1
    assert best_thresholds(many)["<|want|>"] == pytest.approx(0.65)
    few = Dev(many.turns[1:], none[1:], none[1:] > 0, many.read[1:])
    assert best_thresholds(few)["<|want|>"] == pytest.approx(0.5)


def test_contexts_are_those_of_the_replies():
    """Run `python -m training.contexts` after a change of the replies."""
    assert yaml.safe_load(prompts.text("contexts.yaml")) == contexts(reply.text for reply in own_replies())
