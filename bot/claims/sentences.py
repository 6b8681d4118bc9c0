"""Sentences under examination, and which parts of them speak of the person."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from bot.claims.mentions import Mention, cues
from bot.claims.words import clause_of_all

_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]?[A-Z0-9À-Þ])|\n+")
_STOPS = re.compile(
    r"[;:—–!?,]|\s-\s|\.(?=\s|$)|\b(?:but|while|so|because|then|and (?:I|this|it|here|try))\b"
)
_ASKING = re.compile(
    r"\b(?:did|do|does|have|had|has|would|are|were|shall|could|can|will|should|may)\s*$", re.IGNORECASE
)
_IF = re.compile(r"\b(?:if|when|whenever|unless|whether|should|in case|as soon as|once)\s*$", re.IGNORECASE)
_YOURS = re.compile(r"\s*,?\s*(?:is|was|being|as) (?:one of )?your (?:[\w-]+ )?favou?rites?\b", re.IGNORECASE)
PRONOUN = re.compile(r"\b(?:it|it['’]s|its|this one|this)\b", re.IGNORECASE)
"""Words that go on about what was spoken of."""
ORDINALS = re.compile(r"\bthe (first|second|third|former|latter|other)\b(?: one)?", re.IGNORECASE)
_BETWEEN = (
    "did|do|had|have|both|really|also|already|just|once|clearly|so|said|told me|mentioned|that|say|were|are|"
    "you|must|being|a|big|your|much|first|originally|only|always|recently"
)


@dataclass(slots=True)
class Sentence:
    """A sentence under examination: its mentions, and which parts speak of the person.

    `bare` is its text with other words in place of titles and quotations: "And Then There Were None" denies
    nothing.
    """

    text: str
    bare: str
    mentions: list[Mention]
    personal: list[tuple[int, int, str]] = field(default_factory=list)
    """Start and end of what the person is said to have liked, seen, disliked or wanted; which of these."""

    of_all: tuple[int, int] | None = None
    """Start and end of what the whole catalogue is said to lack."""

    def is_of_all(self, start: int) -> bool:
        """Whether what begins at `start` is part of what the catalogue lacks."""
        return self.of_all is not None and self.of_all[0] <= start < self.of_all[1]

    def is_personal(self, start: int) -> bool:
        """Whether what begins at `start` is part of what is said of the person."""
        return any(first <= start < last for first, last, _ in self.personal)


def sentences(text: str, mentions: Sequence[Mention]) -> Iterator[Sentence]:
    """The sentences of `text` with their mentions; a stop within a title or a name ends none."""
    stops = (found.start() for found in _END.finditer(text))
    ends = [at for at in stops if not any(m.start < at < m.end for m in mentions)]
    start = 0
    for end in [*ends, len(text)]:
        inside = [
            replace(m, start=m.start - start, end=m.end - start) for m in mentions if start <= m.start < end
        ]
        sentence = Sentence(text[start:end], _bare(text[start:end], inside), inside)
        sentence.personal = [*_personal(sentence), *_favourites(sentence)]
        sentence.of_all = clause_of_all(sentence.bare)
        if sentence.text.strip():
            yield sentence
        start = end


def _bare(text: str, mentions: Sequence[Mention]) -> str:
    for mention in mentions:
        if mention.kind in ("title", "quote"):
            name = "X" + "x" * (mention.end - mention.start - 1)
            text = text[: mention.start] + name + text[mention.end :]
    return text


def _personal(sentence: Sentence) -> Iterator[tuple[int, int, str]]:
    """What the person is said to have done, and of what: from behind the verb to the end of the clause."""
    covered = 0
    for found in _you().finditer(sentence.bare):
        if found.start() < covered:
            continue
        start, kind = found.end(), _kind_of(found)
        before = sentence.bare[: found.start()]
        if _ASKING.search(before) or (kind == "wanted" and _IF.search(before)):
            continue  # asks, or says what may be: claims nothing
        covered = _end_of_object(sentence, start)
        # "You loved Heat and wanted something short": one more verb of the same person.
        for more in _and_you().finditer(sentence.bare, start, covered):
            if not any(m.start < more.start() < m.end for m in sentence.mentions):
                yield start, more.start(), kind
                start, kind = more.end(), _kind_of(more)
        yield start, covered, kind


def _favourites(sentence: Sentence) -> Iterator[tuple[int, int, str]]:
    """ "Get Out is your favourite": the title before is said to be liked."""
    for found in _YOURS.finditer(sentence.bare):
        titles = [m for m in sentence.mentions if m.kind == "title" and m.end <= found.start()]
        if titles:
            yield titles[-1].start, titles[-1].end, "liked"


def _end_of_object(sentence: Sentence, start: int) -> int:
    quoted = next((m for m in sentence.mentions if m.kind == "quote" and m.start >= start), None)
    if quoted is not None and not sentence.bare[start : quoted.start].strip():
        return quoted.end
    for stop in _STOPS.finditer(sentence.bare, start):
        if not any(m.start < stop.start() < m.end for m in sentence.mentions):
            return stop.start()
    return len(sentence.bare)


def _kind_of(found: re.Match[str]) -> str:
    return next(name for name, verb in found.groupdict().items() if verb)


@cache
def _verbs() -> str:
    """What a person does, in named groups; denied verbs come first: "didn't like"."""
    parts = []
    for kind, verbs in sorted(cues()["you"].items(), key=lambda one: one[0] != "disliked"):
        listed = "|".join(
            re.escape(verb).replace("'", "['’]") for verb in sorted(verbs, key=len, reverse=True)
        )
        parts.append(f"(?P<{kind}>{listed})")
    return rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)"


@cache
def _you() -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:you|your)(?:\s*['’](?:ve|d|re))?(?:\s+(?:{_BETWEEN}))*\s*{_verbs()}", re.IGNORECASE
    )


@cache
def _and_you() -> re.Pattern[str]:
    return re.compile(rf"(?:,\s*)?\band(?:\s+(?:{_BETWEEN}))*\s+{_verbs()}", re.IGNORECASE)
