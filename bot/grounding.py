"""Grounding: the spans that were read become an Intent of typed values and item ids.

The model says which words play which part; here those words meet the catalogue.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from bot.intent import Act, Inquiry, Intent, Mention
from bot.quantities import Quantity, parse_number, parse_quantity
from bot.references import SURE, UNIT_ROLES, References, is_pointing
from bot.understanding import Reading, Span
from bot.values import ValueIndex
from retrieval.catalogue import Catalogue
from retrieval.filters import Constraint, Op
from retrieval.open import Retrieval
from retrieval.titles import PEOPLE

_NEGATE_OP: dict[Op, Op] = {"eq": "ne", "in": "not_in", "lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"}
_UNITS = {"price": "dollars", "runtime": "minutes", "rating": "stars"}
_DENIED = re.compile(
    r"(?:\b(?:not|no|nothing|without|except|avoid|(?:any|every|all)\w*(?:\s+\w+)?\s+but)\b|n['’]t\b)"
    r"(?:\s+(?:more|too|so|any|with|very|an?|another|want|for))*\s*$",
    re.IGNORECASE,
)
"""Stands before words that are denied: the negation's scope is what follows at once."""
_KINDS_OF_THINGS = {"genre", "category", "language", "colour", "material", "cuisine"}
_NEGATION = re.compile(r"\b(?:not|no|nothing|never|without)\b|n['’]t\b", re.IGNORECASE)
MOST_ITEMS = 20
LONGEST_RANGE = 100
_QUARTER = {1: 0.75, -1: 0.25}


