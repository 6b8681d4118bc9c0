"""Values and numbers: whether what a text says of an item stands in its record."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import yaml

import prompts
from bot.claims.mentions import PEOPLE, Mention, cues
from bot.claims.numbers import agrees, bound_of, numbers_of
from bot.claims.record import Claim, Record
from bot.claims.sentences import Sentence
from bot.claims.words import has, holds_words, is_denied, said_in, text_of
from retrieval.catalogue import Catalogue
from retrieval.items import Item, Role
from storage.base import utcnow

_UNITS: dict[str, Role] = {"minutes": "runtime", "money": "price", "stars": "rating", "year": "year"}
_BOUNDED: tuple[Role, ...] = ("price", "runtime")
_BARE = ("plain", "years")
_AT = re.compile(r"\bat (?:\w+ )?$", re.IGNORECASE)
_AGED = re.compile(r"\s+(?:old|ago)\b")
_OUT_OF = re.compile(r"\bout of\s*$|\bun$", re.IGNORECASE)
_DENIED, _OTHER = "denies what the record says", "not what the record says"


class ValueClaims:
    """Judges values of fields and numbers, by the records of one catalogue's items."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def value_fault(self, mention: Mention, items: Sequence[Item], role: str | None, *, denied: bool) -> str:
        """Why a value is of none of `items`, in that role; of a denied one, why it is."""
        if not items:  # nothing is said of an item
            return ""
        role_of = self._catalogue.config.role_of
        readings = list(mention.readings)
        of_people = any(role_of(name) in PEOPLE for name, _ in readings)
        if role == "about" and of_people:
            acted = any(
                role_of(name) == "cast" and has(item, name, value)
                for item in items
                for name, value in readings
            )
            told = acted or any(holds_words(item.description, mention.text) for item in items)
            return "" if told else "not what it is about"
        if role not in (None, "about"):
            wanted = cues()["made_by"] if role == "made_by" else [role]
            fitting = [one for one in readings if role_of(one[0]) in wanted]
            if not fitting and (of_people or role == "material"):
                return "" if denied else f"no {role}"
            readings = fitting or readings
        true = any(has(item, name, value) for item in items for name, value in readings)
        if denied:
            return _DENIED if true else ""
        texts = [item.description if of_people else text_of(item) for item in items]
        told = any(holds_words(text, mention.text) for text in texts)
        return "" if true or told else _OTHER

    def number_fault(
        self, mention: Mention, text: str, items: Sequence[Item], record: Record, *, denied: bool
    ) -> str:
        """Why a number in `text` is none of an item of `items`; of a denied one, why it is."""
        told = any(holds_words(text_of(item), mention.text) for item in items or record.items)
        if mention.unit in _BARE:
            aged = mention.unit == "years" and _AGED.match(text[mention.end :])
            if aged and any(
                abs(utcnow().year - mention.number - year) <= 2 for year in self._held("year", items)
            ):
                return ""
            held = mention.number in self._numbers(items, record)
            return "" if held or told or is_known(mention, record) else "a number outside the record"
        numbers = self._held(mention.unit, items)
        true = any(agrees(number, mention, bound_of(mention, text)) for number in numbers)
        if denied and not _AT.search(text[: mention.start]):  # "isn't exactly slim at 310 pages"
            return _DENIED if true else ""
        if true or told:
            return ""
        return "another number in the record" if numbers else "no such number in the record"

    def of_all(self, sentence: Sentence, record: Record) -> list[Claim]:
        """What the whole catalogue is said to lack: not so where an item of the record is all of that."""
        inside = [
            m for m in sentence.mentions if sentence.is_of_all(m.start) and m.kind in ("value", "number")
        ]
        if sentence.of_all is None or not inside:
            return []

        def is_so(mention: Mention, item: Item) -> bool:
            if mention.kind == "value":
                return not self.value_fault(mention, [item], None, denied=False)
            bound = bound_of(mention, sentence.bare)
            return any(agrees(number, mention, bound) for number in self._held(mention.unit, [item]))

        contradicted = any(all(is_so(mention, item) for mention in inside) for item in record.items)
        words = sentence.text[slice(*sentence.of_all)]
        return [Claim("of all", words, "an item of the record is just that" if contradicted else "")]

    def kinds(self, sentence: Sentence) -> Iterator[tuple[Mention, frozenset[str]]]:
        """Kinds of story by names that no field has, each with the genres that would make it true."""
        if self._catalogue.config.field_with_role("genre") is None:
            return
        for words, genres in _kinds().items():
            for found in re.finditer(rf"\b{re.escape(words)}s?\b", sentence.bare, re.IGNORECASE):
                if not any(m.start <= found.start() < m.end for m in sentence.mentions):
                    yield Mention("value", *found.span(), found.group()), frozenset(genres)

    def is_of_kind(self, mention: Mention, genres: frozenset[str], items: Sequence[Item]) -> bool:
        """Whether an item of `items` is of one of `genres`, or its own text says so."""
        name = self._catalogue.config.field_with_role("genre") or ""
        told = any(has(item, name, genre) for item in items for genre in genres)
        return told or any(holds_words(text_of(item), mention.text) for item in items)

    def flags(self, sentence: Sentence) -> Iterator[tuple[Mention, str, bool]]:
        """Yes-or-no fields by name, with the field and whether it is said to hold: "out of stock"."""
        for field, spec in self._catalogue.config.fields.items():
            if spec.type != "bool":
                continue
            names = sorted({field.replace("_", " "), *spec.aliases}, key=len, reverse=True)
            spoken = "|".join(map(re.escape, names))
            for found in re.finditer(rf"\b(?:{spoken})\b", sentence.bare, re.IGNORECASE):
                before = sentence.bare[: found.start()]
                denied = is_denied(before, len(before)) or _OUT_OF.search(before) is not None
                yield Mention("value", *found.span(), found.group()), field, not denied

    def _numbers(self, items: Sequence[Item], record: Record) -> set[float]:
        """Numbers that may be told of `items`: their own, those of what the person knows, and by how much
        their lengths and prices differ.
        """
        known = [*record.items, *self._items([*record.liked, *record.seen, *record.disliked])]
        told = {number for item in [*items, *known] for number in numbers_of(item)}
        for name in self._measures():
            held = [item.fields.get(name) for item in [*items, *known]] if name else []
            values = [float(one) for one in held if isinstance(one, int | float)]
            told |= {round(abs(one - other), 2) for one in values for other in values}
        return told

    def _held(self, unit: str, items: Sequence[Item]) -> list[float]:
        """The numbers of `items` in the field that counts in `unit`; of a bare number in those that bound."""
        names = self._measures() if unit in _BARE else [self._field_of(unit)]
        held = [item.fields.get(name) for item in items for name in names if name]
        return [float(one) for one in held if isinstance(one, int | float)]

    def _measures(self) -> list[str | None]:
        return [self._catalogue.config.field_with_role(role) for role in _BOUNDED]

    def _items(self, ids: Sequence[str]) -> list[Item]:
        return [self._catalogue[one] for one in ids if one in self._catalogue]

    def _field_of(self, unit: str) -> str | None:
        """The field that counts in `unit`."""
        config = self._catalogue.config
        counting = [name for name, spec in config.fields.items() if (spec.unit or "").lower() == unit]
        if counting or unit not in _UNITS:
            return counting[0] if counting else None
        name = config.field_with_role(_UNITS[unit])
        counts = config.fields[name].unit if name else None
        return None if unit == "minutes" and counts not in (None, "minutes") else name


@cache
def _kinds() -> Mapping[str, Sequence[str]]:
    """Names of kinds of story, and the genres that make each true: genres by themselves, and other names."""
    genres = yaml.safe_load(prompts.text("synonyms.yaml"))["genre"]
    return {**{genre: [genre] for genre in genres}, **cues()["kinds"]}


def is_known(mention: Mention, record: Record) -> bool:
    """Whether the record speaks of what is named, or the person did."""
    own = (*record.liked, *record.seen, *record.disliked)
    if set(mention.items) & {*own, *(item.item_id for item in record.items)}:
        return True
    if mention.kind != "title" and any(holds_words(text_of(item), mention.text) for item in record.items):
        return True
    return said_in(mention.text, (*record.words, *own))
