"""What one utterance means, after grounding: the contract between reading and everything that follows."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from retrieval.filters import Constraint

Act = Literal["request", "refine", "inform", "accept", "reject", "seen", "inquire", "chat", "other"]


@dataclass(frozen=True, slots=True)
class Mention:
    """Something named: a catalogue item where `item_id` is set, else a value of `field`, else only words."""

    text: str
    item_id: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked about items: the reason, a comparison, or the words that name what is asked."""

    kind: Literal["why", "compare", "ask"]
    text: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What a person meant by one utterance; an utterance may carry several acts.

    `references` are item ids in the order mentioned; `retracts` are words of earlier wishes taken back;
    `inquiries` is what is asked about the references. `denied` are the references that a negation leads to,
    `unresolved` the words that point at an item nobody can tell.
    """

    acts: tuple[Act, ...]
    query: str = ""
    likes: tuple[Mention, ...] = ()
    dislikes: tuple[Mention, ...] = ()
    seen: tuple[Mention, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    retracts: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    count: int | None = None
    language: str = "en"
    inquiries: tuple[Inquiry, ...] = ()
    denied: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()

    @property
    def turned_down(self) -> tuple[str, ...]:
        """The references that are rejected: of "not the first, I'll take the second" the first."""
        if "reject" not in self.acts:
            return ()
        return self.denied if "accept" in self.acts else self.references

    @property
    def taken(self) -> tuple[str, ...]:
        """The references that are accepted."""
        if "accept" not in self.acts:
            return ()
        refused = self.denied if "reject" in self.acts else ()
        return tuple(item for item in self.references if item not in refused)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as REST, the CLI and the log write it."""
        return asdict(self)
