"""Reading by tags: whatever the model prefers, what is read are whole words of the utterance."""

import random
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from bot.configs import ModelConfig
from bot.layout import ACTS, MARKS, SLOTS, neutral, render_read, slot_token
from bot.loading import SHIPPED
from bot.model import LanguageModel
from bot.tagging import MOST_SPANS, _whole_words, is_boundary, spans_of
from bot.understanding import read

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
    return PreTrainedTokenizerFast.from_pretrained(SHIPPED)


class Whims:
    """A model of another mind at each call."""

    device = torch.device("cpu")

    def __init__(self, tokenizer):
        self.config = SimpleNamespace(vocab_size=len(tokenizer), max_position_embeddings=512)

    def __call__(self, input_ids, attention_mask, position_ids):
        return SimpleNamespace(logits=torch.randn(*input_ids.shape, self.config.vocab_size))


def invented(rng):
    """An utterance of 0 to 14 odd words, oddly spaced."""
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randrange(15)))


def second_copy(tokenizer, utterance):
    """The utterance as it stands in the prompt, and its tokens' characters."""
    prompt, _ = render_read((), utterance)
    start = prompt.rindex(MARKS["spans"]) + len(MARKS["spans"])
    places = tokenizer(prompt, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return prompt[start:], [(a - start, b - start) for a, b in places if a >= start]


def spans(text, *tagged, thresholds=None):
    """The words of each span; a token is a word with the space before it, `tagged` are (slot, {token: p})."""
    ends = [i for i in range(1, len(text) + 1) if i == len(text) or text[i] == " "]
    offsets = list(zip([0, *ends], ends, strict=False))
    probabilities = np.zeros((len(offsets), len(SLOTS)), dtype=np.float32)
    for slot, tokens in tagged:
        for token, p in tokens.items():
            probabilities[token, SLOTS.index(slot)] = p
    return [(slot, text[a:b]) for slot, a, b in spans_of(text, offsets, probabilities, thresholds or {})]


def test_any_tags_give_whole_words_in_order(tokenizer):
    """Random tags over 2,000 odd utterances: spans are trimmed, whole, apart and in slot order."""
    rng, draws = random.Random(20261122), np.random.default_rng(20261122)
    most = 0
    for _ in range(2_000):
        text, offsets = second_copy(tokenizer, invented(rng))
        probabilities = draws.random((len(offsets), len(SLOTS)), dtype=np.float32) ** rng.choice([1, 4, 16])

        found = spans_of(text, offsets, probabilities, {})

        most = max(most, len(found))
        for slot, start, end in found:
            words = text[start:end]
            assert words == words.strip() != ""
            assert any(map(str.isalnum, words))
            assert is_boundary(text, start)
            assert is_boundary(text, end)
            column = probabilities[:, SLOTS.index(slot)]
            assert any(p >= 0.5 and a < end and start < b for p, (a, b) in zip(column, offsets, strict=True))
        places = [(SLOTS.index(slot), start, end) for slot, start, end in found]
        assert places == sorted(places)
        for (slot, _, end), (other, start, _) in pairwise(places):
            assert slot != other or end <= start
    assert most == MOST_SPANS


def test_any_model_reads_words_of_the_utterance(tokenizer):
    """Through the prompt, a model of random logits and the parser: acts in the layout, spans in the text."""
    torch.manual_seed(20261122)
    rng = random.Random(20261122)
    model = LanguageModel(Whims(tokenizer), tokenizer, ModelConfig(), name="whims", thresholds={})
    lengths = []
    for _ in range(200):
        utterance = invented(rng)
        text, reading = neutral(utterance), read(model, (), utterance)
        assert reading.acts
        assert set(reading.acts) <= set(ACTS)
        for span in reading.spans:
            assert utterance[span.start : span.end] == span.text
            assert is_boundary(text, span.start)
            assert is_boundary(text, span.end)
        places = [(SLOTS.index(span.slot), span.start) for span in reading.spans]
        assert places == sorted(set(places))
        lengths.append(len(places))
    assert 0 < max(lengths) <= MOST_SPANS


@pytest.mark.parametrize("utterance", ["", " ", "\n\t", "...", "😂 ❤️"])
def test_nothing_said_has_no_spans(tokenizer, utterance):
    text, offsets = second_copy(tokenizer, utterance)

    assert spans_of(text, offsets, np.ones((len(offsets), len(SLOTS)), dtype=np.float32), {}) == []


@pytest.mark.parametrize(
    ("utterance", "words"),
    [
        ('did you like "Quiet Harbour"?', "Quiet Harbour"),
        ("not slow/funny ones", "funny"),
        ("hello.  something short", "something short"),
        ("推荐三部电影", "电影"),
        ("أريد فيلمًا مضحكًا", "فيلمًا"),
        ("it's 80's sci-fi", "80's sci-fi"),
    ],
)
def test_words_are_read_as_they_stand(tokenizer, utterance, words):
    """A quote, a slash, two spaces or no space at all beside a word are no part of it and do not hide it."""
    text, offsets = second_copy(tokenizer, utterance)
    start = text.index(words)
    probabilities = np.zeros((len(offsets), len(SLOTS)), dtype=np.float32)
    for row, (a, b) in enumerate(offsets):
        probabilities[row] = (np.array(SLOTS) == "want") & (a < start + len(words)) & (start < b)

    assert spans_of(text, offsets, probabilities, {}) == [("want", start, start + len(words))]


def test_neighbouring_tokens_are_one_span():
    """A gap parts spans, another slot does not."""
    text = " a slow film, with two foxes"

    found = spans(text, ("want", {1: 0.9, 2: 0.6, 4: 0.7, 5: 0.7}), ("count", {4: 0.8}))

    assert sorted(found) == [("count", "two"), ("want", "slow film"), ("want", "two foxes")]


def test_parts_of_one_word_are_one_span():
    """However a word is cut, and wherever a tag is missing."""
    text = "slow foxes run"
    offsets = [(0, 4), (4, 7), (7, 8), (8, 10), (10, 14)]
    probabilities = np.zeros((5, len(SLOTS)), dtype=np.float32)
    probabilities[[0, 1, 3], SLOTS.index("want")] = 0.9

    assert spans_of(text, offsets, probabilities, {}) == [("want", 0, 10)]


def test_the_surest_spans_are_kept():
    """Of more spans than are wanted the doubtful ones go; those kept stand as in the text."""
    text = "".join(f" w{i} and" for i in range(MOST_SPANS + 3))

    found = spans(text, ("like", {2 * i: 0.5 + 0.01 * i for i in range(MOST_SPANS + 3)}))

    assert found == [("like", f"w{i}") for i in range(3, MOST_SPANS + 3)]


def test_a_slot_has_its_own_threshold():
    """`seen` is an act too: the slot's threshold stands under its token."""
    tagged = ("seen", {1: 0.4})

    assert spans(" saw Heat", tagged, thresholds={"seen": 0.3}) == []
    assert spans(" saw Heat", tagged, thresholds={slot_token("seen"): 0.3}) == [("seen", "Heat")]


def test_vowel_signs_do_not_end_a_word():
    """Combining marks stand inside words, of Hindi or Arabic for example."""
    assert not any(is_boundary("हिन्दी", i) for i in range(1, 6))


@pytest.mark.parametrize(
    ("text", "start", "end", "words"),
    [
        ("a warm-hearted comedy", 7, 14, "warm-hearted"),
        ("a warm-hearted comedy", 2, 6, "warm-hearted"),
        ("good - bad", 7, 10, "bad"),
        ("(well-made)", 6, 10, "well-made"),
    ],
)
def test_a_hyphen_joins_words(text, start, end, words):
    first, last = _whole_words(text, start, end)

    assert text[first:last] == words