class Grounder:
    """Turns readings into intents, for one catalogue."""

    def __init__(self, retrieval: Retrieval) -> None:
        self.catalogue: Catalogue = retrieval.catalogue
        self.values = ValueIndex(retrieval.catalogue, retrieval.encoder)
        self.titles = retrieval.titles
        self._references = References(retrieval.catalogue, retrieval.titles, self.values)

    def ground(
        self,
        reading: Reading,
        utterance: str,
        *,
        shown: Sequence[str] = (),
        focus: Sequence[str] = (),
        asked: str | None = None,
        now: datetime,
        locale: str | None = None,
    ) -> Intent:
        """The intent of `utterance`.

        `shown` is the list last shown, in order; `focus` the items spoken of last; `asked` the field that
        the assistant's question was about, which a bare number or "the first" then answers.
        """
        reading = self._whole_titles(reading, utterance)
        pointed = {
            (span.start, span.end): self._references.resolve(span.text, shown, focus, now)
            for span in reading.of("ref")
        }
        references = [item for items in pointed.values() for item in items]
        denied = [i for (start, _), items in pointed.items() if _is_denied(utterance, start) for i in items]
        unresolved = [utterance[start:end] for (start, end), items in pointed.items() if not items]
        if not references and {"inquire", "accept", "reject", "seen"} & set(reading.acts):
            references = self._implied(reading, shown, focus)
        anchors = references or list(shown)
        constraints = [
            constraint
            for slot in ("want", "avoid")
            for span in _undisputed(reading, slot)
            for constraint in self._constraints(span, utterance, anchors, asked, now)
        ]
        constraints = [_with_denial(constraint, utterance) for constraint in constraints]
        constraints += self._named_in_needs(reading, utterance, constraints)
        constraints += self._disliked_kinds(reading, pointed)
        needs = _outermost(reading.of("need")) or reading.of("want")
        counts = [parse_number(span.text) for span in reading.of("count")]
        return Intent(
            acts=_acts(reading, references, denied),
            query=" ".join(span.text for span in needs),
            likes=self._mentions(reading, "like", pointed),
            dislikes=self._mentions(reading, "dislike", pointed),
            seen=self._mentions(reading, "seen", pointed),
            constraints=tuple(_merged(constraints, utterance, self.catalogue)),
            retracts=tuple(span.text for span in reading.of("retract")),
            references=tuple(dict.fromkeys(references)),
            count=next((int(number) for number in counts if number and 1 <= number <= MOST_ITEMS), None),
            language=language_of(utterance, locale),
            inquiries=tuple(_inquiries(reading)),
            denied=tuple(dict.fromkeys(denied)),
            unresolved=tuple(unresolved),
        )

    def _whole_titles(self, reading: Reading, utterance: str) -> Reading:
        """The reading with spans that cut a title widened to it; a number within one counts nothing."""
        titles = self.titles.mentions(utterance)
        spans: list[Span] = []
        for span in reading.spans:
            around = next((one for one in titles if one.start <= span.start and span.end <= one.end), None)
            if around is not None and span.slot == "count":
                continue
            if around is not None and span.slot in ("like", "dislike", "seen", "ref"):
                span = Span(span.slot, utterance[around.start : around.end], around.start, around.end)
            if span not in spans:
                spans.append(span)
        return replace(reading, spans=tuple(spans))

    def _implied(self, reading: Reading, shown: Sequence[str], focus: Sequence[str]) -> list[str]:
        """What "seen it" or "sounds good" is about when no word points: what was spoken of, if it is one."""
        if any(reading.of(slot) for slot in ("ref", "like", "dislike", "seen")):
            return []
        if reading.of("compare"):
            return list(shown[:2])
        if {"chat", "accept"} <= set(reading.acts):
            return []  # "thanks, that helps" takes nothing
        if len(focus) == 1:
            return list(focus)
        # "none for me" turns a whole list down; that one was seen or liked does not say which.
        all_meant = "reject" in reading.acts and not {"inquire", "accept"} & set(reading.acts)
        return list(shown) if len(shown) == 1 or all_meant else []

    def _mentions(
        self, reading: Reading, slot: str, pointed: Mapping[tuple[int, int], Sequence[str]]
    ) -> tuple[Mention, ...]:
        """What the spans of `slot` name: of "I love the first one", the item that it points at."""
        mentions: list[Mention] = []
        for span in reading.of(slot):
            items = [
                i
                for (start, end), found in pointed.items()
                if start < span.end and span.start < end
                for i in found
            ]
            mentions += [Mention(span.text, item) for item in items] or [self._mention(span)]
        return tuple(mentions)

    def _mention(self, span: Span) -> Mention:
        # "it" is the film of that name only where it is quoted.
        for item_id, score in [] if is_pointing(span.text) else self.titles.resolve(span.text)[:1]:
            if score >= SURE:
                return Mention(span.text, item_id)
        for match in self.values.find(span.text)[:1]:
            return Mention(span.text, None, match.field)
        return Mention(span.text)

    def _constraints(
        self, span: Span, utterance: str, anchors: Sequence[str], asked: str | None, now: datetime
    ) -> list[Constraint]:
        negative = span.slot == "avoid" or _is_denied(utterance, span.start)
        quantity = parse_quantity(span.text, now)
        field = self._field_of(quantity, span.text, asked) if quantity is not None else None
        if quantity is not None and field is not None:
            bounds = _bounds(field, self._in_unit_of(field, quantity, span.text, now), span.text)
            return self._outside(bounds) if negative and not _NEGATION.search(span.text) else bounds
        matches = self.values.named(span.text, utterance[: span.start], asked)
        # Named values first: "new zealand" is no wish for something new, "a new comedy" is one.
        rest = span.text
        for match in matches:
            rest = rest.replace(match.words, " ")
        degree = self.values.degree(rest)
        bound = [] if degree is None else self._by_degree(span, *degree, anchors, negative=negative)
        flags = self._flags(span.text)
        if not (matches or degree or flags):
            matches = self.values.meant(span.text)
        found = [_negated(flag) if negative else flag for flag in flags]
        for match in matches:
            chosen = _chosen(match.field, match.values, span.text)
            # "Any colour but pink" denies within the span.
            at = span.start + max(0, span.text.find(match.words))
            found.append(_negated(chosen) if negative or _is_denied(utterance, at) else chosen)
        return [*found, *bound]

    def _named_in_needs(
        self, reading: Reading, utterance: str, known: Sequence[Constraint]
    ) -> list[Constraint]:
        """Kinds and people that a need calls by name, where no wish was read of their field."""
        taken = {constraint.field for constraint in known}
        elsewhere = [span for slot in ("like", "dislike", "seen") for span in reading.of(slot)]
        found: list[Constraint] = []
        for span in reading.of("need"):
            if any(span.start < other.end and other.start < span.end for other in elsewhere):
                continue
            for match in self.values.named(span.text):
                role = self.catalogue.config.role_of(match.field)
                full_name = role in PEOPLE and " " in match.words  # "More scary books by Stephen King"
                if (role in _KINDS_OF_THINGS or full_name) and match.field not in taken:
                    before = utterance[: span.start] + span.text.partition(match.words)[0]
                    chosen = _chosen(match.field, match.values, match.words)
                    found.append(_negated(chosen) if _is_denied(before, len(before)) else chosen)
        return found

    def _disliked_kinds(
        self, reading: Reading, pointed: Mapping[tuple[int, int], Sequence[str]]
    ) -> list[Constraint]:
        """ "I can't stand musicals": no musicals, then."""
        return [
            _negated(_chosen(match.field, match.values, span.text))
            for span in reading.of("dislike")
            if (span.start, span.end) not in pointed and self._mention(span).item_id is None
            for match in self.values.named(span.text)
            if self.catalogue.config.role_of(match.field) in _KINDS_OF_THINGS
        ]

    def _in_unit_of(self, field: str, quantity: Quantity, words: str, now: datetime) -> Quantity:
        """A number without a unit, read again in the field's own: "50" is a budget, of a price."""
        unit = _UNITS.get(self.catalogue.config.role_of(field) or "") if quantity.unit is None else None
        return parse_quantity(f"{words} {unit}", now) or quantity if unit else quantity

    def _outside(self, bounds: Sequence[Constraint]) -> list[Constraint]:
        """What to "avoid": one bound turned round, or all whole numbers of a closed range."""
        if len(bounds) == 1:
            return [_negated(bounds[0])]
        low, high = (float(str(bound.value)) for bound in bounds)
        if high - low > LONGEST_RANGE or self.catalogue.config.fields[bounds[0].field].type != "int":
            return []
        return [Constraint(bounds[0].field, "not_in", tuple(range(int(low), int(high) + 1)), bounds[0].text)]

    def _field_of(self, quantity: Quantity, words: str, asked: str | None) -> str | None:
        config = self.catalogue.config
        if quantity.unit is not None:
            by_unit = config.field_with_role(UNIT_ROLES[quantity.unit])
            if by_unit is not None or quantity.unit != "year":
                return by_unit
        numeric = [
            name for name, spec in config.fields.items() if spec.type in ("int", "float") and spec.filter
        ]
        named = self.values.field_named(words)
        if named in numeric:
            return named
        if asked in numeric:
            return asked
        if quantity.unit is not None:
            return None
        return config.field_with_role("price") or config.field_with_role("runtime")

    def _by_degree(
        self, span: Span, field: str, sign: int, word: str, anchors: Sequence[str], *, negative: bool
    ) -> list[Constraint]:
        """ "cheaper" is below what was shown; "cheap" is the lower quarter of the catalogue.

        "not too long" is shorter than what was shown, or anything but the longest quarter.
        """
        negated = negative or _NEGATION.search(span.text) is not None
        relative = negated or re.search(r"(?:er|less|more)$|^(?:less|more)\b", word) is not None
        values = [self.catalogue[item].fields.get(field) for item in anchors if item in self.catalogue]
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        if relative and numbers:
            sign = -sign if negated else sign
            bound = float(np.median(numbers)) if len(numbers) > 1 else numbers[0]
            return [Constraint(field, "gt" if sign > 0 else "lt", bound, span.text)]
        known = self.catalogue.numbers(field)
        known = known[~np.isnan(known)]
        if not known.size:
            return []
        bound = round(float(np.quantile(known, _QUARTER[sign])), 2)
        constraint = Constraint(field, "gte" if sign > 0 else "lte", bound, span.text)
        return [_negated(constraint) if negated else constraint]

    def _flags(self, words: str) -> list[Constraint]:
        """Yes-or-no fields by name: "in stock"."""
        field = self.values.field_named(words)
        if field is not None and self.catalogue.config.fields[field].type == "bool":
            return [Constraint(field, "eq", True, words)]
        return []


