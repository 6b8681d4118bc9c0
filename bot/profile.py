"""What a person has told about themselves, and what Parley believes of them: theirs to read and to change.

Knows the tables of profiles; nothing of vectors or of the conversation.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Consent = Literal["personalise", "session_only"]
Stance = Literal["likes", "dislikes", "knows", "hidden"]
Source = Literal["said", "button", "api", "imported", "simulated", "profile"]


@dataclass(frozen=True, slots=True)
class Taste:
    """Something liked or disliked in words, such as "slow westerns", and where it was said."""

    text: str
    session_id: str | None = None
    turn_id: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's own settings. `hidden` are the ids of items that are never shown to them.

    With the consent `session_only` what they do counts in the session that it happened in, and nowhere else.
    """

    likes: tuple[Taste, ...] = ()
    dislikes: tuple[Taste, ...] = ()
    hidden: tuple[str, ...] = ()
    consent: Consent = "personalise"


@dataclass(frozen=True, slots=True)
class Belief:
    """One thing that Parley thinks of a person, with where it came from; `key` is what `forget` takes."""

    key: str
    stance: Stance
    text: str
    """The item's title, or the words said."""
    item_id: str | None
    source: Source
    quote: str | None = None
    """The message that it was said in, when it was said."""
    at: datetime | None = None
