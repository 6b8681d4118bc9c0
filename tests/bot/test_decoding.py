"""What a writer may write, how an answer is parsed, and what is read of a message that is too long."""

import pytest
from transformers import PreTrainedTokenizerFast

from bot.decoding import FactConstraint
from bot.layout import ACTS, MARKS, PLACEHOLDERS, SLOTS, Message, placeholder, slot_token
from bot.loading import SHIPPED
from bot.understanding import parse, reading_prompt


@pytest.fixture(scope="module")
def tokenizer():
    return PreTrainedTokenizerFast.from_pretrained(SHIPPED)


def test_a_span_cut_off_ends_at_its_last_whole_word():
    reading = parse("<|act:request|><|need|> slow film with fox", "a slow film with foxes")

    assert [span.text for span in reading.spans] == ["slow film with"]


def test_words_inside_other_words_are_not_taken():
    """`it` is not found in `bitter`, nor `_it` taken for it."""
    assert [span.start for span in parse("<|ref|> it", "bitter, isn't it").spans] == [14]
    assert parse("<|ref|> it", "bitter").spans == ()


def test_a_writer_uses_each_given_fact_once_and_ends_after_the_required_ones(tokenizer):
    ids = tokenizer.convert_tokens_to_ids
    title, genre, year = ids(placeholder("TITLE")), ids(placeholder("GENRE")), ids(placeholder("YEAR"))
    constraint = FactConstraint(tokenizer, ["TITLE", "GENRE"], ["TITLE"], len(tokenizer))

    first = constraint.allowed([])
    after = constraint.allowed([title])

    assert first[title]
    assert first[genre]
    assert not first[year]
    assert not first[ids(MARKS["end"])]
    assert not after[title]
    assert after[ids(MARKS["end"])]
    marks = [*MARKS.values(), *map(slot_token, SLOTS), *(f"<|act:{act}|>" for act in ACTS)]
    assert not any(first[ids(mark)] for mark in marks)
    assert sum(first[ids(placeholder(name))] for name in PLACEHOLDERS) == 2


def written(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize(
    ("so_far", "may", "may_not"),
    [
        (" You might like", [" "], [" Oscar", "7"]),
        (" You might like ", ["[TITLE]"], ["[CAST]"]),
        (" [TITLE], directed by ", ["[DIRECTOR]"], ["[CAST]", "[TITLE]"]),
        (" Try [TITLE]", [".", ",", " with"], ["s", " ["]),
    ],
)
def test_a_writer_keeps_to_plain_words_and_roles(tokenizer, so_far, may, may_not):
    """What the claim checker would refuse is not begun."""
    constraint = FactConstraint(tokenizer, ["TITLE", "CAST", "DIRECTOR"], ["TITLE"], len(tokenizer), "film")
    allowed = constraint.allowed(written(tokenizer, so_far))

    assert all(allowed[written(tokenizer, piece)[0]] for piece in may)
    assert not any(allowed[written(tokenizer, piece)[0]] for piece in may_not)


class Room:
    """A model's size alone: one token a byte, 512 of them."""

    knows_layout = True

    def fits(self, prompt, tokens):
        return len(prompt.encode()) + tokens <= 512


@pytest.mark.parametrize("utterance", ["我想看电影" * 300, "🎬" * 1000, "x" * 4000, "a slow film " * 400])
def test_a_message_too_long_to_read_is_read_from_its_end(utterance):
    """Without spaces too: the prompt fits and holds the last characters, after the history was dropped."""
    history = [Message("user", "片" * 500), Message("assistant", "好")]
    prompt, skipped = reading_prompt(Room(), history, utterance)

    assert len(prompt.encode()) <= 512
    assert 0 < skipped < len(utterance)
    assert f"{MARKS['now']} {utterance[skipped:]}{MARKS['read']}" in prompt
