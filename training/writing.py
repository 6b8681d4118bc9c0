"""What the writer learns from: our own delexicalised replies."""

import random
import re
from dataclasses import dataclass

from bot.layout import PLACEHOLDERS
from training.sources import LABELS, read_jsonl

_NOUNS = {
    "film": {
        "film",
        "films",
        "movie",
        "movies",
        "watch",
        "watching",
        "viewing",
        "screen",
        "actors",
        "directed",
    },
    "book": {"book", "books", "read", "reading", "novel", "written", "author"},
    "place": {"restaurant", "table", "eat", "eating", "dinner", "lunch", "food", "cooking", "kitchen"},
    "product": {"product", "bag", "shop", "wear", "costs", "priced", "buy"},
}
_NOUN_FACTS = {
    "film": {"DIRECTOR", "CAST", "RUNTIME"},
    "book": {"AUTHOR"},
    "place": {"CUISINE", "AREA"},
    "product": {"CATEGORY", "BRAND", "COLOUR", "MATERIAL", "PRICE"},
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One sentence to write: its task, the kind of thing it is about, its facts and its words."""

    task: str
    noun: str
    facts: tuple[str, ...]
    text: str
    user: str = ""


def own_replies() -> list[Reply]:
    return [
        Reply(
            row["task"],
            noun_of(row["text"], row["facts"]),
            tuple(row["facts"]),
            row["text"],
            row.get("user", ""),
        )
        for row in read_jsonl(LABELS / "replies.jsonl")
    ]


def noun_of(text: str, facts: list[str]) -> str:
    """What a sentence is about: by its facts, else by its words, else any item."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    for nouns in (_NOUN_FACTS, _NOUNS):
        for noun, marks in nouns.items():
            if marks & (set(facts) if nouns is _NOUN_FACTS else words):
                return noun
    return "item"


def shuffled_facts(reply: Reply, rng: random.Random) -> list[str]:
    """The facts in random order, sometimes with one more that the sentence leaves unused."""
    facts = list(dict.fromkeys(reply.facts))
    if reply.task in ("item", "why") and rng.random() < 0.25:
        spare = [name for name in PLACEHOLDERS[2:13] if name not in facts]
        facts.append(rng.choice(spare))
    rng.shuffle(facts)
    return facts
