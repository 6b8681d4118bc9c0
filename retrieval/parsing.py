"""One row of a catalogue file into one item, by the declared types.

A value that is not of its field's type is refused with a reason that names the field.
"""

import ast
import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from retrieval.items import CatalogueConfig, FieldSpec, FieldValue, Item

PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
TRUTHS = dict.fromkeys(("true", "yes", "1", "y", "t", "on", "是", "有"), True)
TRUTHS |= dict.fromkeys(("false", "no", "0", "n", "f", "off", "否", "无"), False)
LONGEST_ID = 200
LONGEST_MADE_ID = 80

SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "元": "CNY", "₹": "INR", "₩": "KRW"}
"""Currencies by the sign that stands at a price."""
CODES = frozenset({
    "usd", "eur", "gbp", "cny", "rmb", "jpy", "inr", "krw", "chf", "cad", "aud", "nzd", "sek", "nok", "dkk",
    "pln", "czk", "huf", "brl", "mxn", "zar", "sgd", "hkd",
})  # fmt: skip
_AT_NUMBERS = {
    *CODES, *SIGNS, "us$", "c$", "a$", "块", "dollars", "euros", "pounds", "yuan", "%", "年", "min", "mins",
    "minute", "minutes", "分钟", "分", "p", "pp", "pages", "页", "stars", "星",
}  # fmt: skip
"""What may stand at a number, before or after it."""

_NUMBER = re.compile(r"([^\d.,+-]*)([+-]?(?:\d[\d.,\s'’]*|[.,]\d+)(?:[eE][+-]?\d+)?)(.*)", re.DOTALL)
_DURATION = re.compile(
    r"(\d+)\s*(?:h|hrs?|hours?|小时)\.?\s*(?:(?:and\s*)?(\d{1,2})\s*(?:m|mins?|minutes?|分钟?)?\.?)?"
)
_TAG = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>|</?[a-zA-Z][^<>]*>", re.DOTALL | re.IGNORECASE)
_NAMES = ("name", "title", "label")


class BadValueError(ValueError):
    """A cell that cannot be what its column says; the message names the field."""


def item_of(values: Mapping[str, Any], config: CatalogueConfig) -> Item:
    """The item that a row describes; raises BadValueError.

    Where the catalogue has no column of ids the id is made from the title, and equal titles give equal
    ids.
    """
    title = _text(values.get(config.title_column), config.title_column)
    title = _plain(title) if title and config.html else title
    item_id = None
    if config.id_column is not None:
        item_id = _text(values.get(config.id_column), config.id_column)
    elif title:
        item_id = id_of_title(title)
    if not item_id or not title:
        missing = config.title_column if item_id or config.id_column is None else config.id_column
        raise BadValueError(f"{missing}: is empty")
    if len(item_id) > LONGEST_ID:
        raise BadValueError(f"{config.id_column}: is longer than {LONGEST_ID} characters")
    fields = {
        name: value_in(values.get(config.column_of(name)), name, spec, config)
        for name, spec in config.fields.items()
    }
    description = None
    if config.description_column is not None:
        spec = FieldSpec(type="text")
        described = values.get(config.description_column)
        description = value_in(described, config.description_column, spec, config)
    aliases = None
    if config.aliases_column is not None:
        aliases = value_in(values.get(config.aliases_column), "aliases", FieldSpec(type="list"), config)
    named = tuple(aliases) if isinstance(aliases, list) else ()
    return Item(item_id, title, str(description or ""), fields, named)


def value_in(raw: Any, name: str, spec: FieldSpec, config: CatalogueConfig) -> FieldValue:
    """What a cell holds of the field `name`; raises BadValueError."""
    if _is_missing(raw) or (config.missing and _says_nothing(raw, config.missing)):
        return None
    value = _typed(raw, name, spec, config.list_separator)
    if spec.labels:
        value = _labelled(value, spec.labels)
    if not config.html:
        return value
    if isinstance(value, list):
        return [plain for plain in map(_plain, value) if plain] or None
    return (_plain(value) or None) if isinstance(value, str) else value


def id_of_title(title: str) -> str:
    """An id that people can read: the words of the title."""
    words = re.sub(r"\W+", "-", title.casefold()).strip("-_")
    return words[:LONGEST_MADE_ID].strip("-_") or "item"


def _labelled(value: FieldValue, labels: Mapping[str, str]) -> FieldValue:
    if isinstance(value, list):
        return list(dict.fromkeys(labels.get(one, one) for one in value))
    return labels.get(value, value) if isinstance(value, str) else value


