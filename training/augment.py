"""Variations of a labelled turn: other values of the same kind in its spans, and how people type."""

import random
import re
from functools import cache

from training import patterns
from training.sources import LabelledTurn, films

Span = tuple[str, int, int]


@cache
def _kinds() -> dict[str, str]:
    """Lower-cased value to the name of its kind."""
    kinds: dict[str, str] = {}
    for film in films():
        kinds[film.title.lower()] = "title"
        kinds.update({person.lower(): "person" for person in film.cast + film.directors})
    for kind, values in (
        ("mood", patterns.MOODS),
        ("language", patterns.LANGUAGES),
        ("colour", patterns.COLOURS),
        ("material", patterns.MATERIALS),
        ("genre", patterns.GENRES),
    ):
        kinds.update({value.lower(): kind for value in values})
    return kinds


def vary(turn: LabelledTurn, rng: random.Random) -> LabelledTurn:
    """`turn` with values swapped and typed differently; its acts stay."""
    text, spans = turn.text, list(turn.spans or ())
    if rng.random() < 0.6:
        text, spans = _swap_values(text, spans, rng)
    if rng.random() < 0.25:
        text = text.lower() if len(text.lower()) == len(text) else text
    if rng.random() < 0.12:
        text = _typo(text, rng)
    if rng.random() < 0.2 and text[-1:] in ".?!" and all(end < len(text) for _, _, end in spans):
        text = text[:-1]
    history = turn.history[-1:] if rng.random() < 0.1 else turn.history
    return LabelledTurn(history, text, turn.acts, None if turn.spans is None else tuple(spans))


def _swap_values(text: str, spans: list[Span], rng: random.Random) -> tuple[str, list[Span]]:
    for index in range(len(spans)):
        slot, start, end = spans[index]
        if slot == "need":
            continue
        words = text[start:end]
        kind = _kinds().get(words.lower())
        if kind:
            new = patterns.choose(kind, "film", rng)
            new = new.lower() if words.islower() else new
        else:
            new = re.sub(r"\d+", lambda match: _other_number(match.group(), rng), words)
        text, spans = _replace(text, spans, start, end, new)
    return text, spans


def _replace(text: str, spans: list[Span], start: int, end: int, new: str) -> tuple[str, list[Span]]:
    """Put `new` at start:end; spans around it grow, later ones move. Nothing is done that would cut one."""
    if any(a < start < b < end or start < a < end < b for _, a, b in spans):
        return text, spans
    grown = len(new) - (end - start)
    moved = [(slot, a + (grown if a >= end else 0), b + (grown if b >= end else 0)) for slot, a, b in spans]
    return text[:start] + new + text[end:], moved


def _other_number(digits: str, rng: random.Random) -> str:
    number = int(digits)
    if 1900 <= number <= 2030:
        return str(rng.randint(1935, 2024))
    if len(digits) == 2 and number % 10 == 0:
        return str(rng.choice(range(20, 100, 10)))
    return str(max(2, round(number * rng.uniform(0.5, 1.8)))) if 2 <= number < 10_000 else digits


def _typo(text: str, rng: random.Random) -> str:
    """Two neighbouring letters of one word swapped; positions stay."""
    words = list(re.finditer(r"[A-Za-z]{4,}", text))
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randint(word.start() + 1, word.end() - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
