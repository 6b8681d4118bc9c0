"""What the columns of a catalogue file are, guessed from their names and from what stands in them.

A guess is made to be looked at and corrected by a person; what cannot be known is left out.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from retrieval.column_words import (
    COUNTS,
    FILE_WORDS,
    IDENTIFIERS,
    KNOWN,
    LANGUAGES,
    NOUNS,
    PARTS,
    PRIVATE,
    Known,
    Part,
)
from retrieval.errors import IngestError
from retrieval.items import RESERVED, ROLE_WORDS, CatalogueConfig, FieldSpec, FieldType, FieldValue, Item
from retrieval.parsing import CODES, LONGEST_ID, SIGNS, TRUTHS, BadValueError, item_of, value_in
from retrieval.rows import BadRow, Row, read_rows
from retrieval.text import has_cjk, singular

ROWS = 20_000
"""So many rows are looked at."""
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
NOTHING = frozenset(
    {"n/a", "na", "null", "none", "nan", "\\n", "-", "--", "?", "unknown", "nil", "暂无", "无数据"}
)
LONG_TEXT, SENTENCE = 300, 60
ONE_VALUE = 0.97
"""A field in which one value has such a share tells items hardly apart."""
FEW = 0.02
"""A column filled less than that is left out."""

_WEB = re.compile(r"(?:https?:)?//\S+|www\.\S+|\S+@\S+\.\w+", re.IGNORECASE)
_FILE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|pdf|mp[34])", re.IGNORECASE)
_HTML = re.compile(r"</?[a-z][a-z0-9]*\b[^<>]*>|&(?:[a-z]+|#\d+);", re.IGNORECASE)

PartOrField = Literal["id", "title", "description", "aliases", "field", "out"]


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
        return _mean(len(text) * (3 if has_cjk(text) else 1) for text in self.texts)

    def share(self, test: Callable[[Any], bool]) -> float:
        """The share of values that pass the test, of some spread over the file."""
        return _mean(map(test, self.values[:: 1 + len(self.values) // SOME]))

    def examples(self, count: int = 3) -> list[Any]:
        """The commonest values where they repeat, else the first."""
        by_text = dict(zip(self.texts, self.values, strict=True))
        common = [text for text, _ in self.counts.most_common(count)] if self.distinct < 0.5 else by_text
        return [by_text[text] for text in islice(common, count)]


@dataclass(frozen=True, slots=True)
class Guess:
    """What one column is taken for."""

    column: Column
    part: PartOrField
    name: str = ""
    """Of a field, what the configuration calls it."""
    spec: FieldSpec | None = None
    why: str = ""
    """Of a column that is left out, why."""


@dataclass(frozen=True, slots=True)
class CatalogueGuess:
    """What a whole file is taken for."""

    path: Path
    rows: Sequence[Row]
    bad: Sequence[BadRow]
    complete: bool
    """Whether every row of the file was looked at."""
    guesses: tuple[Guess, ...]
    """In the order of the columns."""
    name: str
    noun: str
    nouns: str
    missing: tuple[str, ...] = ()
    html: bool = False

    def column_of(self, part: PartOrField) -> str | None:
        return next((guess.column.name for guess in self.guesses if guess.part == part), None)

    def of(self, column: str) -> Guess | None:
        return next((guess for guess in self.guesses if guess.column.name == column), None)

    def fields(self) -> list[Guess]:
        """The fields, in the order in which a card shows them."""
        fields = [guess for guess in self.guesses if guess.part == "field"]
        return sorted(fields, key=_place)


def guess_catalogue(path: Path) -> CatalogueGuess:
    """Look at the file's first rows; raises IngestError when it cannot be read or has none."""
    read = list(islice(read_rows(path), ROWS + 1))
    rows = [row for row in read[:ROWS] if isinstance(row, Row)]
    bad = [row for row in read[:ROWS] if isinstance(row, BadRow)]
    if not rows:
        why = f"line {bad[0].line}: {bad[0].reason}" if bad else "it has no rows"
        raise IngestError(path, None, f"no usable row; {why}")
    columns, missing = _columns(rows)
    html = any(column.length > SENTENCE and _has_html(column) for column in columns)
    html = html or any(_names(column, "title") and _has_html(column) for column in columns)
    name, noun, nouns = _called(path, columns)
    parts = _parts(columns, noun)
    titles = next((set(column.texts) for column in columns if parts.get(column.name) == "title"), set())
    guesses = [_guess(column, parts.get(column.name), titles) for column in columns]
    missing = tuple(sorted({*missing, *_odd_words(guesses)}))
    return CatalogueGuess(
        path,
        rows,
        bad,
        len(read) <= ROWS,
        tuple(_distinctly_named(guesses)),
        name,
        noun,
        nouns,
        missing,
        html,
    )


