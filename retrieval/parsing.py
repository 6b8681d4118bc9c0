"""One row of a catalogue file into one item, by the declared types.

A value that is not of its field's type is refused with a reason that names the field.
"""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from retrieval.items import CatalogueConfig, FieldSpec, FieldValue, Item

PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
LONGEST_ID = 200


class BadValueError(ValueError):
    """A cell that cannot be what its column says; the message names the field."""


def item_of(values: Mapping[str, Any], config: CatalogueConfig) -> Item:
    """The item that a row describes; raises BadValueError."""
    item_id = _text(values.get(config.id_column), config.id_column)
    title = _text(values.get(config.title_column), config.title_column)
    if item_id is None or title is None:
        missing = config.id_column if item_id is None else config.title_column
        raise BadValueError(f"{missing}: is empty")
    if len(item_id) > LONGEST_ID:
        raise BadValueError(f"{config.id_column}: is longer than {LONGEST_ID} characters")
    fields = {
        name: _value(values.get(config.column_of(name)), name, spec, config.list_separator)
        for name, spec in config.fields.items()
    }
    aliases = None if config.aliases_column is None else values.get(config.aliases_column)
    return Item(
        item_id,
        title,
        _text(values.get(config.description_column), config.description_column) or "",
        fields,
        tuple(_list(aliases, "aliases", config.list_separator) or ()),
    )


def _value(raw: Any, name: str, spec: FieldSpec, separator: str) -> FieldValue:
    if _is_missing(raw):
        return None
    match spec.type:
        case "list":
            return _list(raw, name, separator)
        case "int":
            return _int(raw, name)
        case "float":
            return _float(raw, name)
        case "bool":
            return _bool(raw, name)
        case "date":
            return _date(raw, name)
        case _:
            return _text(raw, name)


def _is_missing(raw: Any) -> bool:
    if isinstance(raw, str):
        return not raw.strip()
    return raw is None or (isinstance(raw, float) and math.isnan(raw))


def _text(raw: Any, name: str) -> str | None:
    if _is_missing(raw):
        return None
    if isinstance(raw, dict | list | bytes):
        raise BadValueError(f"{name}: {_shown(raw)} is not text")
    text = str(raw).strip()
    if "\0" in text:
        raise BadValueError(f"{name}: holds a null byte")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadValueError(f"{name}: is not valid Unicode") from None
    return text


def _list(raw: Any, name: str, separator: str) -> list[str] | None:
    if _is_missing(raw):
        return None
    parts = raw if isinstance(raw, list | tuple) else str(raw).split(separator)
    texts = (_text(part, name) for part in parts)
    # dict.fromkeys drops repetitions and keeps the order.
    return list(dict.fromkeys(text for text in texts if text)) or None


def _float(raw: Any, name: str) -> float:
    try:
        number = float(raw) if not isinstance(raw, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise BadValueError(f"{name}: {_shown(raw)} is not a number")
    return number


def _int(raw: Any, name: str) -> int:
    number = _float(raw, name)
    if not number.is_integer():
        raise BadValueError(f"{name}: {_shown(raw)} is not a whole number")
    return int(number)


def _bool(raw: Any, name: str) -> bool:
    truth = TRUTHS.get(str(raw).strip().lower())
    if truth is None:
        raise BadValueError(f"{name}: {_shown(raw)} is neither true nor false")
    return truth


def _date(raw: Any, name: str) -> str:
    if isinstance(raw, date):  # Parquet brings dates of its own; a datetime is one too
        return raw.isoformat()
    text = str(raw).strip()
    if PARTIAL_DATE.fullmatch(text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadValueError(f"{name}: {_shown(raw)} is not a date such as 1994-09-23") from None
    return moment.isoformat() if len(text) > 10 else moment.date().isoformat()


def _shown(raw: Any) -> str:
    shown = repr(raw)
    return shown if len(shown) <= 60 else shown[:57] + "..."
