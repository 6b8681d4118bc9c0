"""Reading: an utterance with its history into acts and spans, by the language model.

Prompt, model and parser are one LangChain chain. A model trained on the layout answers in it; any other
one answers in JSON, which is taken apart with care. Nothing here knows the catalogue: grounding comes after.
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import ModelError
from bot.instructing import JSON_TOKENS, SCHEMA, as_data, instruct_read
from bot.layout import ACTS, SLOTS, Message, neutral, render_read
from bot.model import Ask, Model
from bot.tagging import is_boundary

MOST_ACTS, MOST_SPANS, MOST_WORDS, MOST_ANSWERED = 3, 8, 80, 20_000
"""What is taken of an answer in JSON: acts, spans, characters of a span; so many characters are looked at."""
_PARTS = re.compile(r"<\|(?:act:)?([a-z]+)\|>")


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


def read(model: Model, history: Sequence[Message], utterance: str) -> Reading:
    """Read one utterance.

    Raises:
        ModelTooSlow: not read within `model.config.read_seconds`.
        ModelError: the model cannot answer, or did not answer in JSON where it should.
    """
    deadline = time.monotonic() + model.config.read_seconds
    prompt, skipped = reading_prompt(model, history, utterance)
    if model.knows_layout:
        return parse(model.invoke(prompt), utterance, skipped)
    answer = model.invoke(prompt, ask=Ask(JSON_TOKENS, schema=SCHEMA, deadline=deadline))
    try:
        return parse_json(answer, utterance, skipped)
    except ValueError as error:
        raise ModelError(f"{model.name}: {error}; another model may do better") from error


def reading_prompt(model: Model, history: Sequence[Message], utterance: str) -> tuple[str, int]:
    """The prompt that fits the model, and how many leading characters of `utterance` it leaves out.

    Words are no measure of a message without spaces or with many signs, as of Chinese or emoji: then the
    oldest history goes first, then the beginning of the message. A model that holds not even an empty
    message gets that, and will refuse it.
    """
    render, room = (render_read, 0) if model.knows_layout else (instruct_read, JSON_TOKENS)
    skipped = 0
    while True:
        prompt, more = render(history, utterance[skipped:])
        if model.fits(prompt, room) or (skipped >= len(utterance) and not history):
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


def parse_json(answer: str, utterance: str, skipped: int = 0) -> Reading:
    """Acts and spans of an answer in JSON, whatever stands around it; what is no act or span is left out.

    Of an answer that is cut off, the acts. Raises ValueError when there are none to be seen.
    """
    answer = answer[:MOST_ANSWERED]
    found = _first_object(answer)
    if found is None:
        begun = re.search(r'"acts"\s*:\s*\[([^\]]*)', answer)
        if begun is None:
            raise ValueError("the answer is not the JSON that was asked for")
        found = {"acts": re.findall(r'"([a-z]+)"', begun[1])}
    said = _list(found, "acts")
    acts = [act for act in ACTS if act in said]
    text = as_data(utterance)
    located = [_located(one, text, utterance, skipped) for one in _list(found, "spans")[:MOST_SPANS]]
    spans = sorted({span for span in located if span}, key=lambda span: (SLOTS.index(span.slot), span.start))
    return Reading(tuple(acts[:MOST_ACTS]) or ("other",), tuple(spans))


def _first_object(answer: str) -> dict[str, Any] | None:
    """The first JSON object with acts in it."""
    decoder = json.JSONDecoder()
    for brace in re.finditer(r"\{", answer):
        try:
            found, _ = decoder.raw_decode(answer, brace.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and "acts" in found:
            return found
    return None


def _list(found: dict[str, Any], key: str) -> list[Any]:
    listed = found.get(key)
    return listed if isinstance(listed, list) else []


def _located(one: Any, text: str, original: str, after: int) -> Span | None:
    slot, words = (one.get("slot"), one.get("words")) if isinstance(one, dict) else (None, None)
    if not isinstance(slot, str) or not isinstance(words, str):
        return None
    return _locate(slot, as_data(words[:MOST_WORDS]).strip(), text, original, after)