def config_of(guess: CatalogueGuess) -> CatalogueConfig:
    """The configuration that the guess amounts to."""
    return CatalogueConfig(
        name=guess.name,
        noun=guess.noun,
        nouns=guess.nouns,
        id_column=guess.column_of("id"),
        title_column=guess.column_of("title") or "title",
        description_column=guess.column_of("description"),
        aliases_column=guess.column_of("aliases"),
        missing=list(guess.missing),
        html=guess.html,
        fields={one.name: one.spec for one in guess.fields() if one.spec is not None},
    )


def try_out(guess: CatalogueGuess) -> tuple[list[Item], list[tuple[int, str]]]:
    """The items that the rows looked at would make, and line and reason of each row that would not."""
    config = config_of(guess)
    items: list[Item] = []
    refused = [(row.line, row.reason) for row in guess.bad]
    seen: set[str] = set()
    for row in guess.rows:
        try:
            item = item_of(row.values, config)
            if config.id_column is not None and item.item_id in seen:
                raise BadValueError(f"{config.id_column}: {item.item_id!r} is there twice")
        except BadValueError as error:
            refused.append((row.line, str(error)))
            continue
        seen.add(item.item_id)
        items.append(item)
    return items, sorted(refused)


def field_guess(column: Column, kind: FieldType | None = None) -> Guess:
    """The column as a field, of the type `kind` or of the one that its values show."""
    spec = _spec(column) if kind is None else _fitted(column, kind)
    known = _known(column)
    unit = _unit(column, spec, known)
    aliases = list(known.aliases) if known else []
    if known and not column.name.isascii():
        aliases.append(column.name)
    name = known.name if known else column.snake or "field"
    name = f"{name}_field" if name in RESERVED else name
    aliases = [alias for alias in dict.fromkeys(aliases) if alias != name]
    named = None if name == column.name else column.name
    spec = spec.model_copy(
        update={"unit": unit, "aliases": aliases, "column": named, "filter": spec.type != "text"}
    )
    if known and known.role == "language":
        spec = spec.model_copy(update={"labels": _language_names(column, spec)})
    if known and known.role and spec.role_of(name) != known.role:
        spec = spec.model_copy(update={"role": known.role})
    return Guess(column, "field", name, spec)


def assigned(guess: CatalogueGuess, part: Part, column: str | None) -> CatalogueGuess:
    """The guess with `column` as the one of `part`, or with none; what had the part becomes a field."""

    def moved(one: Guess) -> Guess:
        if one.column.name == column:
            return Guess(one.column, part)
        return field_guess(one.column) if one.part == part else one

    return replace(guess, guesses=tuple(_distinctly_named(list(map(moved, guess.guesses)))))


def replaced(guess: CatalogueGuess, changed: Guess) -> CatalogueGuess:
    """The guess with another one for one of its columns."""
    guesses = (changed if one.column.name == changed.column.name else one for one in guess.guesses)
    return replace(guess, guesses=tuple(guesses))


def read_value(raw: Any, spec: FieldSpec) -> FieldValue:
    """The value as it would be read, None where it could not be."""
    try:
        return value_in(raw, "", spec, CatalogueConfig())
    except BadValueError:
        return None


