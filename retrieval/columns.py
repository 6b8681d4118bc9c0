"""One column of a catalogue file: what stands in it, and which type and unit read it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any, Literal

from retrieval.column_words import (
    COUNTS,
    IDENTIFIERS,
    KNOWN,
    LANGUAGES,
    Known,
)
from retrieval.items import ROLE_WORDS, CatalogueConfig, FieldSpec, FieldType, FieldValue
from retrieval.parsing import CODES, SIGNS, BadValueError, value_in
from retrieval.text import has_cjk

SOME = 1_000
"""So many values of a column are tried with each type."""
ENOUGH = 0.99
"""The share of them that a type must be able to read."""
NEARLY_ENOUGH, MOST_ODD_WORDS = 0.8, 10
"""The share of numbers in a column known to hold them, and how many different words may stand among them."""
SEPARATORS = ("|", ";", "、", "；", " > ", "/", ", ", ",", "，")
DATE_FORMATS = (
    "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d-%b-%y", 
    "%Y%m%d", "%Y年%m月%d日",
)  # fmt: skip
LONG_TEXT, SENTENCE = 300, 60

_WEB = re.compile(r"(?:https?:)?//\S+|www\.\S+|\S+@\S+\.\w+", re.IGNORECASE)
_FILE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|pdf|mp[34])", re.IGNORECASE)
_HTML = re.compile(r"</?[a-z][a-z0-9]*\b[^<>]*>|&(?:[a-z]+|#\d+);", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column of the file as it was seen."""

    name: str
    values: Sequence[Any]
    """Those that are there, in the order of the rows."""
    rows: int

    @property
    def filled(self) -> float:
        """The share of rows that have a value."""
        return len(self.values) / self.rows if self.rows else 0.0

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the name: "originalTitle" is "original title"."""
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", self.name)
        return tuple(re.findall(r"[^\W_]+", spaced.casefold()))

    @property
    def snake(self) -> str:
        return "_".join(self.words)

    @cached_property
    def texts(self) -> list[str]:
        return [str(value).strip() for value in self.values]

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value stands there."""
        return Counter(self.texts)

    @cached_property
    def different(self) -> list[Any]:
        """Some of the values, spread over the file, none twice."""
        found = list(dict(zip(self.texts, self.values, strict=True)).values())
        return found[:: 1 + len(found) // SOME]

    @property
    def distinct(self) -> float:
        """The share of values that are not repetitions."""
        return len(self.counts) / len(self.values) if self.values else 0.0

    @cached_property
    def length(self) -> float:
        """Characters of a value on average; a Chinese one says as much as three others."""
        return mean(len(text) * (3 if has_cjk(text) else 1) for text in self.texts)

    def share(self, test: Callable[[Any], bool]) -> float:
        """The share of values that pass the test, of some spread over the file."""
        return mean(map(test, self.values[:: 1 + len(self.values) // SOME]))

    def examples(self, count: int = 3) -> list[Any]:
        """The commonest values where they repeat, else the first."""
        by_text = dict(zip(self.texts, self.values, strict=True))
        common = [text for text, _ in self.counts.most_common(count)] if self.distinct < 0.5 else by_text
        return [by_text[text] for text in islice(common, count)]


def read_value(raw: Any, spec: FieldSpec) -> FieldValue:
    """The value as it would be read, None where it could not be."""
    try:
        return value_in(raw, "", spec, CatalogueConfig())
    except BadValueError:
        return None


def is_empty(value: Any) -> bool:
    return (
        value is None
        or value != value
        or value in ("", [], {})
        or (isinstance(value, str) and not value.strip())
    )


def has_html(column: Column) -> bool:
    return column.share(lambda value: isinstance(value, str) and _HTML.search(value) is not None) > 0.01


def is_count(column: Column) -> bool:
    words = column.words
    histogram = re.fullmatch(r"(?:ratings?|stars?|votes?)_?\d+", column.snake) is not None
    return known_of(column) is None and (histogram or bool(set(words) & COUNTS))


def is_text(column: Column) -> bool:
    def worded(value: Any) -> bool:
        return isinstance(value, str) and any(letter.isalpha() for letter in value)

    return column.share(worded) > 0.9 and not holds_lists(column)


def holds_lists(column: Column) -> bool:
    return column.share(lambda value: isinstance(value, list) or _is_written_list(value)) > 0.8


def _is_written_list(value: Any) -> bool:
    text = value.strip() if isinstance(value, str) else ""
    return text[:1] == "[" and text[-1:] == "]"


def is_address(column: Column) -> bool:
    def address(value: Any) -> bool:
        return isinstance(value, str) and bool(
            _WEB.fullmatch(value.strip()) or _FILE.fullmatch(value.strip())
        )

    return column.share(address) > 0.5


def known_of(column: Column) -> Known | None:
    """The field of many catalogues that a column's name speaks of."""
    for known in KNOWN:
        if column.snake in known.columns or column.name in known.columns:
            return known
    for known in KNOWN:
        # "average_rating" is a rating, "ratings_count" and "price_id" are not; the last word counts most.
        if column.words and column.words[-1] in known.columns:
            return known
        if has_cjk(column.name) and column.name.endswith(tuple(filter(has_cjk, known.columns))):
            return known
    for known in KNOWN:
        role = known.role and any(ROLE_WORDS.get(word) == known.role for word in column.words)
        if role and not set(column.words) & {*COUNTS, *IDENTIFIERS}:
            return known
    return None


def spec_of(column: Column) -> FieldSpec:
    """The type that nearly all values have, the narrowest first."""
    if not column.values:
        return FieldSpec(type="text")
    if holds_lists(column):
        return FieldSpec(type="list")
    known = known_of(column)
    kinds: list[FieldType] = ["bool", "int", "float", "date"]
    for kind in kinds:
        spec = fitted(column, kind)
        share = _reads(column, spec)
        if share < (NEARLY_ENOUGH if _is_numeric(known) and kind in ("int", "float") else ENOUGH):
            continue
        # Fractions among whole numbers are no odd words.
        if kind == "int" and _reads(column, fitted(column, "float")) > share:
            continue
        if _is_plausible(column, kind, known):
            return spec
    separator = separator_of(column)
    if separator is not None:
        return FieldSpec(type="list", separator=separator)
    if known is not None and known.listed and column.length < SENTENCE:
        return FieldSpec(type="list", separator=", " if column.share(_has_comma) > 0.01 else None)
    if column.length <= 40 and (column.distinct <= 0.6 or len(column.counts) <= 50):
        return FieldSpec(type="category")
    return FieldSpec(type="text")


def _has_comma(value: Any) -> bool:
    return ", " in str(value)


def _is_plausible(column: Column, kind: FieldType, known: Known | None) -> bool:
    if kind == "bool":
        # A column of ones alone is a number; of "True" alone it is a mark that some items carry.
        folded = {text.casefold().removesuffix(".0") for text in column.counts}
        return not folded <= {"0", "1"} or (folded == {"0", "1"} and (known is None or known.role is None))
    if kind == "date":
        dated = {"date", "day", "time", "on", "at", "日期", "时间"} & set(column.words)
        return bool(dated) or column.share(lambda value: isinstance(value, date) or len(str(value)) > 7) > 0.5
    return True


def _is_numeric(known: Known | None) -> bool:
    return known is not None and (known.unit is not None or known.role in ("price", "runtime", "rating"))


def fitted(column: Column, kind: FieldType) -> FieldSpec:
    """A specification of type `kind` with the notation that reads most of the values."""
    if kind == "list":
        return FieldSpec(type="list", separator=separator_of(column, least=0.0))
    choices = [FieldSpec(type=kind)]
    known = known_of(column)
    unit = unit_of(column, choices[0], known)
    if kind in ("int", "float"):
        marks: tuple[Literal[".", ","], ...] = (",", ".") if _groups_by_dots(column) else (".", ",")
        choices = [FieldSpec(type=kind, decimal=mark, unit=unit) for mark in marks]
    if kind == "date":
        choices += [FieldSpec(type="date", date_format=written) for written in DATE_FORMATS]
    return max(choices, key=lambda spec: _reads(column, spec)) if len(choices) > 1 else choices[0]


def _groups_by_dots(column: Column) -> bool:
    """Whether every dot stands before three digits at a currency's sign, as in "1.299 €"."""
    dotted = [text for text in column.texts if "." in text]
    grouped = re.compile(r"\D*\d{1,3}(?:\.\d{3})+(?:,\d+)?\D*")
    signed = any(sign in text for text in dotted[:100] for sign in SIGNS)
    return bool(dotted) and signed and all(grouped.fullmatch(text) for text in dotted)


def _reads(column: Column, spec: FieldSpec) -> float:
    """The share of the different values looked at that the type reads."""
    plain = CatalogueConfig()

    def readable(value: Any) -> bool:
        try:
            value_in(value, column.name, spec, plain)
        except BadValueError:
            return False
        return True

    # A type that fits none of the first fifty need not be tried on all.
    if not any(map(readable, column.different[:50])):
        return 0.0
    return mean(map(readable, column.different))


def separator_of(column: Column, least: float = 0.1) -> str | None:
    """What parts the values of a cell, where enough cells have it and the parts come up again."""
    if least and column.length > 2 * SENTENCE and known_of(column) is None:
        return None
    for separator in SEPARATORS:
        parted = [text.split(separator) for text in column.texts if separator in text]
        if not parted or len(parted) < least * len(column.texts):
            continue
        parts = [part.strip() for cell in parted for part in cell]
        if not least:
            return separator
        short = mean(len(part.split()) for part in parts) <= 3.5 and mean(map(len, parts)) <= 30
        again = len(set(parts)) / len(parts)
        known = known_of(column)
        sure = separator in ("|", ";", "、", "；", " > ")
        often = len(parted) > 0.5 * len(column.texts)
        if short and again <= (
            0.95 if (known and known.listed) or (sure and often) else 0.7 if sure else 0.4
        ):
            return separator
    return None


def unit_of(column: Column, spec: FieldSpec, known: Known | None) -> str | None:
    if spec.type not in ("int", "float"):
        return None
    if known is not None and known.unit:
        return known.unit
    role = known.role if known is not None else None
    if role == "price":
        return _currency(column)
    if role == "runtime":
        said = {"min", "mins", "minutes"} & set(column.words) or column.share(_says_minutes) > 0.5
        return "minutes" if said or _usual(column, 10, 600) else None
    if role == "rating":
        return "stars" if _usual(column, 0, 5) else None
    return None


def _says_minutes(value: Any) -> bool:
    return re.search(r"\d\s*(?:h|m|min|分)", str(value).lower()) is not None


def _usual(column: Column, low: float, high: float) -> bool:
    numbers = [number for text in column.texts[:2000] if (number := _plain_number(text)) is not None]
    return bool(numbers) and sum(low <= number <= high for number in numbers) > 0.95 * len(numbers)


def _plain_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def language_names(column: Column, spec: FieldSpec) -> dict[str, str]:
    """Names for the codes of languages, where codes are what stands in the column."""
    read = (read_value(value, spec) for value in column.different)
    codes = {
        code for one in read for code in (one if isinstance(one, list) else [one]) if isinstance(code, str)
    }
    named = {code: LANGUAGES.get(code.split("-")[0].split("_")[0].lower()) for code in sorted(codes)}
    names = {code: name for code, name in named.items() if name is not None}
    return names if len(names) > 0.5 * len(codes) else {}


def _currency(column: Column) -> str | None:
    """The currency that a price's values or name tell."""
    signs = {code: [sign for sign in SIGNS if SIGNS[sign] == code] for code in SIGNS.values()}
    for code, written in signs.items():
        signed = sum(any(sign in text for sign in written) for text in column.texts)
        if signed > 0.5 * len(column.texts):
            return code
    words = {*column.words, *(text.casefold() for text in re.findall("[A-Za-z]+", column.texts[0]))}
    named = next((word.upper() for word in sorted(words & CODES)), None)
    return "CNY" if named == "RMB" or (named is None and has_cjk(column.name)) else named


def mean(numbers: Iterable[float]) -> float:
    listed = list(numbers)
    return sum(listed) / len(listed) if listed else 0.0
