"""Talking in the terminal: sentences as they come, the recommendations, and commands that begin with a slash.

Knows the service's verbs and the console; whatever comes from items or people is text, never markup.
"""

import shlex
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.facts import value_words
from retrieval.items import CatalogueConfig, FieldValue, Item

MOST_DETAILS, MOST_VALUES, LONGEST_VALUE = 5, 3, 60


def details_of(config: CatalogueConfig, item: Item) -> str:
    """The short facts under a title, in the order of the fields."""
    facts = (_fact(config, name, item.fields.get(name)) for name in config.fields)
    return " · ".join([fact for fact in facts if fact][:MOST_DETAILS])


def _fact(config: CatalogueConfig, name: str, value: FieldValue) -> str:
    """A field in a few words; a yes is the field's name, and a no is left out."""
    spec, spoken = config.fields[name], name.replace("_", " ")
    if value is None or value is False or value == "":
        return ""
    if value is True:
        return spoken
    more = isinstance(value, list) and len(value) > MOST_VALUES
    words = value_words(value[:MOST_VALUES] if isinstance(value, list) else value, spec.unit)
    words = f"{words} …" if more else words
    words = words if len(words) <= LONGEST_VALUE else words[: LONGEST_VALUE - 1] + "…"
    # A bare number or letter says nothing without its name.
    bare = (
        spec.unit is None
        and spec.role_of(name) is None
        and (isinstance(value, int | float) or len(words) < 3)
    )
    return f"{spoken} {words}" if bare else words


def item_panel(config: CatalogueConfig, item: Item, reason: str = "") -> Panel:
    """One item with its details and description."""
    lines = [Text(line) for line in (details_of(config, item), item.description, reason) if line]
    return Panel(Group(*lines), title=Text(item.title, style="bold"), title_align="left")