def plural(noun: str) -> str:
    """What several of a thing are called in English."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun if has_cjk(noun) else noun + "s"


def _columns(rows: Sequence[Row]) -> tuple[list[Column], tuple[str, ...]]:
    """The columns, without what says that there is no value, and which words said so."""
    names = list(dict.fromkeys(name for row in rows for name in row.values if str(name).strip()))
    missing: set[str] = set()
    columns = []
    for name in names:
        present = [row.values[name] for row in rows if not _is_empty(row.values.get(name))]
        empty = {str(v).strip() for v in present if isinstance(v, str) and v.strip().casefold() in NOTHING}
        # Among words "None" may be a name; what is only rarely there, or beside numbers, is not.
        nothing = {word for word in empty if _says_nothing(word, present)}
        missing |= nothing
        columns.append(Column(str(name), [v for v in present if str(v).strip() not in nothing], len(rows)))
    return columns, tuple(sorted(missing))


def _odd_words(guesses: Sequence[Guess]) -> Iterable[str]:
    """Words among numbers, as "free" among prices: no value, unless another column has them, too."""
    for guess in guesses:
        if guess.part != "field" or guess.spec is None or guess.spec.type not in ("int", "float"):
            continue
        spec, others = guess.spec, [one.column.counts for one in guesses if one is not guess]
        odd = [text for text in guess.column.counts if read_value(text, spec) is None]
        if len(odd) <= MOST_ODD_WORDS:
            yield from (word for word in odd if not any(word in counts for counts in others))


def _says_nothing(word: str, present: Sequence[Any]) -> bool:
    distinct = {str(value).strip() for value in present}
    return len(distinct) > 2 and word.casefold() not in TRUTHS


def _is_empty(value: Any) -> bool:
    return (
        value is None
        or value != value
        or value in ("", [], {})
        or (isinstance(value, str) and not value.strip())
    )


def _has_html(column: Column) -> bool:
    return column.share(lambda value: isinstance(value, str) and _HTML.search(value) is not None) > 0.01


def _names(column: Column, part: Part) -> bool:
    return column.snake in PARTS[part] or column.name in PARTS[part]


def _called(path: Path, columns: Sequence[Column]) -> tuple[str, str, str]:
    """The catalogue's name, and what one and several of its items are called."""
    stem = path.name.split(".")[0]
    file_words = re.findall(r"[^\W\d_]+", f"{path.resolve().parent.name} {stem}".casefold())
    own_words = re.findall(r"[^\W\d_]+", stem.casefold())
    column_words = {word for column in columns for word in (*column.words, column.name)}
    constants = {text.casefold() for column in columns if len(column.counts) == 1 for text in column.counts}

    def telling(words: Sequence[str]) -> int:
        return (
            4 * len(set(words) & set(own_words))
            + 2 * len(set(words) & set(file_words))
            + len(set(words) & column_words)
            + 3 * len(set(words) & constants)
        )

    (noun, nouns), words = max(NOUNS.items(), key=lambda entry: telling(entry[1]))
    if not set(words) & {*file_words, *constants} and _is_plural(stem):
        noun, nouns = singular(stem.lower()), stem.lower()
    elif not telling(words):
        noun, nouns = "item", "items"
    ascii_stem = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9-]+", "-", ascii_stem).strip("-").lower()[:64] or nouns
    return name, noun, nouns


def _is_plural(stem: str) -> bool:
    """Whether a file is called after the things in it, as "teas" is, and not as any file could be."""
    return stem.isalpha() and stem.islower() and singular(stem) != stem and stem not in FILE_WORDS


def _parts(columns: Sequence[Column], noun: str) -> dict[str, Part]:
    """The columns of id, title, description and other titles, as far as there are such."""
    found: dict[str, Part] = {}
    finders: tuple[tuple[Part, Callable[[Sequence[Column], str], Column | None]], ...] = (
        ("title", _title_among),
        ("id", _id_among),
        ("description", _description_among),
        ("aliases", _aliases_among),
    )
    for part, find in finders:
        column = find([one for one in columns if one.name not in found], noun)
        if column is not None:
            found[column.name] = part
    return found