def _is_denied(utterance: str, start: int) -> bool:
    """Whether what begins at `start` is denied; "why not a comedy?" asks for one."""
    before = utterance[:start]
    return _DENIED.search(before) is not None and not re.search(r"\bwhy not\b\W*(?:an?\W*)?$", before, re.I)


def _with_denial(constraint: Constraint, utterance: str) -> Constraint:
    """The constraint with the words that deny it: "nothing too long" is the wish, not "too long"."""
    start = utterance.find(constraint.text)
    denial = _DENIED.search(utterance[:start]) if start > 0 and _is_denied(utterance, start) else None
    if denial is None:
        return constraint
    return replace(constraint, text=utterance[denial.start() : start + len(constraint.text)].strip())


def _acts(reading: Reading, references: Sequence[str], denied: Sequence[str]) -> tuple[Act, ...]:
    """The acts that were read; taking only what is denied ("not the second one") is turning it down."""
    refused = bool(denied) and set(references) <= set(denied) and "reject" not in reading.acts
    acts = ("reject" if refused and act == "accept" else act for act in reading.acts)
    return tuple(acts)  # type: ignore[arg-type]  # the reader writes no others


def _chosen(field: str, values: Sequence[str], words: str) -> Constraint:
    if len(values) == 1:
        return Constraint(field, "eq", values[0], words)
    return Constraint(field, "in", tuple(values), words)


