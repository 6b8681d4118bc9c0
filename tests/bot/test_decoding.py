"""Reading by copying: whatever the model prefers, an answer is made of whole words of the utterance."""

import random
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from bot.decoding import FactConstraint, SpanConstraint, is_boundary
from bot.layout import ACTS, MARKS, PLACEHOLDERS, SLOTS, Message, neutral, placeholder, slot_token
from bot.understanding import READ_TOKENS, parse, reading_prompt

ROOT = Path(__file__).parents[2]
TOKENIZERS = (ROOT / "models" / "parley-gpt2", ROOT / "runs" / "parley-gpt2" / "tokenizer")
ODD = """
any slow film with two foxes, not that long please? it's don't sci-fi 80's (2019) $20 £15.50
“Quiet Harbour” naïve Zoë café's #1 a_b snake_case x/y foo-bar ... !! <| [x] <|end|> [TITLE]
有没有轻松的电影 我喜欢武侠片 推荐三部 日本語のアニメ 한국 영화
أريد فيلمًا مضحكًا סרט מצחיק שָׁלוֹם हिन्दी फ़िल्म ภาพยนตร์
🎬 👩‍👩‍👧 🇫🇷 😂😂 ❤️ 👍🏽 e\u0301 \u200b \u202e ﬁlm 𝒇𝒊𝒍𝒎
"""
WORDS = [*ODD.split(), "b" * 200]
SPACES = [" ", " ", " ", " ", "  ", "", "\t", "\n", "\u00a0", "\0"]


@pytest.fixture(scope="module")
def tokenizer():
    for folder in TOKENIZERS:
        if (folder / "tokenizer.json").exists():
            return PreTrainedTokenizerFast.from_pretrained(folder)
    pytest.skip("no trained tokenizer: run `python -m training.train` or put weights in models/parley-gpt2")


def invented(rng):
    """An utterance of 0 to 14 odd words, oddly spaced."""
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randrange(15)))


def walk(constraint, rng, limit, end):
    """Any allowed token each time; the mask is checked never to be empty."""
    written = []
    for _ in range(limit):
        allowed = constraint.allowed(written).nonzero()[0]
        assert len(allowed), written
        token = int(rng.choice(allowed))
        if token == end:
            return written, True
        written.append(token)
    return written, False


def read_out(tokenizer, written, utterance):
    return parse(tokenizer.decode(written, clean_up_tokenization_spaces=False), utterance)


def test_any_answer_is_whole_words_of_the_utterance(tokenizer):
    """Random choices over 2,000 odd utterances: ended or cut off, every span is a run of whole words."""
    rng = random.Random(20261122)
    end = tokenizer.convert_tokens_to_ids(MARKS["end"])
    ended = 0
    for _ in range(2_000):
        utterance = invented(rng)
        constraint = SpanConstraint(tokenizer, " " + neutral(utterance), len(tokenizer))
        written, finished = walk(constraint, rng, READ_TOKENS, end)
        ended += finished
        slots = [token for token in map(tokenizer.convert_ids_to_tokens, written) if token in SLOT_TOKENS]
        reading = read_out(tokenizer, written, utterance)
        text = neutral(utterance)
        for span in reading.spans:
            assert utterance[span.start : span.end] == span.text
            assert span.text == span.text.strip() != ""
            assert is_boundary(text, span.start)
            assert is_boundary(text, span.end)
        places = [(SLOTS.index(span.slot), span.start) for span in reading.spans]
        assert places == sorted(set(places))
        assert len(slots) - len(places) <= (not finished), (utterance, reading)
    assert ended > 1_000


SLOT_TOKENS = [slot_token(slot) for slot in SLOTS]


def test_writing_ends_when_nothing_is_left_to_copy(tokenizer):
    """Without a limit an answer still ends: a slot's spans move on, and slots stand in order."""
    rng = random.Random(3)
    end = tokenizer.convert_tokens_to_ids(MARKS["end"])
    for _ in range(100):
        constraint = SpanConstraint(tokenizer, " " + neutral(invented(rng)), len(tokenizer))
        assert walk(constraint, rng, 20_000, end)[1]


@pytest.mark.parametrize("utterance", ["", " ", "\n\t", "   "])
def test_nothing_said_can_only_end(tokenizer, utterance):
    constraint = SpanConstraint(tokenizer, " " + neutral(utterance), len(tokenizer))

    assert constraint.allowed([]).nonzero()[0].tolist() == [tokenizer.convert_tokens_to_ids(MARKS["end"])]


@pytest.mark.parametrize(
    ("utterance", "words"),
    [
        ('did you like "Quiet Harbour"?', "Quiet Harbour"),
        ("not slow/funny ones", "funny"),
        ("hello.  something short", "something short"),
        ("推荐三部电影", "电影"),
        ("أريد فيلمًا مضحكًا", "فيلمًا"),
        ("a film for 👍 night", "👍"),
    ],
)
def test_words_can_be_copied_as_the_recipe_writes_them(tokenizer, utterance, words):
    """A quote, a slash, two spaces or no space at all before a word do not hide it from the reader."""
    answer = tokenizer(slot_token("want") + " " + words, add_special_tokens=False)["input_ids"]
    answer.append(tokenizer.convert_tokens_to_ids(MARKS["end"]))
    constraint = SpanConstraint(tokenizer, " " + neutral(utterance), len(tokenizer))

    assert all(constraint.allowed(answer[:i])[token] for i, token in enumerate(answer))
    assert [span.text for span in read_out(tokenizer, answer[:-1], utterance).spans] == [words]


def test_a_span_cut_off_ends_at_its_last_whole_word():
    reading = parse("<|act:request|><|need|> slow film with fox", "a slow film with foxes")

    assert [span.text for span in reading.spans] == ["slow film with"]


def test_words_inside_other_words_are_not_taken():
    """`it` is not found in `bitter`, nor `_it` taken for it."""
    assert [span.start for span in parse("<|ref|> it", "bitter, isn't it").spans] == [14]
    assert parse("<|ref|> it", "bitter").spans == ()


def test_vowel_signs_do_not_end_a_word():
    """Combining marks stand inside words, of Hindi or Arabic for example."""
    assert not any(is_boundary("हिन्दी", i) for i in range(1, 6))


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
    marks = [*MARKS.values(), *SLOT_TOKENS, *(f"<|act:{act}|>" for act in ACTS)]
    assert not any(first[ids(mark)] for mark in marks)
    assert sum(first[ids(placeholder(name))] for name in PLACEHOLDERS) == 2


class Room:
    """A model's size alone: one token a byte, 512 of them."""

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
