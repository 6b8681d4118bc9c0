"""Recommended items as they are shown: what they are, which wishes they meet, why, and what to say to them.

Knows items and stored recommendations (the shape of a turn's log, which `asdict` of a fresh one has too);
nothing of who looks at them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.facts import value_words
from retrieval.catalogue import Catalogue
from retrieval.filters import NEGATED, Constraint, matches
from retrieval.items import FieldValue, Item, Role
from storage.errors import ParleyError
from ui.covers import cover_svg
from ui.words import clipped, escape

ACTIONS = {"like": "Like", "dislike": "Dislike", "seen": "Seen"}
DONE = {"like": "You like it", "dislike": "You dislike it", "seen": "You know it"}
OPPOSITE = {"like": "dislike", "dislike": "like"}
SIGNS = {"like": "♥", "dislike": "✕", "seen": "✓"}

FAMILIES = {
    "semantic": "Meaning of your words",
    "lexical": "Words in common",
    "mf": "Your taste",
    "popularity": "Popularity",
}
"""The families of scores and what they are called."""

EVIDENCE = {
    "wish": "You asked for",
    "liked": "You liked",
    "taste": "You said you like",
    "retracted": "You took back",
    "similar_to": "Close to",
}
HEADLINE: tuple[Role, ...] = ("price", "year")
KIND: tuple[Role, ...] = ("genre", "category")
MOST_DETAILS, MOST_CHIPS, LONGEST_VALUE = 3, 4, 220


@dataclass(frozen=True, slots=True)
class Card:
    """One recommended item. `counted` holds each family's share of the strongest in its list, 0 to 1."""

    item_id: str
    title: str
    headline: str = ""
    details: str = ""
    kind: str = ""
    meets: tuple[str, ...] = ()
    reason: str = ""
    why: tuple[tuple[str, str], ...] = ()
    counted: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a person said to one card by button: their actions, and whether the item is hidden for good."""

    actions: frozenset[str] = frozenset()
    hidden: bool = False


def cards_of(
    listed: Sequence[Mapping[str, Any]], wishes: Iterable[Mapping[str, Any]], catalogue: Catalogue
) -> tuple[Card, ...]:
    """The cards of one list of recommendations, given the constraints that its message spoke."""
    constraints = [Constraint(**wish) for wish in wishes]
    strongest = {
        family: max((one.get("scores", {}).get(family, 0.0) for one in listed), default=0.0)
        for family in FAMILIES
    }
    return tuple(_card(one, constraints, strongest, catalogue) for one in listed)


def card_html(card: Card, said: Reaction, *, writing: bool = False) -> str:
    """One card; while the answer is being written its buttons rest and a line stands for the reason."""
    reason = f'<p class="reason" dir="auto">{escape(card.reason)}</p>' if card.reason else ""
    if writing and not reason:
        reason = '<p class="reason waiting" aria-hidden="true"><span></span><span></span></p>'
    headline = f' <span class="headline">{escape(card.headline)}</span>' if card.headline else ""
    details = f'<p class="details" dir="auto">{escape(card.details)}</p>' if card.details else ""
    why = "" if writing else _why(card)
    return (
        f'<li class="card{" hidden-item" if said.hidden else ""}" data-item="{escape(card.item_id)}">'
        f"{cover_svg(card.item_id, card.kind, card.title)}"
        f'<div class="about"><h3 dir="auto"><bdi class="title">{escape(card.title)}</bdi>{headline}</h3>'
        f"{details}{_chips(card)}{reason}</div>"
        f'<div class="answers">{actions_html(card.title, said, resting=writing)}'
        f"{why}{more_html(card.title, said, resting=writing)}</div></li>"
    )


def actions_html(title: str, said: Reaction, *, resting: bool = False) -> str:
    """What may be said to an item, and what has been."""
    buttons = "".join(
        f'<button type="button" class="react" data-do="react" data-action="{action}"{_rest(resting)} '
        f'aria-pressed="{str(action in said.actions).lower()}" aria-label="{escape(f"{word}: {title}")}">'
        f'<span aria-hidden="true">{SIGNS[action]}</span> {word}</button>'
        for action, word in ACTIONS.items()
    )
    label = escape(f"Your word on {title}")
    return f'<div class="actions" role="group" aria-label="{label}">{buttons}{_noted(title, said)}</div>'


def more_html(title: str, said: Reaction, *, resting: bool = False) -> str:
    """What else may be done with an item."""
    shown = ("unhide", "Show it again") if said.hidden else ("hide", "Don’t show again")
    buttons = "".join(
        f'<button type="button" class="quiet" data-do="{does}"{_rest(resting)} '
        f'aria-label="{escape(f"{word}: {title}")}">{word}</button>'
        for does, word in (("more", "More like this"), shown)
    )
    return f'<div class="more">{buttons}</div>'


def _rest(resting: bool) -> str:
    return " disabled" if resting else ""


def headline_of(item: Item, catalogue: Catalogue) -> str:
    """The year or the price."""
    config = catalogue.config
    for role in HEADLINE:
        name = config.field_with_role(role)
        if name is not None and item.fields.get(name) is not None:
            return value_words(item.fields[name], config.fields[name].unit)
    return ""


def kind_of(item: Item, catalogue: Catalogue) -> str:
    """The first genre, or the category."""
    for role in KIND:
        value = item.fields.get(catalogue.config.field_with_role(role) or "")
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str) and first:
            return first
    return ""


def details_of(item: Item, catalogue: Catalogue) -> str:
    """The short facts under a title: the first fields with a value that the headline has not said."""
    config = catalogue.config
    said = [config.field_with_role(role) for role in HEADLINE]
    facts = (
        _fact(name, item.fields.get(name), spec.unit)
        for name, spec in config.fields.items()
        if name not in said and spec.type not in ("text", "date")
    )
    return " · ".join([fact for fact in facts if fact][:MOST_DETAILS])


def _card(
    one: Mapping[str, Any],
    constraints: Sequence[Constraint],
    strongest: Mapping[str, float],
    catalogue: Catalogue,
) -> Card:
    item = catalogue.get(one["item_id"])
    if item is None:  # it has left the catalogue since
        return Card(one["item_id"], one["title"], reason=one["explanation"])
    scores = one.get("scores", {})
    counted = tuple(
        (word, max(0.0, scores.get(family, 0.0)) / strongest[family] if strongest[family] > 0 else 0.0)
        for family, word in FAMILIES.items()
    )
    return Card(
        item.item_id,
        item.title,
        headline_of(item, catalogue),
        details_of(item, catalogue),
        kind_of(item, catalogue),
        _met(item, one["evidence"], constraints, catalogue),
        one["explanation"],
        tuple(_evidence_words(evidence, catalogue) for evidence in one["evidence"]),
        counted if scores else (),
    )


def _fact(name: str, value: FieldValue | None, unit: str | None) -> str:
    """A field in a few words; a yes or no is said with the field's name."""
    if value is None or value == [] or value == "":
        return ""
    if isinstance(value, bool):
        words = name.replace("_", " ")
        return words if value else f"not {words}"
    return ", ".join(map(str, value[:2])) if isinstance(value, list) else value_words(value, unit)


