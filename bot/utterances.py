"""`parley understand`: utterances from a JSONL file to their intents in another."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import MessageError
from bot.layout import Message

if TYPE_CHECKING:
    from bot.service import Parley


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    role: Literal["user", "assistant"]
    text: str


class _Shown(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    item_id: str
    title: str


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str
    history: list[_Said] = Field(default_factory=list)
    shown: list[_Shown] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said, after which conversation and with which items (id and title) in view."""

    text: str
    history: tuple[Message, ...]
    shown: tuple[tuple[str, str], ...]


def read_utterances(path: Path) -> list[Utterance]:
    """Every line of the file. Raises MessageError naming the line that cannot be used."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise MessageError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MessageError(f"{str(path)!r} is not text in UTF-8") from error
    return [_utterance(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def write_intents(
    parley: "Parley", utterances: Sequence[Utterance], path: Path, progress: Callable[[int], None]
) -> int:
    """Write each utterance's intent; the file is there only once it is whole."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            for one in utterances:
                intent = parley.understand(one.text, history=one.history, shown=one.shown)
                file.write(json.dumps(intent.as_dict(), ensure_ascii=False) + "\n")
                progress(1)
        os.replace(unfinished, path)
    except OSError as error:
        raise MessageError(f"{str(path)!r} cannot be written: {error.strerror}") from error
    return len(utterances)


def _utterance(path: Path, number: int, line: str) -> Utterance:
    try:
        read = _Line.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"{where} {first['msg']}".strip()
        raise MessageError(f"{str(path)!r}, line {number}: {reason}") from error
    history = tuple(Message(said.role, said.text) for said in read.history)
    return Utterance(read.text, history, tuple((shown.item_id, shown.title) for shown in read.shown))
