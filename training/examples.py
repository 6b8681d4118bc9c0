"""Token sequences to learn from: reading examples, writing examples and plain dialogue.

Each example is input ids with, at each place, the token to predict there and how much it counts. Act
marks predict yes or no at their own place; the tokens of the utterance's second copy carry slot tags;
everywhere else the target is the next token.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from bot import layout
from bot.layout import ACTS, MARKS, SLOTS, act_token, render_read, render_write
from training import augment, patterns, schemas, sources, weak, writing
from training.sources import Dialogue, LabelledTurn

BALANCED = 0.4
"""Share of the labelled turns that are drawn by act."""
PATTERNS, SCHEMAS = 4_000, 8_000
"""How many turns are made from patterns, and from the schemas of catalogues."""
LANGUAGE_WEIGHT = 0.3
"""How much predicting the words of the conversation itself counts beside the task, in one turn of three."""


@dataclass(frozen=True, slots=True)
class Example:
    ids: list[int]
    targets: list[int]
    weights: list[float]
    prompt: str | None = None
    """The reading prompt, for its word states; None for any other example."""
    tags: NDArray[np.float32] | None = None
    """Which slots each token of the utterance's second copy belongs to, (t, slots); None when not known."""
    tag_weight: float = 1.0


def slot_tags(
    spans: Sequence[tuple[str, int, int]], offsets: Sequence[tuple[int, int]], skipped: int
) -> NDArray[np.float32]:
    """Which slots each token of the utterance's second copy belongs to, (t, slots): 1 where its last
    character lies in a span.

    `offsets` are the tokens' characters in the copy, which begins with a space that the utterance has not
    and lacks its first `skipped` characters.
    """
    tags = np.zeros((len(offsets), len(SLOTS)), dtype=np.float32)
    for slot, start, end in spans:
        for row, (_, last) in enumerate(offsets):
            if start < last - 1 + skipped <= end:
                tags[row, SLOTS.index(slot)] = 1.0
    return tags


