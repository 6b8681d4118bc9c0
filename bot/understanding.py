"""Reading: an utterance with its history into acts and spans, by the language model.

Prompt, model and parser are one LangChain chain. A model trained on the layout answers in it; any other
one answers in JSON held to a schema. Nothing here knows the catalogue: grounding comes after.
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.prompts import PromptTemplate

import prompts
from bot.decoding import SchemaConstraint
from bot.layout import ACTS, SLOTS, Message, neutral, render_history, render_read
from bot.model import Ask, LanguageModel
from bot.tagging import is_boundary

JSON_TOKENS = 160

INSTRUCT_READ = PromptTemplate.from_template(prompts.text("instruct_read.txt"), template_format="jinja2")
_PARTS = re.compile(r"<\|(?:act:)?([a-z]+)\|>")
_SCHEMA = {
    "type": "object",
    "properties": {
        "acts": {"type": "array", "items": {"enum": list(ACTS)}, "minItems": 1, "maxItems": 3},
        "spans": {
            "type": "array",
            "maxItems": 8,
            "items": {
                "type": "object",
                "properties": {"slot": {"enum": list(SLOTS)}, "words": {"type": "string", "maxLength": 80}},
                "required": ["slot", "words"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["acts", "spans"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Span:
    """Words of the utterance in a slot; `text[start:end]` of the utterance."""

    slot: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: at least one act, and spans in slot order."""

    acts: tuple[str, ...]
    spans: tuple[Span, ...]

    def of(self, slot: str) -> list[Span]:
        return [span for span in self.spans if span.slot == slot]


def read(model: LanguageModel, history: Sequence[Message], utterance: str) -> Reading:
    """Read one utterance.

    Raises:
        ModelTooSlow: not read within `model.config.read_seconds`.
    """
    deadline = time.monotonic() + model.config.read_seconds
    if not model.knows_layout:
        return _read_by_instruction(model, history, utterance, deadline)
    prompt, skipped = reading_prompt(model, history, utterance)
    return parse(model.invoke(prompt), utterance, skipped)


def reading_prompt(model: LanguageModel, history: Sequence[Message], utterance: str) -> tuple[str, int]:
    """The prompt that fits the model, and how many leading characters of `utterance` it leaves out.

    Words are no measure of a message without spaces or with many signs, as of Chinese or emoji: then the
    oldest history goes first, then the beginning of the message.
    """
    skipped = 0
    while True:
        prompt, more = render_read(history, utterance[skipped:])
        if model.fits(prompt, 0):
            return prompt, skipped + more
        if history:
            history = history[1:]
        else:
            skipped += 1 + (len(utterance) - skipped) // 4


def parse(answer: str, utterance: str, skipped: int = 0) -> Reading:
    """Acts and spans of an answer in the layout; a span cut off by the token limit ends at its last word."""
    text = neutral(utterance)
    acts = [found for found in re.findall(r"<\|act:([a-z]+)\|>", answer) if found in ACTS]
    spans: list[Span] = []
    pieces = _PARTS.split(re.sub(r"<\|act:[a-z]+\|>", "", answer))
    for slot, words in zip(pieces[1::2], pieces[2::2], strict=True):
        after = max((s.start + 1 for s in spans if s.slot == slot), default=skipped)
        words = words.strip()
        while (span := _locate(slot, words, text, utterance, after)) is None and " " in words:
            words = words.rpartition(" ")[0].rstrip()
        if span is not None:
            spans.append(span)
    return Reading(tuple(acts) or ("other",), tuple(spans))


def _locate(slot: str, words: str, text: str, original: str, after: int) -> Span | None:
    """The first place from `after` on where `words` stand as whole words."""
    if not words or slot not in SLOTS:
        return None
    start = text.find(words, after)
    while start >= 0:
        end = start + len(words)
        if is_boundary(text, start) and is_boundary(text, end):
            return Span(slot, original[start:end], start, end)
        start = text.find(words, start + 1)
    return None


def _read_by_instruction(
    model: LanguageModel, history: Sequence[Message], utterance: str, deadline: float
) -> Reading:
    prompt = INSTRUCT_READ.format(history=render_history(history), utterance=neutral(utterance)[-1500:])

    def constraint(asked: LanguageModel) -> SchemaConstraint:
        return SchemaConstraint(asked.tokenizer, _SCHEMA, asked.vocabulary)

    answer = model.invoke(prompt, ask=Ask(JSON_TOKENS, [constraint], deadline=deadline))
    try:
        read_out = json.loads(answer)
    except json.JSONDecodeError:  # cut off by the token limit: the acts stand first and are whole
        acts = re.findall(r'"([a-z]+)"', answer.split('"spans"')[0].partition("[")[2])
        return Reading(tuple(act for act in acts if act in ACTS) or ("other",), ())
    text = neutral(utterance)
    spans = [_locate(span["slot"], span["words"].strip(), text, utterance, 0) for span in read_out["spans"]]
    found = sorted((span for span in spans if span), key=lambda span: (SLOTS.index(span.slot), span.start))
    return Reading(tuple(dict.fromkeys(read_out["acts"])), tuple(found))
