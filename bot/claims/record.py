"""What a text may be held to, and what a claim is."""

from dataclasses import dataclass

from retrieval.items import Item


@dataclass(frozen=True, slots=True)
class Record:
    """What a text may be held to.

    `items` are those that it is about; `liked`, `seen` and `disliked` hold ids of items and the person's own
    words for the rest; `words` is all that they said.
    """

    items: tuple[Item, ...] = ()
    liked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One atomic claim: its kind, the words that make it, and why it does not hold ("" where it does)."""

    kind: str
    text: str
    fault: str = ""

    @property
    def holds(self) -> bool:
        return not self.fault