def _title_among(columns: Sequence[Column], noun: str) -> Column | None:
    fit = [
        column
        for column in columns
        if column.filled > 0.8 and column.distinct > 0.5 and column.length < 150 and _is_text(column)
    ]
    best = _first_named(fit, (*PARTS["title"], f"{noun}_title", f"{noun}_name", noun))
    ended = [
        one for one in fit if one.words and one.words[-1] in ("title", "name") and not _names(one, "aliases")
    ]
    plain = [one for one in fit if one.distinct > 0.9 and one.length > 3 and not _is_address(one)]
    last = max(columns, key=lambda column: column.filled * column.distinct, default=None)
    return best or next(iter([*ended, *plain]), last)


def _id_among(columns: Sequence[Column], noun: str) -> Column | None:
    fit = [
        column
        for column in columns
        if column.filled == 1 and column.distinct == 1 and max(map(len, column.texts)) <= LONGEST_ID
        and not any(isinstance(value, list | dict | bool) for value in column.values[:100])
    ]  # fmt: skip
    best = _first_named(fit, (*PARTS["id"], f"{noun}_id"))
    return best or next((one for one in fit if set(one.words) & IDENTIFIERS), None)


def _description_among(columns: Sequence[Column], _noun: str) -> Column | None:
    texts = [
        one for one in columns if one.values and _is_text(one) and not _is_address(one) and one.length > 20
    ]
    best = _first_named(texts, PARTS["description"])
    if best is not None:
        return best
    long = [one for one in texts if one.length > SENTENCE and one.distinct > 0.3 and one.filled > 0.2]
    long = [
        one for one in long if _mean(len(text.split()) for text in one.texts) > 8 or has_cjk(one.texts[0])
    ]
    long = [one for one in long if _known(one) is None and _separator(one) is None and not _holds_lists(one)]
    return max(long, key=lambda one: one.length, default=None)


def _aliases_among(columns: Sequence[Column], _noun: str) -> Column | None:
    return _first_named([one for one in columns if one.values], PARTS["aliases"])


def _first_named(columns: Sequence[Column], names: Iterable[str]) -> Column | None:
    """The column that has the earliest of `names`."""
    by_name = {column.name: column for column in columns} | {column.snake: column for column in columns}
    return next((by_name[name] for name in names if name in by_name), None)


def _guess(column: Column, part: Part | None, titles: set[str]) -> Guess:
    if part is not None:
        return Guess(column, part)
    guess = field_guess(column)
    why = _why_not(column, guess.spec, titles)
    return replace(guess, part="out", why=why) if why else guess


def _why_not(column: Column, spec: FieldSpec | None, titles: set[str]) -> str:
    """Why a column is of no use in a conversation; empty when it is of use."""
    words = set(column.words) | {column.name}
    commonest = column.counts.most_common(1)
    if not column.values:
        return "empty"
    if column.filled < FEW:
        return "hardly ever filled"
    if column.share(lambda value: isinstance(value, dict)) > 0.5:
        return "records within records"
    if _is_address(column):
        return "web addresses or file names"
    if words & PRIVATE:
        return "not for finding things"
    if words & IDENTIFIERS and column.distinct > 0.5:
        return "identifiers"
    if spec is not None and spec.type in ("int", "float") and _is_count(column):
        return "counts"
    if spec is not None and spec.type == "list" and titles:
        lists = (read_value(value, spec) for value in column.values[:SOME])
        listed = {text for one in lists if isinstance(one, list) for text in one}
        if len(listed & titles) > 0.3 * len(listed):
            return "names other items"
    if spec is not None and spec.type == "bool":
        return ""
    if commonest[0][1] > ONE_VALUE * len(column.values) and column.filled > ONE_VALUE:
        return "the same nearly everywhere"
    if spec is not None and spec.type == "text" and column.length > LONG_TEXT:
        return "long text"
    return ""


def _is_count(column: Column) -> bool:
    words = column.words
    histogram = re.fullmatch(r"(?:ratings?|stars?|votes?)_?\d+", column.snake) is not None
    return _known(column) is None and (histogram or bool(set(words) & COUNTS))


def _is_text(column: Column) -> bool:
    def worded(value: Any) -> bool:
        return isinstance(value, str) and any(letter.isalpha() for letter in value)

    return column.share(worded) > 0.9 and not _holds_lists(column)


def _holds_lists(column: Column) -> bool:
    return column.share(lambda value: isinstance(value, list) or _is_written_list(value)) > 0.8


