"""The shipped model's text layout: how a conversation becomes a prompt, and what its marks mean.

Knows `prompts/` and nothing of tensors. The recipe in `training/` renders its examples with these same
functions, so the model is asked in service exactly as it was taught.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from langchain_core.prompts import PromptTemplate

import prompts

_LAYOUT = prompts.layout()
MARKS: dict[str, str] = _LAYOUT["marks"]
ACTS: tuple[str, ...] = tuple(_LAYOUT["acts"])
SLOTS: tuple[str, ...] = tuple(_LAYOUT["slots"])
PLACEHOLDERS: tuple[str, ...] = tuple(_LAYOUT["placeholders"])
TASKS: tuple[str, ...] = tuple(_LAYOUT["tasks"])

READ = PromptTemplate.from_template(prompts.text("read.txt"))
WRITE = PromptTemplate.from_template(prompts.text("write.txt"))

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    text: str


def act_token(act: str) -> str:
    return f"<|act:{act}|>"


def slot_token(slot: str) -> str:
    return f"<|{slot}|>"


def placeholder(name: str) -> str:
    return f"[{name}]"


def special_tokens() -> list[str]:
    """Every mark that must be one token, in the order in which the tokenizer holds them."""
    return [
        *MARKS.values(),
        *map(act_token, ACTS),
        *map(slot_token, SLOTS),
        *map(placeholder, PLACEHOLDERS),
    ]


def neutral(text: str) -> str:
    """`text` unable to spell a mark; character positions are kept, so spans still point into the original."""
    return re.sub(r"\s", " ", text.replace("<|", "<¦").replace("[", "(").replace("]", ")").replace("\0", " "))


def last_words(text: str, limit: int) -> tuple[str, int]:
    """The last `limit` words of `text` and the position at which they start."""
    starts = [match.start() for match in re.finditer(r"\S+", text)]
    start = starts[-limit] if len(starts) > limit else 0
    return text[start:], start


def _first_words(text: str, limit: int) -> str:
    words = text.split()
    return " ".join(words[:limit])


def render_history(history: Sequence[Message]) -> str:
    recent = history[-_LAYOUT["history_messages"] :]
    return "".join(
        f"{MARKS[message.role]} {_first_words(neutral(message.text), _LAYOUT['history_words'])}"
        for message in recent
    )


def render_read(history: Sequence[Message], utterance: str) -> tuple[str, int]:
    """The reading prompt, and how many leading characters of `utterance` were too many to be read."""
    words, start = last_words(neutral(utterance), _LAYOUT["utterance_words"])
    prompt = READ.format(
        history=render_history(history),
        utterance=" " + words,
        acts="".join(map(act_token, ACTS)),
    )
    return prompt, start


def render_write(task: str, noun: str, facts: Iterable[str], utterance: str = "") -> str:
    """The writing prompt: what kind of sentence, about which kind of thing, from which facts."""
    said = ""
    if utterance:
        said = f"{MARKS['now']} {last_words(neutral(utterance), 40)[0]}"
    return WRITE.format(task=task, noun=noun, facts="".join(map(placeholder, facts)), utterance=said)
