"""What the columns of a catalogue file are, guessed from their names and from what stands in them.

A guess is made to be looked at and corrected by a person; what cannot be known is left out.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from retrieval.column_words import (
    FILE_WORDS,
    IDENTIFIERS,
    KNOWN,
    NOUNS,
    PARTS,
    PRIVATE,
    Part,
)
from retrieval.columns import (
    LONG_TEXT,
    MOST_ODD_WORDS,
    SENTENCE,
    SOME,
    Column,
    fitted,
    has_html,
    holds_lists,
    is_address,
    is_count,
    is_empty,
    is_text,
    known_of,
    language_names,
    mean,
    read_value,
    separator_of,
    spec_of,
    unit_of,
)
from retrieval.errors import IngestError
from retrieval.items import RESERVED, CatalogueConfig, FieldSpec, FieldType, Item
from retrieval.parsing import LONGEST_ID, TRUTHS, BadValueError, item_of
from retrieval.rows import BadRow, Row, read_rows
from retrieval.text import has_cjk, singular

ROWS = 20_000
"""So many rows are looked at."""
NOTHING = frozenset(
    {"n/a", "na", "null", "none", "nan", "\\n", "-", "--", "?", "unknown", "nil", "暂无", "无数据"}
)
ONE_VALUE = 0.97
"""A field in which one value has such a share tells items hardly apart."""
FEW = 0.02
"""A column filled less than that is left out."""
PartOrField = Literal["id", "title", "description", "aliases", "field", "out"]


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
    html = any(column.length > SENTENCE and has_html(column) for column in columns)
    html = html or any(_names(column, "title") and has_html(column) for column in columns)
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
    spec = spec_of(column) if kind is None else fitted(column, kind)
    known = known_of(column)
    unit = unit_of(column, spec, known)
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
        spec = spec.model_copy(update={"labels": language_names(column, spec)})
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
        present = [row.values[name] for row in rows if not is_empty(row.values.get(name))]
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
        if column.filled > 0.8 and column.distinct > 0.5 and column.length < 150 and is_text(column)
    ]
    best = _first_named(fit, (*PARTS["title"], f"{noun}_title", f"{noun}_name", noun))
    ended = [
        one for one in fit if one.words and one.words[-1] in ("title", "name") and not _names(one, "aliases")
    ]
    plain = [one for one in fit if one.distinct > 0.9 and one.length > 3 and not is_address(one)]
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
        one for one in columns if one.values and is_text(one) and not is_address(one) and one.length > 20
    ]
    best = _first_named(texts, PARTS["description"])
    if best is not None:
        return best
    long = [one for one in texts if one.length > SENTENCE and one.distinct > 0.3 and one.filled > 0.2]
    long = [one for one in long if mean(len(text.split()) for text in one.texts) > 8 or has_cjk(one.texts[0])]
    long = [
        one for one in long if known_of(one) is None and separator_of(one) is None and not holds_lists(one)
    ]
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
    if is_address(column):
        return "web addresses or file names"
    if words & PRIVATE:
        return "not for finding things"
    if words & IDENTIFIERS and column.distinct > 0.5:
        return "identifiers"
    if spec is not None and spec.type in ("int", "float") and is_count(column):
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