def _is_written_list(value: Any) -> bool:
    text = value.strip() if isinstance(value, str) else ""
    return text[:1] == "[" and text[-1:] == "]"


def _is_address(column: Column) -> bool:
    def address(value: Any) -> bool:
        return isinstance(value, str) and bool(
            _WEB.fullmatch(value.strip()) or _FILE.fullmatch(value.strip())
        )

    return column.share(address) > 0.5


def _known(column: Column) -> Known | None:
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


def _spec(column: Column) -> FieldSpec:
    """The type that nearly all values have, the narrowest first."""
    if not column.values:
        return FieldSpec(type="text")
    if _holds_lists(column):
        return FieldSpec(type="list")
    known = _known(column)
    kinds: list[FieldType] = ["bool", "int", "float", "date"]
    for kind in kinds:
        spec = _fitted(column, kind)
        share = _reads(column, spec)
        if share < (NEARLY_ENOUGH if _is_numeric(known) and kind in ("int", "float") else ENOUGH):
            continue
        # Fractions among whole numbers are no odd words.
        if kind == "int" and _reads(column, _fitted(column, "float")) > share:
            continue
        if _is_plausible(column, kind, known):
            return spec
    separator = _separator(column)
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


def _fitted(column: Column, kind: FieldType) -> FieldSpec:
    """A specification of type `kind` with the notation that reads most of the values."""
    if kind == "list":
        return FieldSpec(type="list", separator=_separator(column, least=0.0))
    choices = [FieldSpec(type=kind)]
    known = _known(column)
    unit = _unit(column, choices[0], known)
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
    return _mean(map(readable, column.different))


def _separator(column: Column, least: float = 0.1) -> str | None:
    """What parts the values of a cell, where enough cells have it and the parts come up again."""
    if least and column.length > 2 * SENTENCE and _known(column) is None:
        return None
    for separator in SEPARATORS:
        parted = [text.split(separator) for text in column.texts if separator in text]
        if not parted or len(parted) < least * len(column.texts):
            continue
        parts = [part.strip() for cell in parted for part in cell]
        if not least:
            return separator
        short = _mean(len(part.split()) for part in parts) <= 3.5 and _mean(map(len, parts)) <= 30
        again = len(set(parts)) / len(parts)
        known = _known(column)
        sure = separator in ("|", ";", "、", "；", " > ")
        often = len(parted) > 0.5 * len(column.texts)
        if short and again <= (
            0.95 if (known and known.listed) or (sure and often) else 0.7 if sure else 0.4
        ):
            return separator
    return None


def _unit(column: Column, spec: FieldSpec, known: Known | None) -> str | None:
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


def _language_names(column: Column, spec: FieldSpec) -> dict[str, str]:
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


def _place(guess: Guess) -> tuple[int, int]:
    """Fields that many catalogues have first, in their order; then what groups items, then the rest."""
    kinds: list[FieldType] = ["category", "list", "bool", "int", "float", "date", "text"]
    known = [one.name for one in KNOWN]
    place = known.index(guess.name) if guess.name in known else len(known)
    return place, kinds.index(guess.spec.type) if guess.spec else len(kinds)


def _distinctly_named(guesses: Sequence[Guess]) -> list[Guess]:
    """Of several columns of one kind the best filled takes its name; the others keep their own."""
    taken: set[str] = set()
    named: dict[str, Guess] = {}
    for guess in sorted(guesses, key=lambda one: -one.column.filled):
        if guess.part in ("field", "out") and guess.spec is not None:
            name = guess.name
            if name in taken and guess.part == "field":
                name = guess.column.snake if guess.column.snake not in taken else f"{guess.column.snake}_"
                column = None if name == guess.column.name else guess.column.name
                spec = guess.spec.model_copy(update={"column": column, "aliases": []})
                guess = replace(guess, name=name, spec=spec)
            if guess.part == "field":
                taken.add(guess.name)
        named[guess.column.name] = guess
    return [named[guess.column.name] for guess in guesses]


def _mean(numbers: Iterable[float]) -> float:
    listed = list(numbers)
    return sum(listed) / len(listed) if listed else 0.0
