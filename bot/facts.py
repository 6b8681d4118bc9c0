"""Facts that a reply may state: each a placeholder, the words that fill it and where they come from."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from bot.layout import PLACEHOLDERS
from bot.reply import Evidence
from bot.state import DialogueState
from ranking.users import UserState
from retrieval.catalogue import Catalogue
from retrieval.filters import Constraint, matches
from retrieval.items import FieldValue, Item
from retrieval.open import Retrieval

LIKENESS = 0.3
"""Cosine of two cards, or of words and a card, from which one may be named as the reason for the other."""
MOST_NAMES = 2
USUAL = 0.4
"""A value that a larger share of the catalogue has is told only where it was asked for."""
MORE_FACTS = 0.25
"""How often a reason tells two facts of the item: five reasons are to be read at a glance."""
_MONEY = {"usd": "$", "dollar": "$", "dollars": "$", "eur": "€", "euro": "€", "gbp": "£", "cny": "¥"}
_CHOSEN = {"like", "accept", "purchase", "rating"}
"""Actions by which a person said yes to an item; a look at it is no reason to name."""
_UNFIT_FOR_REASONS = {"RATING"}


@dataclass(frozen=True, slots=True)
class Fact:
    """`name` is the placeholder, `words` what fills it."""

    name: str
    words: str
    evidence: Evidence | None = None


def value_words(value: FieldValue, unit: str | None) -> str:
    """A field's value as it is said: "crime and drama", "118 minutes", "$49"."""
    if isinstance(value, list):
        return joined([str(one) for one in value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit and unit.lower() in _MONEY and isinstance(value, int | float):
        return f"{_MONEY[unit.lower()]}{value:,.2f}".removesuffix(".00")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value} {unit}" if unit and unit.lower() != "year" else str(value)


def joined(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), *names[-1:]])


def quoted(words: str) -> str:
    return f"“{words.strip()}”"


def title_fact(item: Item, name: str = "TITLE") -> Fact:
    return Fact(name, item.title)


def field_fact(catalogue: Catalogue, item: Item, field: str) -> Fact | None:
    """The fact of a field that has a role of its own, or None when the record is silent."""
    spec = catalogue.config.fields[field]
    role, value = spec.role_of(field), item.fields.get(field)
    if role is None or role.upper() not in PLACEHOLDERS or value in (None, "", []):
        return None
    if role == "runtime" and spec.unit not in (None, "minutes"):
        return None  # pages do not run
    shown = (
        value[:MOST_NAMES] if isinstance(value, list) and role in ("cast", "author", "director") else value
    )
    shown = shown[:3] if isinstance(shown, list) else shown
    words = value_words(shown, spec.unit)
    if role in ("genre", "category", "colour", "material"):
        words = words.lower()
    return Fact(role.upper(), words, Evidence(field, value))


def item_facts(catalogue: Catalogue, item: Item) -> list[Fact]:
    facts = (field_fact(catalogue, item, field) for field in catalogue.config.fields)
    return list({fact.name: fact for fact in facts if fact}.values())


def said_yes_to(user: UserState) -> list[str]:
    """The items that the person said yes to, most liked first."""
    chosen = {event.item_id for event in user.events if event.action in _CHOSEN}
    return [item_id for item_id, _ in user.liked if item_id in chosen - user.hidden]


class Reasons:
    """What speaks for an item to this person: their wishes, what they liked, what they said they like."""

    def __init__(self, retrieval: Retrieval) -> None:
        self._catalogue = retrieval.catalogue
        self._matrix = retrieval.matrix
        self._retriever = retrieval.retriever

    def personal(self, item: Item, state: DialogueState, user: UserState, query: str) -> list[Fact]:
        """Facts about the person that hold for `item`, the most telling first."""
        by_text: dict[str, list[Constraint]] = {}
        for constraint in self._telling(state.constraints):
            by_text.setdefault(constraint.text, []).append(constraint)
        facts = [
            Fact("WISH", quoted(text), Evidence("wish", text))
            for text, constraints in by_text.items()
            if all(matches(item, constraint) for constraint in constraints)
        ][:1]
        if not facts and not state.constraints and self._is_near(item, query):
            facts = [Fact("WISH", quoted(query), Evidence("wish", query))]
        liked = self._model_for(item, [*state.models, *said_yes_to(user)])
        if liked is not None:
            facts.append(Fact("LIKED", liked.title, Evidence("liked", liked.item_id)))
        shared = [taste for taste in state.tastes if self._has(item, taste)]
        if shared:
            facts.append(Fact("TASTE", shared[-1].lower(), Evidence("taste", shared[-1])))
        return facts

    def _is_usual(self, fact: Fact) -> bool:
        """Whether most items share the value: that a film is in English is no reason for it."""
        if fact.evidence is None or not isinstance(fact.evidence.value, str):
            return False
        positions = self._catalogue.positions_of(fact.evidence.field, fact.evidence.value)
        return len(positions) > USUAL * len(self._catalogue)

    def _is_near(self, item: Item, query: str) -> bool:
        """Whether the words of `query` mean something like what the item's card says."""
        vector = self._retriever.vector_of(query) if query else None
        return (
            vector is not None
            and float(self._matrix[self._catalogue.position(item.item_id)] @ vector) >= LIKENESS
        )

    @staticmethod
    def _telling(constraints: Iterable[Constraint]) -> list[Constraint]:
        positive = [c for c in constraints if c.text and c.op not in ("ne", "not_in")]
        return positive[::-1]

    def _model_for(self, item: Item, liked: Sequence[str]) -> Item | None:
        """The liked item nearest to `item`, when it is near."""
        known = [one for one in dict.fromkeys(liked) if one in self._catalogue and one != item.item_id][:50]
        if not known:
            return None
        rows = self._matrix[self._catalogue.positions(known)]
        nearness = rows @ self._matrix[self._catalogue.position(item.item_id)]  # (liked,)
        best = int(np.argmax(nearness))
        return self._catalogue[known[best]] if nearness[best] >= LIKENESS else None

    def _has(self, item: Item, words: str) -> bool:
        lowered = words.lower().rstrip("s")
        values = (one for v in item.fields.values() for one in (v if isinstance(v, list) else [v]))
        named = re.compile(rf"\b{re.escape(lowered)}")  # "war" is not in "Edward"
        return any(isinstance(one, str) and lowered and named.search(one.lower()) for one in values)

    def chosen(self, item: Item, state: DialogueState, user: UserState, query: str, seed: Any) -> list[Fact]:
        """The facts of one recommendation: the title, one or two of the person, one of the item, rarely two.

        Fields that were asked for come first; the rest is drawn, so that not every reason is alike.
        """
        random = Random(seed)
        personal = self.personal(item, state, user, query)[:2]
        if len(personal) > 1 and random.random() < 0.4:
            personal = personal[:1]
        asked = {constraint.field for constraint in state.constraints}
        facts = [fact for fact in item_facts(self._catalogue, item) if fact.name not in _UNFIT_FOR_REASONS]
        first = [fact for fact in facts if fact.evidence and fact.evidence.field in asked]
        facts = [fact for fact in facts if fact in first or not self._is_usual(fact)]
        rest = [fact for fact in facts if fact not in first]
        random.shuffle(rest)
        wanted = 2 if len(personal) < 2 and random.random() < MORE_FACTS else 1
        return [title_fact(item), *personal, *(first[:1] + rest)[:wanted]]
