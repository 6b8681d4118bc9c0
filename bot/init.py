"""`parley init`: a catalogue file becomes a configuration, by guesses that a person confirms or corrects.

Every question has an answer that Enter takes. Knows the conversation and the YAML; what a column is,
`retrieval.guess` says.
"""

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import yaml
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from bot.errors import SettingsError
from bot.plain import plain
from ranking.guess import EventsGuess, guess_events
from retrieval.columns import read_value
from retrieval.errors import IngestError
from retrieval.guess import (
    CatalogueGuess,
    Guess,
    assigned,
    config_of,
    field_guess,
    guess_catalogue,
    plural,
    replaced,
    try_out,
)
from retrieval.items import RESERVED, CatalogueConfig, FieldSpec, FieldType, Item
from retrieval.rows import SUFFIXES

NONE = "-"
TYPES: tuple[FieldType, ...] = get_args(FieldType)
REJECTS_SHOWN = 3
LONGEST_EXAMPLE, SHORTEST_EXAMPLES = 32, 24
BEHAVIOUR = ("events", "ratings", "interactions", "behaviour", "behavior", "clicks", "purchases", "orders")
"""How files beside a catalogue are called that tell who did what."""
RATED_TO_FIVE = 5.0

Check = Callable[[str], str | None]
"""What is wrong with an answer, or None."""


