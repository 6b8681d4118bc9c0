"""Pages of the documentation that are written from the code at every build: an mkdocs hook.

`<!-- settings -->`, `<!-- actions -->` and `<!-- commands -->` on a page are replaced by the reference of the
settings, of the actions known from the start, and of the command line, so none of them can go stale.
"""

import ast
import inspect
import re
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.settings import PREFIX, Settings
from ranking.actions import DEFAULT_ACTIONS

ROOT = Path(__file__).parent.parent
KINDS = {
    str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Path: "path",
    SecretStr: "secret text",
}  # fmt: skip
BOUNDS = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
ANY = "NAME"
PICTURE = re.compile(r'<img alt="[^"]*" src="(?P<file>[\w/.-]+\.svg)"[^>]*>')


def on_page_markdown(markdown: str, **_: Any) -> str:
    """mkdocs calls this with the text of every page."""
    for marker, written in REFERENCES.items():
        if marker in markdown:
            markdown = markdown.replace(marker, written())
    return markdown


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Pictures go into the page itself, where their colours follow its light and dark scheme."""

    def drawing(found: re.Match[str]) -> str:
        name = found["file"].rsplit("/", 1)[-1]
        return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")

    return PICTURE.sub(drawing, html)


@cache
def settings_reference() -> str:
    """Every key of the settings tree: meaning, type, default, variable."""
    top = "\n".join(["## Top level\n", *_entries(Settings, ())])
    return "\n\n".join([top, *_sections(Settings, ())])


@cache
def actions_reference() -> str:
    """A table of the actions that need no declaration."""
    rows = ["| action | says | other words for it | recommended again? |", "|---|---|---|---|"]
    for name, action in DEFAULT_ACTIONS.items():
        weight = "its value" if action.by_value else f"{action.sign * action.weight:+g}"
        words = ", ".join(f"`{word}`" for word in action.aliases)
        again = "no" if action.consumed or action.hides else "yes"
        rows.append(f"| `{name}` | {weight} | {words} | {again} |")
    return "\n".join(rows)


@cache
def command_reference() -> str:
    """Every command with its options, in Typer's own words."""
    ask = [sys.executable, "-m", "typer", "bot.cli", "utils", "docs", "--name", "parley"]
    told = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    commands = told[told.index("## ") :]  # the head of it is written by hand on the page
    return commands.replace(f"{ROOT}/", "").strip()


REFERENCES: dict[str, Callable[[], str]] = {
    "<!-- settings -->": settings_reference,
    "<!-- actions -->": actions_reference,
    "<!-- commands -->": command_reference,
}


def _sections(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner, step = _model_in(field.annotation)
        if inner is None:
            continue
        place = (*path, name, *step)
        if entries := list(_entries(inner, place)):
            about = inspect.cleandoc(inner.__doc__ or "")
            yield "\n\n".join([f"## {'.'.join(place)}", about, "\n".join(entries)])
        yield from _sections(inner, place)


def _entries(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[str]:
    meanings = _docstrings(model)
    for name, field in model.model_fields.items():
        inner, step = _model_in(field.annotation)
        if inner is not None and not step and field.default is not None:
            continue  # only a section, which follows
        place = (*path, name)
        key = ".".join(place)
        yield f'<code id="{key}">{key}</code>'
        yield f":   {meanings.get(name, '')}<br>"
        yield f"    *{_kind(field)}*; {_default(field)}{_variable(place)}\n"


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The line under each field, by its name."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0].body  # type: ignore[attr-defined]
    found = {}
    for statement, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        match after:
            case ast.Expr(value=ast.Constant(value=str(text))):
                found[statement.target.id] = " ".join(text.split())
    return found


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, tuple[str, ...]]:
    """The settings below an annotation, and the step to them: NAME where any name may stand."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation, ()
    if get_origin(annotation) is dict:
        return _model_in(get_args(annotation)[1])[0], (ANY,)
    for option in get_args(annotation) if _is_union(annotation) else ():
        if (found := _model_in(option))[0] is not None:
            return found
    return None, ()


def _kind(field: FieldInfo) -> str:
    bounds = [
        f"{word} {getattr(limit, name):g}"
        for name, word in BOUNDS
        for limit in field.metadata
        if getattr(limit, name, None) is not None
    ]
    return " ".join([_type_name(field.annotation), ", ".join(bounds)]).strip()


def _type_name(annotation: Any) -> str:
    if _is_union(annotation):
        options = [option for option in get_args(annotation) if option is not types.NoneType]
        return " or ".join(_type_name(option) for option in options)
    origin, inside = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):  # PositiveInt and its kin
        return _kind(FieldInfo.from_annotation(annotation))
    if origin is Literal:
        return "one of " + ", ".join(f"`{option}`" for option in inside)
    if origin in (list, tuple):
        return f"list of {_type_name(inside[0])}"
    if origin is dict:
        return "a section for each name"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return "the section below"
    return KINDS[annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if value == DEFAULT_ACTIONS:
        return "by default [these](own-data.md#actions)"
    if value is None or value in ([], (), {}):
        return "empty by default"
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"default `{shown.lower() if isinstance(value, bool) else shown}`"


def _variable(place: tuple[str, ...]) -> str:
    if ANY in place:
        return ""
    return f"; `{PREFIX}{'__'.join(place).upper()}`"


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)