def _typed(raw: Any, name: str, spec: FieldSpec, separator: str) -> FieldValue:
    match spec.type:
        case "list":
            return _list(raw, name, spec.separator or separator)
        case "int":
            return _int(raw, name, spec)
        case "float":
            return _float(raw, name, spec)
        case "bool":
            return _bool(raw, name)
        case "date":
            return _date(raw, name, spec.date_format)
        case _:
            return _text(raw, name)


def _is_missing(raw: Any) -> bool:
    if isinstance(raw, str):
        return not raw.strip()
    return raw is None or (isinstance(raw, float) and math.isnan(raw))


def _says_nothing(raw: Any, missing: Sequence[str]) -> bool:
    return isinstance(raw, str) and raw.strip().casefold() in {word.casefold() for word in missing}


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


def _plain(text: str) -> str:
    """The words of a text in HTML."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _list(raw: Any, name: str, separator: str) -> list[str] | None:
    parts = raw if isinstance(raw, list | tuple) else _parts(str(raw).strip(), separator)
    texts = (_text(_name_in(part), name) for part in parts)
    # dict.fromkeys drops repetitions and keeps the order.
    return list(dict.fromkeys(text for text in texts if text)) or None


def _parts(text: str, separator: str) -> Sequence[Any]:
    """The values of one cell: a list in the notation of JSON or Python, else what the separator parts."""
    if text[0] == "[" and text[-1] == "]":
        for read in (json.loads, ast.literal_eval):
            try:
                parts = read(text)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            if isinstance(parts, list):
                return parts
    return text.split(separator)


def _name_in(part: Any) -> Any:
    """Of a value that is a record of its own, such as {"id": 18, "name": "Drama"}, its name."""
    if not isinstance(part, dict):
        return part
    return next((part[name] for name in _NAMES if isinstance(part.get(name), str)), part)


def _float(raw: Any, name: str, spec: FieldSpec) -> float:
    number = math.nan
    if isinstance(raw, str):
        number = _number_in(raw.strip(), spec)
    elif not isinstance(raw, bool):
        try:
            number = float(raw)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
    if not math.isfinite(number):
        raise BadValueError(f"{name}: {_shown(raw)} is not a number")
    return number


def _number_in(text: str, spec: FieldSpec) -> float:
    """The number in a text such as "$1,299.00", "320 pages" or "1h 45m"; NaN when there is none."""
    duration = _DURATION.fullmatch(text.lower()) if spec.unit == "minutes" else None
    if duration:
        return 60.0 * int(duration.group(1)) + int(duration.group(2) or 0)
    found = _NUMBER.fullmatch(text)
    if found is None or not all(_may_stand_at_a_number(found.group(side), spec) for side in (1, 3)):
        return math.nan
    digits = re.sub(r"[\s'’]", "", found.group(2))
    thousands = "." if spec.decimal == "," else ","
    whole, mark, part = digits.partition(spec.decimal)
    if thousands in part or (thousands in whole and not _is_grouped(whole, thousands)):
        return math.nan
    try:
        return float(whole.replace(thousands, "") + ("." + part if mark else ""))
    except ValueError:
        return math.nan


def _may_stand_at_a_number(words: str, spec: FieldSpec) -> bool:
    known = words.strip().strip(".").casefold()
    unit = (spec.unit or "").casefold().removesuffix("s")
    return not known or known in _AT_NUMBERS or (unit != "" and known in (unit, unit + "s"))


def _is_grouped(whole: str, mark: str) -> bool:
    """Whether `mark` stands where thousands are grouped: 1,299,000, in India 12,99,000."""
    grouped = rf"[+-]?\d{{1,3}}(?:{re.escape(mark)}\d{{2,3}})*{re.escape(mark)}\d{{3}}"
    return re.fullmatch(grouped, whole) is not None


def _int(raw: Any, name: str, spec: FieldSpec) -> int:
    number = _float(raw, name, spec)
    if not number.is_integer():
        raise BadValueError(f"{name}: {_shown(raw)} is not a whole number")
    return int(number)


def _bool(raw: Any, name: str) -> bool:
    # Where some cells are empty, a table of numbers writes 1 as 1.0.
    truth = TRUTHS.get(str(raw).strip().lower().removesuffix(".0"))
    if truth is None:
        raise BadValueError(f"{name}: {_shown(raw)} is neither true nor false")
    return truth


def _date(raw: Any, name: str, written: str | None) -> str:
    if isinstance(raw, date):  # Parquet brings dates of its own; a datetime is one too
        return raw.isoformat()
    text = str(raw).strip()
    if written is not None:
        try:
            moment = datetime.strptime(text, written)
        except ValueError:
            raise BadValueError(f"{name}: {_shown(raw)} is not a date written as {written}") from None
        return moment.isoformat() if "%H" in written else moment.date().isoformat()
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