def _negated(constraint: Constraint) -> Constraint:
    op = _NEGATE_OP.get(constraint.op, "ne")
    return Constraint(constraint.field, op, constraint.value, constraint.text)


def _bounds(field: str, quantity: Quantity, words: str) -> list[Constraint]:
    low, high = _whole(quantity.low), _whole(quantity.high)
    if low is not None and low == high:
        return [Constraint(field, "eq", low, words)]
    bounds = []
    if low is not None:
        bounds.append(Constraint(field, "gt" if quantity.strict else "gte", low, words))
    if high is not None:
        bounds.append(Constraint(field, "lt" if quantity.strict else "lte", high, words))
    return bounds


def _whole(number: float | None) -> float | None:
    """1995 for 1995.0: a year is compared with dates as it is written."""
    return int(number) if number is not None and float(number).is_integer() else number


def _merged(constraints: Sequence[Constraint], utterance: str, catalogue: Catalogue) -> list[Constraint]:
    """Constraints once each; "thriller or horror" is one choice, not two demands.

    Two values of a field that holds one only, as red and blue, are a choice however they were said.
    """
    merged: list[Constraint] = []
    for constraint in {(c.field, c.op, c.value): c for c in constraints}.values():
        for i, earlier in enumerate(merged):
            both = constraint.op in ("eq", "in") and earlier.op in ("eq", "in")
            if not both or constraint.field != earlier.field or not _is_choice(
                earlier, constraint, utterance, catalogue
            ):  # fmt: skip
                continue
            same = earlier.text == constraint.text
            texts = earlier.text if same else f"{earlier.text} or {constraint.text}"
            values = tuple(dict.fromkeys((*_values(earlier), *_values(constraint))))
            merged[i] = Constraint(earlier.field, "in", values, texts)
            break
        else:
            merged.append(constraint)
    return merged


def _is_choice(earlier: Constraint, later: Constraint, utterance: str, catalogue: Catalogue) -> bool:
    if not all(isinstance(value, str) for value in (*_values(earlier), *_values(later))):
        return False
    if catalogue.config.fields[later.field].type == "category":
        return True
    if earlier.text == later.text:  # both in one span: "horror or comedy"
        return re.search(r"\bor\b|/", later.text, re.IGNORECASE) is not None
    last = earlier.text.split(" or ")[-1]
    between = rf"{re.escape(last)}\s*(?:\bor\b|/|,)\s*(?:or )?(?:an? |some )?{re.escape(later.text)}"
    return re.search(between, utterance, re.IGNORECASE) is not None


def _values(constraint: Constraint) -> tuple[str | int | float | bool, ...]:
    value = constraint.value
    return (value,) if isinstance(value, str | int | float | bool) else tuple(value)


def _undisputed(reading: Reading, slot: str) -> list[Span]:
    """The spans of `slot`; what is wanted is not also avoided."""
    wanted = reading.of("want") if slot == "avoid" else []
    return [s for s in reading.of(slot) if not any(s.start < w.end and w.start < s.end for w in wanted)]


def _outermost(spans: Sequence[Span]) -> list[Span]:
    return [s for s in spans if not any(o is not s and o.start <= s.start and s.end <= o.end for o in spans)]


def _inquiries(reading: Reading) -> list[Inquiry]:
    inquiries = [Inquiry("why", span.text) for span in reading.of("why")]
    inquiries += [Inquiry("compare", span.text) for span in reading.of("compare")]
    asks = reading.of("ask")
    if asks:
        # "is" ... "scary": the parts of one question, around what it is about
        inquiries.append(Inquiry("ask", " ".join(span.text for span in asks)))
    return inquiries


_SCRIPTS = (
    ("HIRAGANA", "ja"), ("KATAKANA", "ja"), ("HANGUL", "ko"), ("CJK", "zh"), ("CYRILLIC", "ru"),
    ("ARABIC", "ar"), ("HEBREW", "he"), ("GREEK", "el"), ("DEVANAGARI", "hi"), ("THAI", "th"),
)  # fmt: skip


def language_of(text: str, locale: str | None = None) -> str:
    """A BCP 47 tag by the script of `text`; Latin letters take the context's locale, else "en"."""
    names = [unicodedata.name(letter, "") for letter in text if letter.isalpha()]
    for script, tag in _SCRIPTS:
        if sum(name.startswith(script) for name in names) * 2 > len(names) > 0:
            return tag
    return locale.replace("_", "-") if locale else "en"