class Encoder:
    """Turns labelled turns, replies and dialogues into examples."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer
        ids = tokenizer.convert_tokens_to_ids
        self._yes, self._no, self._end = ids(MARKS["yes"]), ids(MARKS["no"]), ids(MARKS["end"])
        self._acts = [ids(act_token(act)) for act in ACTS]

    def _ids(self, text: str) -> list[int]:
        found: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    def reading(self, turn: LabelledTurn, weight: float = 1.0, *, language: bool = False) -> Example:
        """Acts as yes or no at their marks; slots as tags on the second copy of the utterance."""
        prompt, skipped = render_read(turn.history, turn.text)
        encoded = self._tokenizer(prompt, add_special_tokens=False, return_offsets_mapping=True)
        ids: list[int] = encoded["input_ids"]
        targets = [*ids[1:], self._end]
        weights = [LANGUAGE_WEIGHT * weight if language else 0.0] * len(ids)
        first = ids.index(self._acts[0])
        for place, act in enumerate(ACTS, start=first):
            targets[place] = self._yes if act in turn.acts else self._no
            weights[place] = weight
        weights[first - 1] = 0.0
        copy = first + len(ACTS) + 1
        weights[copy - 1 :] = [0.0] * (len(ids) - copy + 1)
        tags = None
        if turn.spans is not None:
            start = prompt.rindex(MARKS["spans"]) + len(MARKS["spans"])
            places = [(a - start, b - start) for a, b in encoded["offset_mapping"][copy:]]
            tags = slot_tags(turn.spans, places, skipped)
        return Example(ids, targets, weights, prompt, tags, weight)

    def writing(self, reply: writing.Reply, facts: Sequence[str]) -> Example:
        prompt = self._ids(render_write(reply.task, reply.noun, facts, reply.user))
        answer = [*self._ids(" " + reply.text), self._end]
        ids = prompt + answer
        weights = [0.0] * (len(prompt) - 1) + [1.0] * len(answer) + [0.0]
        return Example(ids, [*ids[1:], self._end], weights)

    def talking(self, dialogue: Dialogue, rng: random.Random) -> Example:
        start = rng.randrange(max(1, len(dialogue.messages) - 5))
        text = "".join(
            f"{MARKS[message.role]} {layout.neutral(message.text)}"
            for message in dialogue.messages[start : start + 9]
        )
        ids = self._ids(text)[:128]
        return Example(ids, [*ids[1:], self._end], [0.5] * (len(ids) - 1) + [0.0])


@dataclass(frozen=True, slots=True)
class Corpus:
    redial: list[LabelledTurn]
    own: list[LabelledTurn]
    weak: list[LabelledTurn]
    replies: list[writing.Reply]
    dialogues: list[Dialogue]
    elsewhere: list[Dialogue]
    taught: list[LabelledTurn]
    """Turns that nobody labelled, as a larger model read them."""


def load_corpus(seed: int, taught: Path | None = None) -> Corpus:
    return Corpus(
        redial=sources.redial_labelled("train"),
        own=[turn for name in sources.OWN for turn in sources.own_labelled(name)],
        weak=weak.sgd_turns(12_000, seed)
        + weak.clinc_turns(3_500, seed)
        + weak.multidogo_turns(1_500, seed)
        + weak.moviebot_turns(),
        replies=writing.own_replies(),
        dialogues=list(sources.redial_dialogues()),
        elsewhere=list(sources.chatter()),
        taught=[] if taught is None else sources.taught_turns(taught),
    )


def dev_turns() -> list[LabelledTurn]:
    """Labelled turns to choose by; they share no dialogue with those that are trained on."""
    return sources.redial_labelled("dev") + sources.own_labelled("dev")


def _by_act(turns: Sequence[LabelledTurn]) -> list[list[LabelledTurn]]:
    """All turns first, then those of each act that any has."""
    groups = [[turn for turn in turns if act in turn.acts] for act in ACTS]
    return [list(turns), *filter(None, groups)]


def _drawn(groups: Sequence[Sequence[LabelledTurn]], rng: random.Random) -> LabelledTurn:
    """Any turn, or, in BALANCED of all draws, one of an act drawn first: rejections are rare."""
    group = rng.choice(groups[1:]) if rng.random() < BALANCED else groups[0]
    return rng.choice(group)


def stream(
    corpus: Corpus,
    encoder: Encoder,
    seed: int,
    progress: Callable[[], float],
    replies: float = 19,
    talk: float = 3,
) -> Iterator[Example]:
    """Examples without end.

    `progress` (0 to 1) moves the mix from language towards people's own labels; `replies` is the share of
    writing and `talk` that of plain dialogue, in the end, beside 77 of reading.
    """
    rng = random.Random(seed)
    redial, own = _by_act(corpus.redial), _by_act(corpus.own)
    made = patterns.make_turns(PATTERNS, seed)
    schematic = schemas.make_schema_turns(SCHEMAS, seed)
    kinds = ("redial", "own", "pattern", "schema", "weak", "taught", "reply", "dialogue", "elsewhere")

    while True:
        early = max(0.0, 1 - progress() / 0.3)
        taught = 12 if corpus.taught else 0
        shares = (28, 28, 6, 10, 5, taught, replies, 2 / 3 * talk + 12 * early, talk / 3 + 10 * early)
        match rng.choices(kinds, shares)[0]:
            case "redial":
                yield encoder.reading(augment.vary(_drawn(redial, rng), rng), language=rng.random() < 0.33)
            case "own":
                yield encoder.reading(augment.vary(_drawn(own, rng), rng), language=rng.random() < 0.33)
            case "pattern":
                yield encoder.reading(augment.vary(rng.choice(made), rng), weight=0.7)
            case "schema":
                yield encoder.reading(augment.vary(rng.choice(schematic), rng), weight=0.7)
            case "taught":
                yield encoder.reading(augment.vary(rng.choice(corpus.taught), rng), weight=0.7)
            case "weak":
                yield encoder.reading(rng.choice(corpus.weak), weight=0.5)
            case "reply":
                reply = rng.choice(corpus.replies)
                yield encoder.writing(reply, writing.shuffled_facts(reply, rng))
            case "dialogue":
                yield encoder.talking(rng.choice(corpus.dialogues), rng)
            case "elsewhere":
                yield encoder.talking(rng.choice(corpus.elsewhere), rng)