class Asker:
    """Asks on the terminal; takes every default when told to, or when nobody answers any more."""

    def __init__(self, console: Console, *, takes_defaults: bool = False) -> None:
        self.console = console
        self.takes_defaults = takes_defaults

    def ask(self, question: str, default: str, check: Check = lambda _answer: None) -> str:
        """The answer, asked for until it passes `check`; Enter gives the default."""
        while not self.takes_defaults:
            shown = f" [{default}]" if default else ""
            try:
                # The prompt goes through input(), so that editing a line does not wipe it away.
                answer = input(f"{question}{shown}: ").strip() or default
                if not sys.stdin.isatty():
                    print(answer)  # so that what a pipe answers stands where a person would have typed it
            except EOFError:
                self.console.print()
                break
            wrong = check(answer)
            if wrong is None:
                return answer
            self.console.print(plain(f"  {wrong}", "yellow"))
        self.takes_defaults = True
        wrong = check(default)
        if wrong is not None:
            raise SettingsError(f"{question}: {wrong}")
        return default

    def agree(self, question: str, *, default: bool) -> bool:
        def is_yes_or_no(answer: str) -> str | None:
            return None if answer.lower() in ("y", "yes", "n", "no") else "Answer y or n."

        answer = self.ask(f"{question} (y or n)", "y" if default else "n", is_yes_or_no)
        return answer.lower() in ("y", "yes")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A behaviour file and how it is read."""

    path: Path
    guess: EventsGuess


def make_config(
    console: Console, asker: Asker, items: Path | None, events: Path | None, target: Path | None
) -> Path:
    """Lead from a catalogue file to a YAML file of settings; the file written.

    Raises IngestError when a file cannot be used, SettingsError when there is nothing to go by.
    """
    guess = guess_catalogue(items) if items is not None else _asked_catalogue(asker)
    _show_columns(console, guess)
    guess = _corrected(console, asker, guess)
    made, refused = try_out(guess)
    if not made:
        line, reason = refused[0]
        raise IngestError(guess.path, line, f"no row can be used: {reason}")
    _show_outcome(console, guess, made, refused)
    behaviour = _behaviour(console, asker, guess, [item.item_id for item in made], events)
    written = _target(asker, guess, target)
    text = yaml_of(guess, behaviour, written)
    if CatalogueConfig.model_validate(yaml.safe_load(text)["catalogue"]) != config_of(guess):
        raise SettingsError(f"{guess.path.name} has names that the config cannot carry; please report it")
    written.write_text(text, encoding="utf-8")
    _show_next(console, written)
    return written


def yaml_of(guess: CatalogueGuess, behaviour: Behaviour | None, target: Path) -> str:
    """The settings, commented; only what differs from the defaults, and what is worth a look."""
    lines = [
        f"# {guess.nouns.capitalize()} from {guess.path.name}, as `parley init` understood them.",
        "# Change what you like; after a change, run `parley ingest` with this file again.",
        f"state_dir: {_flow(str(Path('.parley') / guess.name))}  # everything that Parley keeps",
        "",
        "data:  # paths start at this file",
        f"  items: {_flow(_beside(guess.path, target))}",
    ]
    if behaviour is not None:
        lines.append(f"  events: {_flow(_beside(behaviour.path, target))}")
    lines += ["", "catalogue:", *(f"  {line}" for line in _catalogue_lines(guess))]
    if behaviour is not None:
        lines += _action_lines(behaviour.guess)
    return "\n".join(lines) + "\n"


def _catalogue_lines(guess: CatalogueGuess) -> list[str]:
    config = config_of(guess)
    lines = [f"{part}: {_flow(getattr(config, part))}" for part in ("name", "noun", "nouns")]
    notes = {"id_column": "ids are made from the titles", "description_column": "the file has none"}
    for part in ("id_column", "title_column", "description_column", "aliases_column"):
        column = getattr(config, part)
        if column != type(config).model_fields[part].default:
            note = f"  # {notes[part]}" if column is None else ""
            lines.append(f"{part}: {_flow(column)}{note}")
    if config.missing:
        lines.append(f"missing: {_flow(config.missing)}  # cells that hold no value")
    if config.html:
        lines.append("html: true  # of texts in HTML only the words are kept")
    if config.fields:
        lines += [
            "# `aliases` are other words for a field; one with `filter: false` is shown and searched only.",
            "fields:",
        ]
        lines += [f"  {_flow(name)}: {_flow(_said(spec))}" for name, spec in config.fields.items()]
    else:
        lines.append("fields: {}")
    out = [f"{one.column.name} ({one.why})" for one in guess.guesses if one.part == "out"]
    return [*lines, *_wrapped("# Left out: ", out)]


def _action_lines(guess: EventsGuess) -> list[str]:
    named = guess.columns.model_dump(exclude_defaults=True)
    if guess.columns.action is not None:
        named.pop("always", None)
    lines = [f"  columns: {_flow(named)}"] if named else []
    if guess.best is not None and guess.best > RATED_TO_FIVE:
        lines.append(f"  rating_midpoint: {guess.best * 0.6:g}  # says neither yes nor no")
        lines.append(f"  rating_best: {guess.best:g}")
    return ["", "actions:", *lines] if lines else []


def _said(spec: FieldSpec) -> dict[str, Any]:
    """What of a field's specification is worth writing: its type, and what is no default."""
    return {"type": spec.type} | spec.model_dump(exclude_defaults=True)


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def _wrapped(start: str, parts: Sequence[str], width: int = 110) -> list[str]:
    """Comment lines that name the parts."""
    lines: list[str] = []
    for part in (f"{part}," for part in parts[:-1]):
        _append(lines, start, part, width)
    for part in parts[-1:]:
        _append(lines, start, f"{part}.", width)
    return lines


def _append(lines: list[str], start: str, part: str, width: int) -> None:
    if not lines:
        lines.append(start + part)
    elif len(lines[-1]) + len(part) + 1 > width:
        lines.append(f"# {part}")
    else:
        lines[-1] += f" {part}"


def _beside(path: Path, target: Path) -> str:
    """The path as seen from the YAML file, where it is below or near it."""
    absolute, folder = path.resolve(), target.resolve().parent
    relative = Path(os.path.relpath(absolute, folder))
    return str(relative if relative.parts.count("..") <= 1 else absolute)


