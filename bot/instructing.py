"""Asking a model that was not taught our layout: by instruction, with what others wrote marked as theirs.

Knows the prompts and nothing of models. What a person said and what stands in a record may try to give
orders, or to look like an answer; it is cut, and cannot spell a mark, a placeholder or JSON.
"""

from collections.abc import Sequence
from typing import Any

from langchain_core.prompts import PromptTemplate

import prompts
from bot.facts import Fact
from bot.layout import ACTS, SLOTS, Message, neutral, placeholder

MOST_SAID, MOST_EARLIER, MOST_OF_A_FACT = 1500, 200, 240
"""Characters that are quoted: of the message (its last ones), of each message before it, of a fact."""
MESSAGES = 4
"""So many messages before it are quoted."""
JSON_TOKENS = 256

READ = PromptTemplate.from_template(prompts.text("instruct_read.txt"), template_format="jinja2")
WRITE = PromptTemplate.from_template(prompts.text("instruct_write.txt"), template_format="jinja2")

SCHEMA: dict[str, Any] = {
    "title": "reading",
    "description": "What one message to a recommendation assistant means.",
    "type": "object",
    "properties": {
        "acts": {
            "type": "array",
            "items": {"type": "string", "enum": list(ACTS)},
            "minItems": 1,
            "maxItems": 3,
        },
        "spans": {
            "type": "array",
            "maxItems": 8,
            "items": {
                "type": "object",
                "properties": {
                    "slot": {"type": "string", "enum": list(SLOTS)},
                    "words": {"type": "string", "maxLength": 80},
                },
                "required": ["slot", "words"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["acts", "spans"],
    "additionalProperties": False,
}

_HARMLESS = str.maketrans("<>{}", "‹›()")


def as_data(text: str) -> str:
    """`text` as it is quoted; character positions are kept."""
    return neutral(text).translate(_HARMLESS)


def instruct_read(history: Sequence[Message], utterance: str) -> tuple[str, int]:
    """The reading prompt, and how many leading characters of `utterance` were too many to be quoted."""
    said = as_data(utterance)[-MOST_SAID:]
    earlier = (f"{one.role}: {as_data(one.text)[:MOST_EARLIER]}" for one in history[-MESSAGES:])
    return READ.format(history="\n".join(earlier), utterance=said), len(utterance) - len(said)


def instruct_write(
    task: str, kind: str, facts: Sequence[Fact], required: Sequence[str], utterance: str
) -> str:
    """The writing prompt: one sentence from `facts`, of which it must state those named `required`."""
    return WRITE.format(
        task=task,
        kind=kind,
        facts=[(placeholder(fact.name), as_data(fact.words)[:MOST_OF_A_FACT]) for fact in facts],
        required=[placeholder(name) for name in required],
        utterance=as_data(utterance)[-MOST_EARLIER:],
    )
