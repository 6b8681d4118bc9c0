"""The catalogue in memory: every item, and indices over its fields.

It is a snapshot; after an ingest, load it again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, select

from retrieval.errors import CatalogueError
from retrieval.items import CatalogueConfig, Item, ItemRow, value_of

CARD_VALUES = 8
"""How many values of a list a card shows; a cast of fifty would drown the description."""

Value = str | int | float | bool


class Catalogue:
    """All items, in one fixed order that the rows of every matrix share."""

    def __init__(self, config: CatalogueConfig, items: Sequence[Item]) -> None:
        self.config = config
        self.items = list(items)
        self.ids = [item.item_id for item in self.items]
        self._positions = {item_id: position for position, item_id in enumerate(self.ids)}
        self._values: dict[str, dict[Value, list[int]]] = {}
        self._folded: dict[str, dict[str, list[int]]] = {}
        self._numbers: dict[str, npt.NDArray[np.float64]] = {}

    @classmethod
    def load(cls, engine: Engine, config: CatalogueConfig) -> "Catalogue":
        """Read every item, in the order of their ids."""
        columns = (ItemRow.item_id, ItemRow.title, ItemRow.description, ItemRow.fields, ItemRow.aliases)
        with engine.connect() as connection:
            rows = connection.execute(select(*columns)).all()
        # Not by the database, whose order depends on its locale.
        return cls(config, [_item(row) for row in sorted(rows, key=attrgetter("item_id"))])

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._positions

    def __getitem__(self, item_id: str) -> Item:
        return self.items[self.position(item_id)]

    def get(self, item_id: str) -> Item | None:
        """The item, or None when it is not in the catalogue."""
        position = self._positions.get(item_id)
        return None if position is None else self.items[position]

    def position(self, item_id: str) -> int:
        """The item's row in every matrix; raises CatalogueError for an unknown item."""
        try:
            return self._positions[item_id]
        except KeyError:
            raise CatalogueError(f"no item {item_id!r} in the catalogue {self.config.name!r}") from None

    def positions(self, item_ids: Sequence[str]) -> npt.NDArray[np.intp]:
        """The rows of those of `item_ids` that are in the catalogue."""
        known = (self._positions.get(item_id) for item_id in item_ids)
        return np.fromiter((position for position in known if position is not None), dtype=np.intp)

    def values(self, field: str) -> Mapping[Value, Sequence[int]]:
        """Each distinct value of `field`, as first written, and the positions of its items."""
        found = self._values.get(field)
        if found is None:
            found = {}
            for position, item in enumerate(self.items):
                value = value_of(item, field)
                for one in value if isinstance(value, list) else (value,):
                    if one is not None:
                        found.setdefault(one, []).append(position)
            self._values[field] = found
        return found

    def positions_of(self, field: str, value: str) -> Sequence[int]:
        """The positions of the items whose `field` has `value`, in whatever case."""
        folded = self._folded.get(field)
        if folded is None:
            folded = {}
            for one, positions in self.values(field).items():
                folded.setdefault(str(one).casefold(), []).extend(positions)
            self._folded[field] = folded
        return folded.get(value.strip().casefold(), [])

    def numbers(self, field: str) -> npt.NDArray[np.float64]:
        """The values of an int or float field, (n,); NaN where an item has none."""
        found = self._numbers.get(field)
        if found is None:
            values = (item.fields.get(field) for item in self.items)
            found = np.array(
                [float(v) if isinstance(v, int | float) else np.nan for v in values], dtype=np.float64
            )
            self._numbers[field] = found
        return found

    def year(self, item: Item) -> int | None:
        """The item's year by the field of that role, or None."""
        name = self.config.field_with_role("year")
        value = None if name is None else item.fields.get(name)
        head = str(value)[:4]
        return int(head) if head.isdecimal() and len(head) == 4 else None

    @cached_property
    def digest(self) -> str:
        """Changes when any item does, or what the fields mean."""
        hashed = hashlib.sha256(self.config.model_dump_json().encode())
        for item in self.items:
            hashed.update(repr((item.item_id, item.title, item.description)).encode())
            hashed.update(repr((sorted(item.fields.items()), item.aliases)).encode())
        return hashed.hexdigest()

    def card_text(self, item: Item) -> str:
        """The text by which an item is found by meaning: title, fields in words, description.

        Numbers other than the year are left out: an encoder of sentences cannot compare them, filters do.
        """
        year = self.year(item)
        parts = [item.title if year is None else f"{item.title} ({year})"]
        for name, spec in self.config.fields.items():
            value = item.fields.get(name)
            if spec.type not in ("category", "list", "text") or not value:
                continue
            shown = ", ".join(value[:CARD_VALUES]) if isinstance(value, list) else str(value)
            parts.append(f"{name.replace('_', ' ').capitalize()}: {shown}")
        parts.append(item.description)
        return ". ".join(part.rstrip(". ") for part in parts if part)

    def search_text(self, item: Item) -> str:
        """The text by which an item is found by its words: all that is known of it, in full."""
        parts: list[str] = [item.title, *item.aliases]
        for value in item.fields.values():
            parts.extend(value if isinstance(value, list) else [] if value is None else [str(value)])
        return " \n".join([*parts, item.description])


def _item(row: Any) -> Item:
    return Item(row.item_id, row.title, row.description, row.fields, tuple(row.aliases))