def _met(
    item: Item, evidence: Iterable[Mapping[str, Any]], constraints: Iterable[Constraint], catalogue: Catalogue
) -> tuple[str, ...]:
    """The wishes that the item meets, each once, in the person's words."""
    words = list(_met_words(item, evidence, constraints, catalogue))
    by_fold = {word.casefold(): word for word in reversed(words) if word}
    folds = [
        fold for fold in by_fold if not any(fold in other for other in by_fold if len(other) > len(fold))
    ]
    return tuple(by_fold[fold] for fold in reversed(folds))[:MOST_CHIPS]


def _met_words(
    item: Item, evidence: Iterable[Mapping[str, Any]], constraints: Iterable[Constraint], catalogue: Catalogue
) -> Iterator[str]:
    for one in evidence:
        values = one["value"] if isinstance(one["value"], list) else [one["value"]]
        if one["field"] in ("wish", "taste"):
            yield from (str(value).strip("“” ") for value in values)
        elif one["field"] == "liked":
            yield from (f"like {_title(value, catalogue)}" for value in values)
    for constraint in constraints:
        with suppress(ParleyError):  # a field of another catalogue than today's
            if matches(item, constraint):
                yield _wish_words(constraint)


def _wish_words(constraint: Constraint) -> str:
    """A wish as it was said; a denial by what it denies, as its words may hold the denial or not."""
    if constraint.op not in NEGATED:
        return constraint.text or str(constraint.value)
    denied = constraint.value if isinstance(constraint.value, list | tuple) else [constraint.value]
    return f"not {' or '.join(map(str, denied))}"


def _evidence_words(evidence: Mapping[str, Any], catalogue: Catalogue) -> tuple[str, str]:
    """What a piece of evidence is, and its value in words."""
    name, value = evidence["field"], evidence["value"]
    label = EVIDENCE.get(name, str(name).replace("_", " ").capitalize())
    if name in ("liked", "similar_to"):
        return label, _title(value, catalogue)
    spec = catalogue.config.fields.get(name)
    words = value_words(value, spec.unit if spec else None)
    return label, clipped(words, LONGEST_VALUE)


def _title(item_id: object, catalogue: Catalogue) -> str:
    item = catalogue.get(str(item_id))
    return item.title if item is not None else str(item_id)


def _chips(card: Card) -> str:
    if not card.meets:
        return ""
    chips = "".join(
        f'<li dir="auto"><span aria-hidden="true">✓</span> {escape(clipped(word, 60))}</li>'
        for word in card.meets
    )
    return f'<ul class="meets" aria-label="Meets your wishes">{chips}</ul>'


def _noted(title: str, said: Reaction) -> str:
    """What is on record, announced when it comes to stand there."""
    words = [DONE[action] for action in ACTIONS if action in said.actions]
    if said.hidden:
        words.append("You will not see it again")
    last = next((action for action in ACTIONS if action in said.actions), None)
    undo = (
        f'<button type="button" class="quiet" data-do="undo" data-action="{last}" '
        f'aria-label="{escape(f"Undo: {title}")}">Undo</button>'
        if last
        else ""
    )
    shown = f'<span class="done">{" · ".join(words)}.</span>' if words else ""
    return f'<span class="noted" role="status">{shown}</span>{undo}'


def _why(card: Card) -> str:
    if not card.why and not card.counted:
        return ""
    rows = "".join(
        f'<div><dt>{escape(label)}</dt><dd dir="auto">{escape(value)}</dd></div>' for label, value in card.why
    )
    return (
        f'<details class="why"><summary>Why?<span class="unseen"> {escape(card.title)}</span></summary>'
        f'<div class="evidence"><dl>{rows}</dl>{_bars(card)}</div></details>'
    )


def _bars(card: Card) -> str:
    if not card.counted:
        return ""
    rows = "".join(
        f'<li><span>{word}</span><span class="bar" aria-hidden="true">'
        f'<i style="width:{share:.0%}"></i></span>'
        f"<span>{f'{share:.0%}' if share else 'not counted'}</span></li>"
        for word, share in card.counted
    )
    heading = "What counted, each against the strongest of this list"
    return f'<p class="counted">{heading}</p><ul class="bars">{rows}</ul>'
