"""What a catalogue is made of: items, the fields they may have, and the table they are kept in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, UtcDateTime

FieldValue = str | int | float | bool | list[str] | None
"""What a field may hold; a date is its ISO string, None says that the item has no value."""

FieldType = Literal["text", "category", "list", "int", "float", "date", "bool"]

Role = Literal[
    "director", "cast", "genre", "year", "runtime", "language", "country", "category", "brand", "price",
    "colour", "material", "author", "area", "cuisine", "rating",
]  # fmt: skip

# What a field stands for, guessed from the words of its name when the configuration does not say.
ROLE_WORDS: dict[str, Role] = {
    "director": "director", "directors": "director", "directed": "director",
    "cast": "cast", "actor": "cast", "actors": "cast", "starring": "cast", "stars": "cast",
    "genre": "genre", "genres": "genre",
    "year": "year", "released": "year", "release": "year", "published": "year",
    "runtime": "runtime", "duration": "runtime", "length": "runtime", "minutes": "runtime",
    "language": "language", "languages": "language",
    "country": "country", "countries": "country",
    "category": "category", "categories": "category", "kind": "category", "type": "category",
    "brand": "brand", "brands": "brand", "maker": "brand",
    "price": "price", "cost": "price",
    "colour": "colour", "color": "colour", "colours": "colour", "colors": "colour",
    "material": "material", "materials": "material",
    "author": "author", "authors": "author", "writer": "author",
    "area": "area", "district": "area", "neighbourhood": "area", "neighborhood": "area",
    "cuisine": "cuisine", "cuisines": "cuisine",
    "rating": "rating", "score": "rating",
}  # fmt: skip

RESERVED = frozenset({"item_id", "title", "description", "aliases"})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended."""

    item_id: str
    title: str
    description: str
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


class FieldSpec(BaseModel):
    """One declared field of the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: FieldType
    """How values are read and compared."""
    filter: bool = True
    """Whether a wish may filter by it."""
    unit: str | None = None
    """What numbers count: "minutes", "USD", "year"."""
    role: Role | None = None
    """What the field stands for; guessed from its name when empty."""
    aliases: list[str] = Field(default_factory=list)
    """Other words that people use for the field."""
    column: str | None = None
    """The source column, when it is not called as the field is."""
    separator: str | None = Field(default=None, min_length=1)
    """What separates the values of this list in one cell; empty for the catalogue's `list_separator`."""
    decimal: Literal[".", ","] = "."
    """The decimal mark of numbers kept as text; the other of the two groups thousands."""
    labels: dict[str, str] = Field(default_factory=dict)
    """What values are called that stand in the file as codes, such as {"eng": "English"}."""
    date_format: str | None = None
    """How dates are written, as in `%d/%m/%Y`; empty for ISO dates such as 1994-09-23."""

    def role_of(self, name: str) -> Role | None:
        """The declared role, or the one that the field's `name` suggests, or None."""
        if self.role is not None:
            return self.role
        lowered = name.lower()
        guesses = (ROLE_WORDS.get(word) for word in (lowered, *lowered.replace("-", "_").split("_")))
        return next((role for role in guesses if role is not None), None)


class CatalogueConfig(BaseModel):
    """What the items are called, which fields they have and where a file keeps them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="catalogue", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64)
    """A short name without spaces; the vector collection is called after it."""
    noun: str = "item"
    """What one item is called in a reply."""
    nouns: str = "items"
    """What several are called."""
    fields: dict[str, FieldSpec] = Field(default_factory=dict)
    """The declared fields; columns that are not declared are left out."""
    id_column: str | None = "item_id"
    """The column of ids; null where there is none: an id is then made from the title."""
    title_column: str = "title"
    """The column of titles."""
    description_column: str | None = "description"
    """The column of descriptions; null where there is none."""
    aliases_column: str | None = None
    """The column of other titles, separated as lists are."""
    list_separator: str = Field(default="|", min_length=1)
    """What separates the values of a list kept in one cell."""
    missing: list[str] = Field(default_factory=list)
    """What stands in a cell that has no value, such as "N/A"; case does not matter."""
    html: bool = False
    """Whether texts hold HTML, of which only the words are kept."""

    @field_validator("fields")
    @classmethod
    def _no_reserved_names(cls, fields: dict[str, FieldSpec]) -> dict[str, FieldSpec]:
        taken = RESERVED.intersection(fields)
        if taken:
            raise ValueError(f"fields may not be called {sorted(taken)}: every item has these already")
        return fields

    def role_of(self, name: str) -> Role | None:
        """What the field `name` stands for, or None."""
        spec = self.fields.get(name)
        return None if spec is None else spec.role_of(name)

    def field_with_role(self, role: Role) -> str | None:
        """The first declared field with this role, or None."""
        return next((name for name, spec in self.fields.items() if spec.role_of(name) == role), None)

    def column_of(self, name: str) -> str:
        """The source column of the field `name`."""
        return self.fields[name].column or name


class ItemRow(Base):
    """An item at rest; `digest` tells whether it changed."""

    __tablename__ = "items"

    item_id: Mapped[str] = mapped_column(String, primary_key=True)
    title: Mapped[str] = mapped_column(String)
    description: Mapped[str] = mapped_column(String)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    aliases: Mapped[list[str]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


def value_of(item: Item, name: str) -> FieldValue:
    """The value of a field, or of the title or description, which every item has."""
    if name == "title":
        return item.title
    if name == "description":
        return item.description
    return item.fields.get(name)
