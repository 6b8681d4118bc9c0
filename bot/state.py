"""What a conversation has come to: wishes that stand, what was shown, what is being talked about.

`DialogueState` is a value: each turn makes a new one. It is kept as JSON with its session, so any worker
can take the next turn.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from bot.intent import Intent
from bot.quantities import NUMBER_WORDS
from retrieval.everyday import FUNCTION_WORDS
from retrieval.filters import Constraint

Count = Callable[[Sequence[Constraint]], int]
"""How many items of the catalogue fulfil constraints."""

_MORE = {"more", "another", "others", "else", "different", "few", "couple", "options", "suggestions", "ideas"}
_MORE |= {
    "something",
    "anything",
    "show",
    "give",
    "recommendations",
    "recommend",
    "suggest",
    "next",
} | NUMBER_WORDS.keys()


MOST_WISHES, MOST_ITEMS = 12, 1000
"""So many wishes stand at a time, and so many items are remembered as offered: the latest. A session of
thousands of messages stays as quick as its first."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one utterance asked for: words for the search by meaning, and typed constraints."""

    query: str
    constraints: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class DialogueState:
    """The state after a turn.

    `wishes` add up to the standing request; `avoided` are kinds that are disliked, whatever is asked for;
    `models` are items named as examples of what is wanted;
    `shown` is the last list and `offered` all ever shown in this session; `focus` the items spoken of
    last; `asked` the fields asked about so far and `pending` the one waiting for an answer.
    """

    wishes: tuple[Wish, ...] = ()
    models: tuple[str, ...] = ()
    tastes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    avoided: tuple[Constraint, ...] = ()
    shown: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    pending: str | None = None

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        return tuple(dict.fromkeys((*(c for wish in self.wishes for c in wish.constraints), *self.avoided)))

    @property
    def query(self) -> str:
        """All standing words, the latest last."""
        return " ".join(dict.fromkeys(wish.query for wish in self.wishes if wish.query))

    @property
    def has_request(self) -> bool:
        return bool(self.wishes or self.models)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "DialogueState":
        """The state that `as_json` stored."""
        if not stored:
            return cls()
        known = {field.name for field in fields(cls)}  # an older version may have kept more
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stored.items()
            if name in known
        }
        values["avoided"] = tuple(constraint_of(c) for c in stored.get("avoided", ()))
        values["wishes"] = tuple(
            Wish(wish["query"], tuple(constraint_of(c) for c in wish["constraints"]))
            for wish in stored["wishes"]
        )
        return cls(**values)


def constraint_of(stored: Mapping[str, Any]) -> Constraint:
    """The constraint that `asdict` made `stored` from."""
    value = tuple(stored["value"]) if isinstance(stored["value"], list) else stored["value"]
    return Constraint(stored["field"], stored["op"], value, stored["text"])


def apply(state: DialogueState, intent: Intent, count: Count) -> DialogueState:
    """The state with this intent added to it: taken-back wishes gone, new ones in, references in focus."""
    acts = set(intent.acts)
    state = _take_back(state, intent)
    liked = tuple(mention.item_id for mention in intent.likes if mention.item_id)
    words = tuple(mention.text for mention in intent.likes if not mention.item_id)
    wish = Wish("" if _only_goes_on(intent) else intent.query, intent.constraints)
    has_content = bool(wish.query or wish.constraints)
    if has_content and "request" in acts and "refine" not in acts:
        state = replace(state, wishes=(wish,), models=liked)
    elif has_content:
        state = replace(state, wishes=_with(state.wishes, wish, count))
    if liked and acts & {"request", "refine"}:
        state = replace(state, models=tuple(dict.fromkeys((*state.models, *liked)))[-3:])
    unwanted = [mention.item_id for mention in intent.dislikes if mention.item_id]
    disliked = {mention.text.lower() for mention in intent.dislikes}
    avoided = tuple(c for c in intent.constraints if c.op in ("ne", "not_in") and c.text.lower() in disliked)
    focus = intent.references or liked or tuple(m.item_id for m in intent.seen if m.item_id)
    return replace(
        state,
        tastes=tuple(one for one in dict.fromkeys((*state.tastes, *words)) if one.lower() not in disliked)[
            -6:
        ],
        models=tuple(model for model in state.models if model not in unwanted),
        avoided=tuple(dict.fromkeys((*state.avoided, *avoided))),
        excluded=tuple(dict.fromkeys((*state.excluded, *unwanted)))[-MOST_ITEMS:],
        focus=focus or state.focus,
        pending=None,
    )


