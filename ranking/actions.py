"""What each kind of action says about a person: its strength, and whether the item may come back.

Knows names and numbers only; where events are kept is `ranking/events.py`.
"""

import math
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PrivateAttr,
    field_validator,
    model_validator,
)

from ranking.errors import InvalidValue, UnknownAction

RETRACTION = "retract"
"""The action of rows that take another event back; never a configured name."""


class ActionSpec(BaseModel):
    """One kind of action."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: NonNegativeFloat
    """How much one such action says, a like being 1."""
    sign: Literal[-1, 0, 1] = 1
    """For the item (1), against it (-1) or neither (0)."""
    aliases: tuple[str, ...] = ()
    """Other words for it in event files; case and surrounding space do not matter."""
    consumed: bool = False
    """The person has had the item or keeps it in mind: it is not recommended again."""
    hides: bool = False
    """The person turned the item down: it is not recommended again."""
    by_value: bool = False
    """The event's value, relative to the rating midpoint, gives sign and share of the weight."""
    opinion: bool = False
    """A later opinion on the same item replaces an earlier one, instead of adding to it."""
    sentence: str = "used {title}"
    """How the event reads as a short sentence, the item's title standing for {title}."""
    negative_sentence: str | None = None
    """How it reads when the value makes it negative; without one, `sentence`."""

    @model_validator(mode="after")
    def _check_sentences(self) -> "ActionSpec":
        for sentence in (self.sentence, self.negative_sentence):
            if sentence is not None and "{title}" not in sentence:
                raise ValueError(f"sentence {sentence!r} has no {{title}}")
        return self


DEFAULT_ACTIONS: dict[str, ActionSpec] = {
    "view": ActionSpec(
        weight=0.2, aliases=("browse", "viewed", "浏览", "查看", "看"), sentence="looked at {title}"
    ),
    "click": ActionSpec(weight=0.5, aliases=("clicked", "点击"), sentence="clicked on {title}"),
    "like": ActionSpec(
        weight=1,
        consumed=True,
        opinion=True,
        aliases=("liked", "favorite", "favourite", "save", "收藏", "喜欢", "点赞"),
        sentence="liked {title}",
    ),
    "purchase": ActionSpec(
        weight=1.5,
        consumed=True,
        aliases=("buy", "bought", "order", "purchased", "购买", "买", "下单"),
        sentence="bought {title}",
    ),
    "rating": ActionSpec(
        weight=1,
        consumed=True,
        by_value=True,
        opinion=True,
        aliases=("rate", "rated", "评分", "打分"),
        sentence="enjoyed {title}",
        negative_sentence="did not enjoy {title}",
    ),
    "seen": ActionSpec(
        weight=0.3,
        consumed=True,
        aliases=("watched", "watch", "read", "owned", "看过", "观看", "已看"),
        sentence="already knows {title}",
    ),
    "accept": ActionSpec(weight=1, consumed=True, aliases=("accepted", "接受"), sentence="chose {title}"),
    "dislike": ActionSpec(
        weight=1,
        sign=-1,
        hides=True,
        opinion=True,
        aliases=("disliked", "hate", "不喜欢", "讨厌"),
        sentence="disliked {title}",
    ),
    "reject": ActionSpec(
        weight=0.7, sign=-1, hides=True, aliases=("rejected", "拒绝"), sentence="turned down {title}"
    ),
    "skip": ActionSpec(weight=0.2, sign=-1, aliases=("skipped", "跳过"), sentence="skipped {title}"),
}


class EventColumns(BaseModel):
    """Where a behaviour file keeps what an event says, when its columns are not called as these are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: str = "user_id"
    """Who."""
    item_id: str = "item_id"
    """The item's id, as the catalogue has it."""
    action: str | None = "action"
    """What was done; null where no column says it: every row is then what `always` names."""
    always: str = "rating"
    """The action of every row of a file without a column of actions."""
    value: str = "value"
    """A rating, or another number; may be missing."""
    timestamp: str = "timestamp"
    """When; may be missing."""
    event_id: str = "event_id"
    """An id of the event; may be missing."""


class ActionsConfig(BaseModel):
    """The actions that behaviour may carry. Declared ones are added to the defaults, or replace them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actions: dict[str, ActionSpec] = DEFAULT_ACTIONS
    """Specification by name."""
    rating_midpoint: float = 3.0
    """The value that says neither yes nor no; 3 on a scale of one to five stars."""
    rating_best: float = 5.0
    """The value that counts with the action's full weight."""
    columns: EventColumns = Field(default_factory=EventColumns)

    _names: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("actions", mode="before")
    @classmethod
    def _add_defaults(cls, declared: Any) -> Any:
        return {**DEFAULT_ACTIONS, **declared} if isinstance(declared, dict) else declared

    @model_validator(mode="after")
    def _index_names(self) -> "ActionsConfig":
        if self.rating_best <= self.rating_midpoint:
            raise ValueError("rating_best must be above rating_midpoint")
        for name, spec in self.actions.items():
            for word in {_fold(word) for word in (name, *spec.aliases)}:
                if word == RETRACTION:
                    raise ValueError(f"{RETRACTION!r} is reserved for taking events back")
                if word in self._names:
                    raise ValueError(f"{word!r} names both {self._names[word]!r} and {name!r}")
                self._names[word] = name
        return self

    def canonical(self, name: str) -> str:
        """The configured name behind a name or alias; `UnknownAction` when there is none."""
        found = self._names.get(_fold(name))
        if found is None:
            raise UnknownAction(name, self.actions)
        return found

    def check(self, action: str, value: float | None) -> None:
        """Refuse (`InvalidValue`) a value that the canonical `action` cannot use."""
        needs_value = self.actions[action].by_value
        if (value is None and needs_value) or (value is not None and not math.isfinite(value)):
            raise InvalidValue(action, value)

    def strength(self, action: str, value: float | None) -> float:
        """What one event says about its item, from about -1.5 (against) to 1.5 (for).

        An action that the config no longer names says nothing: old events outlive settings.
        """
        spec = self.actions.get(action)
        if spec is None:
            return 0.0
        if not spec.by_value:
            return spec.sign * spec.weight
        if value is None:
            return 0.0
        share = (value - self.rating_midpoint) / (self.rating_best - self.rating_midpoint)
        return spec.weight * max(-1.0, min(1.0, share))

    def sentence(self, action: str, value: float | None, title: str) -> str:
        """The event as a short sentence in the past tense."""
        spec = self.actions.get(action)
        if spec is None:
            return title
        negative = spec.negative_sentence if self.strength(action, value) < 0 else None
        return (negative or spec.sentence).replace("{title}", title)


def _fold(word: str) -> str:
    return word.strip().casefold()