def _asked_catalogue(asker: Asker) -> CatalogueGuess:
    found: dict[str, CatalogueGuess] = {}

    def check(answer: str) -> str | None:
        if not answer:
            return "name a CSV, TSV, JSON, JSONL or Parquet file, as in `parley init books.csv`"
        try:
            found[answer] = guess_catalogue(_path(answer))
        except IngestError as error:
            return str(error)
        return None

    here = sorted(one.name for one in Path.cwd().iterdir() if one.name.lower().endswith(SUFFIXES))
    return found[asker.ask("Catalogue file", here[0] if len(here) == 1 else "", check)]


def _path(answer: str) -> Path:
    return Path(answer.strip("'\"")).expanduser()


def _show_columns(console: Console, guess: CatalogueGuess) -> None:
    rows = f"{len(guess.rows):,} rows" if guess.complete else f"the first {len(guess.rows):,} rows"
    console.print(
        plain(f"{guess.path.name}: {rows}, {len(guess.guesses)} columns. This is how I understand them:")
    )
    kept = [one for one in guess.guesses if one.part != "out"]
    shown = [*kept, *(one for one in guess.guesses if one.part == "out")]
    cells = [(one.column.name, _taken_as(one), f"{one.column.filled:.0%}") for one in shown]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    room = max(SHORTEST_EXAMPLES, console.width - sum(widths) - 12)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("column", "taken as"):
        table.add_column(header, no_wrap=True)
    table.add_column("filled", justify="right")
    table.add_column("examples", no_wrap=True)
    for one, row in zip(shown, cells, strict=True):
        examples = plain(" · ".join(_clipped(text) for text in _examples(one)))
        examples.truncate(room, overflow="ellipsis")
        table.add_row(*map(plain, row), examples, style="dim" if one.part == "out" else "")
    console.print(table)
    for note in _notes(guess):
        console.print(plain(f"note: {note}", "yellow"))
    console.print()


def _taken_as(guess: Guess) -> str:
    if guess.part == "out":
        return f"left out: {guess.why}" if guess.why else "left out"
    if guess.part != "field" or guess.spec is None:
        return guess.part if guess.part != "aliases" else "other titles"
    spec = guess.spec
    named = "" if guess.name == guess.column.name else f"{guess.name}: "
    unit = f", {spec.unit}" if spec.unit and spec.unit != spec.role_of(guess.name) else ""
    parted = f" parted by “{spec.separator.strip() or spec.separator}”" if spec.separator else ""
    return f"{named}{spec.type}{parted}{unit}{'' if spec.filter else ', no filter'}"


def _examples(guess: Guess) -> list[str]:
    """Three values, as they will be read."""
    spec = guess.spec or FieldSpec(type="list" if guess.part == "aliases" else "text")
    examples = guess.column.examples()
    if guess.part not in ("field", "aliases"):
        return [str(raw) for raw in examples]
    read = (read_value(raw, spec) for raw in examples)
    return [", ".join(one) if isinstance(one, list) else str(one) for one in read if one is not None]