def _only_goes_on(intent: Intent) -> bool:
    """Whether the words ask for more of the same and for nothing in particular: "three more of those"."""
    return all(word in FUNCTION_WORDS | _MORE for word in re.findall(r"[\w']+", intent.query.lower()))


def _take_back(state: DialogueState, intent: Intent) -> DialogueState:
    if not intent.retracts:
        return state
    kept = state.wishes
    for text in intent.retracts:
        kept = tuple(left for wish in kept if (left := _without(wish, text)) is not None)
    texts = [text.lower() for text in intent.retracts]
    tastes = tuple(one for one in state.tastes if not any(either_in(one.lower(), t) for t in texts))
    avoided = tuple(one for one in state.avoided if not any(_speaks_of(one, text) for text in texts))
    if (kept, tastes, avoided) == (state.wishes, state.tastes, state.avoided) and "request" in intent.acts:
        return replace(state, wishes=(), models=(), tastes=(), avoided=())  # "start over"
    return replace(state, wishes=kept, tastes=tastes, avoided=avoided)


def _without(wish: Wish, text: str) -> Wish | None:
    """`wish` without what `text` names; None when nothing is left of it."""
    lowered = text.lower()
    left = tuple(c for c in wish.constraints if not _speaks_of(c, lowered))
    query = _dropped(wish.query, text)
    if left == wish.constraints and query == wish.query:
        return wish
    for constraint in wish.constraints:
        if constraint not in left:
            query = _dropped(query, constraint.text)
    if not left and len(query.split()) < 2:
        return None  # a lone "films" asks for nothing
    return Wish(query, left)


def _dropped(query: str, words: str) -> str:
    """`query` without `words`, where they stand as whole words."""
    found = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", " ", query, flags=re.IGNORECASE) if words else query
    return query if found == query else " ".join(found.split())


def _speaks_of(constraint: Constraint, text: str) -> bool:
    words = constraint.text.lower()
    if not text:
        return False
    values = constraint.value if isinstance(constraint.value, tuple) else (constraint.value,)
    named = any(either_in(str(value).lower(), text) for value in values)
    return either_in(words, text) or named or constraint.field in text.split()


def either_in(one: str, other: str) -> bool:
    """Whether one stands in the other as whole words."""
    return _stands_in(one, other) or _stands_in(other, one)


def _stands_in(words: str, text: str) -> bool:
    if not words.strip():
        return False
    if not words.isascii():  # Chinese has no spaces between words
        return words in text
    return re.search(rf"(?<!\w){re.escape(words)}s?(?!\w)", text) is not None


def _with(wishes: tuple[Wish, ...], new: Wish, count: Count) -> tuple[Wish, ...]:
    """Wishes with `new` added; an earlier constraint gives way where the new one speaks against it.

    Numbers of one field replace each other, and so do opposites; where all together leave nothing, the
    earlier positive constraints on the new ones' fields go.
    """
    renewed = {constraint.field for constraint in new.constraints}
    opposite = {(c.field, str(c.value).lower()) for c in new.constraints}
    kept = []
    for wish in wishes:
        left = tuple(
            c
            for c in wish.constraints
            if not (
                c.field in renewed
                and _numeric(c)
                and any(_numeric(n) and n.field == c.field for n in new.constraints)
            )
            and (c.field, str(c.value).lower()) not in opposite
        )
        kept.append(replace(wish, constraints=left))
    together = [c for wish in (*kept, new) for c in wish.constraints]
    if together and count(together) == 0:
        kept = [
            replace(
                w,
                constraints=tuple(
                    c for c in w.constraints if c.field not in renewed or c.op in ("ne", "not_in")
                ),
            )
            for w in kept
        ]
    return (*(wish for wish in kept if wish.query or wish.constraints), new)[-MOST_WISHES:]


def _numeric(constraint: Constraint) -> bool:
    return constraint.op in ("lt", "lte", "gt", "gte") or not isinstance(constraint.value, str | tuple)
