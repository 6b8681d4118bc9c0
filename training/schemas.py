"""Turns made from catalogue schemas: the ways in which people ask about any kind of thing, over many kinds.

`labels/schemas.yaml` holds the kinds and `labels/phrases.yaml` the phrases. A domain that the labels lack
reads well if it looks like one of so many.
"""

import random
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from bot.layout import Message
from training.patterns import parse_marked
from training.sources import LABELS, LabelledTurn


@dataclass(frozen=True, slots=True)
class Schema:
    """One kind of thing, as people speak of it."""

    nouns: list[str]
    before: list[str]
    after: list[str]
    bounds: list[tuple[str, int, int]]
    more: list[str]
    too: list[str]
    without: list[str]
    asks: list[str]
    names: list[str]
    questions: list[str]
    category: bool = False
    """Whether a shop sells it among other things, so that its noun is a wish, too."""


@cache
def _loaded(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((LABELS / name).read_text(encoding="utf-8"))
    return loaded


def _phrase(kind: str, rng: random.Random) -> str:
    found: str = rng.choice(_loaded("phrases.yaml")[kind])
    return found


def _phrase_with_acts(kind: str, rng: random.Random) -> tuple[str, str]:
    pairs = [(acts, phrase) for acts, found in _loaded("phrases.yaml")[kind].items() for phrase in found]
    return rng.choice(pairs)


@cache
def schemas() -> list[Schema]:
    """The invented kinds."""
    return [
        Schema(**{**kind, "bounds": [(text, low, high) for text, low, high in kind["bounds"]]})
        for kind in _loaded("schemas.yaml").values()
    ]


def make_schema_turns(count: int, seed: int) -> list[LabelledTurn]:
    """`count` turns, the same for the same seed."""
    rng = random.Random(seed)
    return [_turn(rng.choice(schemas()), rng) for _ in range(count)]


def _turn(schema: Schema, rng: random.Random) -> LabelledTurn:
    kind = rng.choices(
        ("open", "refine", "retract", "react", "ask", "answer", "taste"), (30, 22, 6, 20, 8, 9, 5)
    )[0]
    fill = _values(schema, rng)
    match kind:
        case "open":
            acts, marked, history = "request", _opening(schema, fill, rng), []
        case "refine":
            acts, marked, history = "refine", _phrase("refinements", rng), _offer(schema, fill, rng)
        case "retract":
            acts, marked, history = "refine", _phrase("retractions", rng), _offer(schema, fill, rng)
        case "react":
            acts, marked = _phrase_with_acts("reactions", rng)
            history = _offer(schema, fill, rng)
        case "ask":
            acts, marked, history = "inquire", _question(schema, rng), _offer(schema, fill, rng)
        case "answer":
            acts, marked = _phrase_with_acts("answers", rng)
            wish = Message("user", f"a {schema.nouns[0]} please")
            history = [wish, Message("assistant", rng.choice(schema.questions))]
        case _:
            acts, marked, history = "inform", _phrase("tastes", rng), []
    text, spans = parse_marked(_filled(marked, fill))
    if rng.random() < 0.3:
        text = text[:1].upper() + text[1:]
    return LabelledTurn(tuple(history), text, tuple(acts.split()), tuple(spans))


def _values(schema: Schema, rng: random.Random) -> dict[str, str]:
    """One value for each name that a phrase may hold."""
    before, before2 = rng.sample(schema.before, 2)
    first, second = rng.sample(_loaded("phrases.yaml")["ordinals"][:5], 2)
    name = rng.choice(schema.names)
    return {
        "before": before,
        "before2": before2,
        "abefore": f"[avoid:{before2}]",
        "after": rng.choice(schema.after),
        "bound": _bound(schema, rng),
        "abound": f"[avoid:over {_amount(*rng.choice(schema.bounds), rng)[0]}]",
        "more": rng.choice(schema.more),
        "too": (too := rng.choice(schema.too)),
        "atoo": f"[avoid:too {too}]",
        "without": (without := rng.choice(schema.without)),
        "avoid": f"[avoid:{without}]",
        "said": before,
        "ref": rng.choice([first, _phrase("ordinals", rng), name, name.lower()]),
        "ref2": second,
        "name": name if rng.random() < 0.6 else name.lower(),
        "nouns": rng.choice(schema.nouns),
        "count": _phrase("counts", rng),
    }


def _amount(text: str, low: int, high: int, rng: random.Random) -> tuple[str, str]:
    """A number with its unit, and a smaller number."""
    number = rng.randint(low, high)
    step = 10 ** max(0, len(str(high)) - 2)
    number = max(low, number // step * step)
    smaller = max(1, number // 2 // step * step) if number > step else number
    return text.format(n=number), str(smaller)


def _bound(schema: Schema, rng: random.Random) -> str:
    amount, smaller = _amount(*rng.choice(schema.bounds), rng)
    return _phrase("bounds", rng).format(x=amount, low=smaller)


def _opening(schema: Schema, fill: dict[str, str], rng: random.Random) -> str:
    """A wish with one to three attributes, as its noun phrase, and sometimes what it must not be."""
    noun = f"[want:{fill['nouns']}]" if schema.category else fill["nouns"]
    parts = rng.sample(("before", "after", "bound"), rng.choice((1, 2, 2, 3)))
    phrase = f"[want:{fill['before']}] {noun}" if "before" in parts else noun
    for part in [one for one in parts if one != "before"]:
        joint = " " if part == "after" or rng.random() < 0.6 else ", "
        phrase += f"{joint}[want:{fill[part]}]"
    tail = _phrase("tails", rng) if rng.random() < 0.3 else ""
    opening = _phrase("openings", rng)
    if tail:
        opening = re.sub(r"[.?!]$", "", opening)
    return opening.replace("{np}", f"[need:{phrase}]") + tail


def _offer(schema: Schema, fill: dict[str, str], rng: random.Random) -> list[Message]:
    """What was asked, and the list that was given."""
    names = rng.sample(schema.names, rng.randint(2, len(schema.names)))
    wish = f"{fill['said']} {schema.nouns[0]}, {_bound(schema, rng)}"
    reasons = [
        rng.choice((rng.choice(schema.after), f"{rng.choice(schema.before)} and {rng.choice(schema.more)}"))
        for _ in names
    ]
    if rng.random() < 0.5:
        listed = " ".join(
            f"{i}. {name}, {why}." for i, (name, why) in enumerate(zip(names, reasons, strict=True), 1)
        )
    else:
        listed = " ".join(f"{name} is {why}." for name, why in zip(names, reasons, strict=True))
    head = rng.choice(("Here are some: ", "You could look at these. ", "", "How about: "))
    return [Message("user", wish), Message("assistant", head + listed)]


def _question(schema: Schema, rng: random.Random) -> str:
    """Something asked of an item; braces in a schema's `asks` hold the words that ask."""
    asked = rng.choice(schema.asks)
    ends = rng.choice(("?", ""))
    inner = re.search(r"\{(?!it\})([^}]+)\}", asked)
    if inner:
        marked = asked.replace(inner.group(0), f"[ask:{inner.group(1)}]").replace("{it}", "[ref:{ref}]")
    elif asked.endswith("{it}"):
        marked = f"[ask:{asked[:-5]}] [ref:{{ref}}]"
    else:
        marked = f"[ask:{asked.replace('{it}', '[ref:{ref}]')}]"
    return marked + ends


def _filled(marked: str, fill: dict[str, str]) -> str:
    """Values in place of their names; some values hold names or marks of their own."""
    for _ in range(2):
        marked = re.sub(r"\{(\w+)\}", lambda match: fill[match.group(1)], marked)
    return marked