def _clipped(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_EXAMPLE else flat[: LONGEST_EXAMPLE - 1] + "…"


def _notes(guess: CatalogueGuess) -> Iterable[str]:
    if guess.column_of("id") is None:
        yield "no column holds an id of its own for each row: ids are made from the titles"
    if guess.column_of("description") is None:
        yield "no column holds descriptions: items are found by their titles and fields"
    if guess.missing:
        yield f"{', '.join(map(repr, guess.missing))} is taken for no value"
    if guess.html:
        yield "texts hold HTML: only their words are kept"


def _corrected(console: Console, asker: Asker, guess: CatalogueGuess) -> CatalogueGuess:
    for part, question in (
        ("title", "Title column"),
        ("id", f"Id column ({NONE} makes ids from the titles)"),
        ("description", f"Description column ({NONE} for none)"),
    ):
        guess = _corrected_part(asker, guess, part, question)
    noun = asker.ask("What is one of these called?", guess.noun)
    nouns = guess.nouns if noun == guess.noun else plural(noun)
    guess = replace(guess, noun=noun, nouns=asker.ask("And several?", nouns))
    for one in guess.fields():
        if one.spec is not None and one.spec.role_of(one.name) == "price" and one.spec.unit is None:
            unit = asker.ask(f"Currency of {one.column.name}, such as USD ({NONE} when not known)", NONE)
            guess = replaced(guess, replace(one, spec=one.spec.model_copy(update={"unit": _given(unit)})))
    return _corrected_columns(console, asker, guess)


def _corrected_part(asker: Asker, guess: CatalogueGuess, part: Any, question: str) -> CatalogueGuess:
    columns = [one.column.name for one in guess.guesses]
    now = guess.column_of(part) or NONE

    def check(answer: str) -> str | None:
        if answer == NONE and part != "title":
            return None
        if answer not in columns:
            return f"There is no such column; there are {', '.join(columns)}."
        column = next(one.column for one in guess.guesses if one.column.name == answer)
        if part == "id" and (column.distinct < 1 or column.filled < 1):
            return f"{answer} is empty or the same in some rows: an id must be there, and another for each."
        return None

    answer = asker.ask(question, now, check)
    return guess if answer == now else assigned(guess, part, _given(answer))


def _corrected_columns(console: Console, asker: Asker, guess: CatalogueGuess) -> CatalogueGuess:
    def check(answer: str) -> str | None:
        if not answer or guess.of(answer) is not None:
            return None
        return f"There is no such column; there are {', '.join(one.column.name for one in guess.guesses)}."

    while column := asker.ask("A column to change (Enter goes on)", "", check):
        chosen = guess.of(column)
        if chosen is None:
            break
        taken = {one.name for one in guess.fields() if one.column.name != column}
        guess = replaced(guess, _corrected_column(asker, chosen, taken))
        changed = guess.of(column)
        console.print(plain(f"  {column} is now {_taken_as(changed) if changed else 'left out'}"))
    return guess


def _corrected_column(asker: Asker, guess: Guess, taken: set[str]) -> Guess:
    now = guess.spec.type if guess.part == "field" and guess.spec is not None else NONE

    def is_kind(answer: str) -> str | None:
        return None if answer in (*TYPES, NONE) else f"One of {', '.join(TYPES)} or {NONE}."

    kind = asker.ask(f"  Take it as {', '.join(TYPES)}, or {NONE} to leave it out", now, is_kind)
    if kind == NONE:
        return Guess(guess.column, "out", guess.name, guess.spec, "as you said")
    chosen = next(one for one in TYPES if one == kind)
    guess = guess if kind == now else field_guess(guess.column, chosen)
    spec = guess.spec or FieldSpec(type=chosen)

    def free(answer: str) -> str | None:
        if answer in taken or answer in RESERVED:
            return f"{answer} is the name of something else already."
        return None

    name = asker.ask("  Called", guess.name, free)
    update: dict[str, Any] = {"column": None if name == guess.column.name else guess.column.name}
    if kind == "list":
        update["separator"] = asker.ask("  Its values are separated by", spec.separator or "|")
    if kind in ("int", "float"):
        update["unit"] = _given(
            asker.ask(f"  Unit: minutes, pages, USD... ({NONE} for none)", spec.unit or NONE)
        )
    update["filter"] = asker.agree("  May wishes filter by it?", default=spec.filter)
    words = asker.ask(f"  Other words for it, with commas ({NONE} for none)", ", ".join(spec.aliases) or NONE)
    update["aliases"] = [word.strip() for word in (_given(words) or "").split(",") if word.strip()]
    return Guess(guess.column, "field", name, spec.model_copy(update=update))


def _given(answer: str) -> str | None:
    return None if answer == NONE else answer


def _show_outcome(
    console: Console, guess: CatalogueGuess, made: Sequence[Item], refused: Sequence[tuple[int, str]]
) -> None:
    # Takes seconds to import, and the questions come before it is needed.
    from bot.terminal import item_panel

    console.print()
    if refused:
        console.print(
            plain(f"{len(made):,} of {len(made) + len(refused):,} rows can be used; not these:", "yellow")
        )
        for line, reason in refused[:REJECTS_SHOWN]:
            console.print(plain(f"  line {line}: {reason}"))
    else:
        console.print(
            plain("Every row can be used." if guess.complete else "Every row looked at can be used.")
        )
    fullest = max(made[:200], key=lambda item: sum(value is not None for value in item.fields.values()))
    console.print(plain("So Parley will know one of them:"))
    console.print(item_panel(config_of(guess), fullest))


def _behaviour(
    console: Console, asker: Asker, guess: CatalogueGuess, ids: Sequence[str], given: Path | None
) -> Behaviour | None:
    known = frozenset(ids)
    found: dict[str, EventsGuess | None] = {}

    def check(answer: str) -> str | None:
        if answer == NONE:
            return None
        try:
            found[answer] = guess_events(_path(answer), known)
        except IngestError as error:
            return str(error)
        if found[answer] is None:
            return f"{answer!r} has no column that tells who, or none that tells which item"
        return None

    if given is not None:
        wrong = check(str(given))
        if wrong is not None:
            raise SettingsError(wrong)
        answer = str(given)
    else:
        question = f"Behaviour file, of who liked or bought what ({NONE} for none)"
        answer = asker.ask(question, _behaviour_beside(guess.path, known) or NONE, check)
    events = found.get(answer)
    if events is None:
        return None
    columns = events.columns
    action = f"its {columns.action} column" if columns.action else f"always {columns.always!r}"
    console.print(
        plain(
            f"  who: {columns.user_id}; which: {columns.item_id}; what: {action}; "
            f"{events.known:.0%} of its rows are about items of the catalogue"
        )
    )
    return Behaviour(_path(answer), events)


def _behaviour_beside(path: Path, known: frozenset[str]) -> str | None:
    """A file beside the catalogue that is called like behaviour and is about its items."""
    folder = path.resolve().parent
    for file in sorted(folder.iterdir()):
        name = file.name.lower()
        if name.split(".")[0] not in BEHAVIOUR or not name.endswith(SUFFIXES) or file == path.resolve():
            continue
        try:
            guess = guess_events(file, known)
        except IngestError:
            continue
        if guess is not None and guess.known > 0.5:
            return str(path.parent / file.name)
    return None


def _target(asker: Asker, guess: CatalogueGuess, given: Path | None) -> Path:
    """The file to write; one that is there already is replaced only after a yes."""
    free = given or _unused(guess.name)
    while True:
        path = given or _path(asker.ask("Write the configuration to", str(free), _is_place))
        wrong = _is_place(str(path))
        if wrong is not None:
            raise SettingsError(wrong)
        if not path.exists() or asker.agree(f"{path} is there already. Replace it?", default=False):
            return path
        if given is not None:
            raise SettingsError(
                f"{str(path)!r} is there already and was left as it is; name another with --output"
            )


def _is_place(answer: str) -> str | None:
    path = _path(answer)
    if path.is_dir():
        return f"{answer!r} is a folder; name a file, such as {Path(answer) / 'parley.yaml'}"
    if not path.resolve().parent.is_dir():
        return f"the folder of {answer!r} does not exist"
    return None


def _unused(name: str) -> Path:
    numbered = (Path(f"{name}-{number}.yaml") for number in range(2, 1000))
    return next(path for path in (Path(f"{name}.yaml"), *numbered) if not path.exists())


def _show_next(console: Console, written: Path) -> None:
    config = shlex.quote(str(written))
    console.print()
    console.print(plain(f"Written: {written}. Now bring the data in and open the page, all in one:"))
    console.print(plain(f"  parley demo --config {config}", "bold"))
    console.print(plain("or talk here in the terminal, which brings the data in first, too:"))
    console.print(plain(f"  parley chat --config {config}", "bold"))
