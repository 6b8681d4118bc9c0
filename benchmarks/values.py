"""What a reading's spans come to: typed constraints and item ids where a catalogue knows them, else words.

Labelled spans and read ones are grounded alike, so that what is compared is what they mean: "blue rug" and
"blue", "rug" are the same two wishes.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.grounding import Grounder
from bot.prepare import Preparation
from bot.settings import load_settings
from bot.understanding import Reading, Span
from training.sources import LabelledTurn

CONFIGS = Path(__file__).parent.parent / "configs"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
"""Dates "the last five years" on both sides."""
WISHES, OPINIONS = ("want", "avoid"), ("like", "dislike", "seen")
_LEADING = {"a", "an", "the", "some", "any", "from", "in", "by", "with", "of", "my", "all", "old", "more"}


@contextmanager
def grounders() -> Iterator[dict[str, Grounder]]:
    """Those of the three demo catalogues, by the names of their configurations."""
    with tempfile.TemporaryDirectory(prefix="parley-values-") as place:
        preparations = {}
        for name in ("demo", "shop", "books"):
            settings = load_settings(CONFIGS / f"{name}.yaml", state_dir=Path(place) / name)
            preparations[name] = Preparation(settings)
            preparations[name].items(settings.data.items)
        yield {name: Grounder(one.embed()) for name, one in preparations.items()}
        for one in preparations.values():
            one.close()


def gold(turn: LabelledTurn) -> tuple[Span, ...]:
    """The labelled spans of a turn."""
    return tuple(Span(slot, turn.text[start:end], start, end) for slot, start, end in turn.spans or ())


def home(turn: LabelledTurn, among: Sequence[Grounder]) -> Grounder:
    """The catalogue in which the labels of `turn` name most; of equals the first."""
    spans = gold(turn)
    return max(
        among, key=lambda grounder: sum(isinstance(one[1], tuple) for one in values(turn, spans, grounder))
    )


def values(turn: LabelledTurn, spans: Sequence[Span], grounder: Grounder) -> Counter[Any]:
    """(slot, value), the value being (field, operator, value), ("item", its id), or words."""
    used = tuple(span for span in spans if span.slot in (*WISHES, *OPINIONS, "need"))
    intent = grounder.ground(Reading(("inform",), used), turn.text, now=NOW)
    found: Counter[Any] = Counter(("wish", (one.field, one.op, one.value)) for one in intent.constraints)
    for span in used:
        alone = grounder.ground(Reading(("inform",), (span,)), turn.text, now=NOW)
        if span.slot in WISHES and not alone.constraints:
            found[span.slot, plain(span.text)] += 1
    mentions = {"like": intent.likes, "dislike": intent.dislikes, "seen": intent.seen}
    for slot, named in mentions.items():
        for one in named:
            found[slot, ("item", one.item_id) if one.item_id else plain(one.text)] += 1
    return found


def plain(words: str) -> str:
    """Words without case and without what merely leads to them."""
    left = words.lower().replace("’", "'").split()
    while len(left) > 1 and left[0] in _LEADING:
        left = left[1:]
    return " ".join(left)
