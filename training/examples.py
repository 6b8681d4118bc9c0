"""Token sequences to learn from: reading examples, writing examples and plain dialogue.

Each example is input ids with, at each place, the token to predict there and how much it counts. Act
marks predict yes or no at their own place; everywhere else the target is the next token.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from bot import layout
from bot.layout import ACTS, MARKS, SLOTS, act_token, render_read, render_write, slot_token
from training import augment, patterns, sources, weak, writing
from training.sources import Dialogue, LabelledTurn

LANGUAGE_WEIGHT = 0.3
"""How much predicting the words of the conversation itself counts beside the task, in one turn of three."""


@dataclass(frozen=True, slots=True)
class Example:
    ids: list[int]
    targets: list[int]
    weights: list[float]
    prompt: str | None = None
    """The reading prompt that the ids begin with, for its word states."""


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
        prompt, skipped = render_read(turn.history, turn.text)
        ids = self._ids(prompt)
        answer: list[int] = []
        if turn.spans is not None:
            for slot, start, end in sorted(turn.spans, key=lambda s: (SLOTS.index(s[0]), s[1], s[2])):
                if start >= skipped:
                    answer += self._ids(slot_token(slot) + " " + layout.neutral(turn.text[start:end]))
            answer.append(self._end)
        all_ids = ids + answer
        targets = [*all_ids[1:], self._end]
        weights = [LANGUAGE_WEIGHT * weight if language else 0.0] * len(all_ids)
        mark = len(ids) - 2 - len(ACTS)  # the reading mark; the nine acts and the spans mark follow it
        for place, act in enumerate(ACTS, start=mark + 1):
            targets[place] = self._yes if act in turn.acts else self._no
            weights[place] = weight * 0.7
        weights[mark] = 0.0
        for place in range(len(ids) - 1, len(all_ids)):
            weights[place] = weight
        weights[-1] = 0.0
        return Example(all_ids, targets, weights, prompt)

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


def split_by_dialogue(
    turns: Sequence[LabelledTurn], share: float, seed: int
) -> tuple[list[LabelledTurn], list[LabelledTurn]]:
    """Train and dev; turns that share their first known message stay together."""
    keys = sorted({_dialogue_key(turn) for turn in turns})
    random.Random(seed).shuffle(keys)
    dev = set(keys[: int(len(keys) * share)])
    return [t for t in turns if _dialogue_key(t) not in dev], [t for t in turns if _dialogue_key(t) in dev]


def _dialogue_key(turn: LabelledTurn) -> str:
    return (turn.history[0].text if turn.history else turn.text)[:80]


@dataclass(frozen=True, slots=True)
class Corpus:
    redial: list[LabelledTurn]
    own: list[LabelledTurn]
    dev: list[LabelledTurn]
    weak: list[LabelledTurn]
    replies: list[writing.Reply]
    dialogues: list[Dialogue]
    elsewhere: list[Dialogue]


def load_corpus(seed: int) -> Corpus:
    redial, redial_dev = split_by_dialogue(sources.redial_labelled("train"), 0.12, seed)
    own, own_dev = split_by_dialogue(sources.own_labelled("films") + sources.own_labelled("shop"), 0.1, seed)
    return Corpus(
        redial=redial,
        own=own,
        dev=redial_dev + own_dev,
        weak=weak.sgd_turns(12_000, seed) + weak.clinc_turns(3_500, seed),
        replies=writing.own_replies(),
        dialogues=list(sources.redial_dialogues()),
        elsewhere=list(sources.chatter()),
    )


def stream(corpus: Corpus, encoder: Encoder, seed: int, progress: Callable[[], float]) -> Iterator[Example]:
    """Examples without end; `progress` (0 to 1) moves the mix from language towards people's own labels."""
    rng = random.Random(seed)
    made: list[LabelledTurn] = []
    while True:
        early = max(0.0, 1 - progress() / 0.3)
        kinds = ("redial", "own", "pattern", "weak", "reply", "dialogue", "elsewhere")
        shares = (24, 24, 24, 7, 16, 3 + 12 * early, 1 + 10 * early)
        match rng.choices(kinds, shares)[0]:
            case "redial":
                yield encoder.reading(
                    augment.vary(rng.choice(corpus.redial), rng), language=rng.random() < 0.33
                )
            case "own":
                yield encoder.reading(augment.vary(rng.choice(corpus.own), rng), language=rng.random() < 0.33)
            case "pattern":
                if not made:
                    made = patterns.make_turns(2_000, rng.getrandbits(32))
                yield encoder.reading(augment.vary(made.pop(), rng), weight=0.7)
            case "weak":
                yield encoder.reading(rng.choice(corpus.weak), weight=0.5)
            case "reply":
                reply = rng.choice(corpus.replies)
                yield encoder.writing(reply, writing.shuffled_facts(reply, rng))
            case "dialogue":
                yield encoder.talking(rng.choice(corpus.dialogues), rng)
            case "elsewhere":
                yield encoder.talking(rng.choice(corpus.elsewhere), rng)
