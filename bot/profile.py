"""What a person has told about themselves, and what Parley believes of them: theirs to read and to change.

Knows the table of profiles; nothing of vectors or of the conversation.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, Connection, Engine, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot.intent import Intent, Mention
from bot.state import DialogueState, constraint_of, either_in
from retrieval.filters import Constraint
from storage.base import Base
from storage.engine import writing

Consent = Literal["personalise", "session_only"]
Stance = Literal["likes", "dislikes", "knows", "hidden"]
Source = Literal["said", "button", "api", "imported", "simulated", "profile"]

MOST_TASTES = 50
"""So many of each kind are kept, the latest; a profile is no diary."""


class ProfileRow(Base):
    __tablename__ = "profiles"

    user_id: Mapped[str] = mapped_column(String, primary_key=True)
    tastes: Mapped[dict[str, Any]] = mapped_column(JSON)
    hidden: Mapped[list[str]] = mapped_column(JSON)
    consent: Mapped[str] = mapped_column(String, default="personalise")


@dataclass(frozen=True, slots=True)
class Taste:
    """Something liked or disliked in words, such as "slow westerns", and where it was said."""

    text: str
    session_id: str | None = None
    turn_id: str | None = None
    at: datetime | None = None
    constraints: tuple[Constraint, ...] = ()
    """What a dislike keeps out of every list; empty where the words name no value of the catalogue."""


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


class Profiles:
    """The store of profiles. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def load(self, user_id: str, connection: Connection | None = None) -> Profile:
        """The person's profile; the default one when they never had any."""
        if connection is None:
            with self.engine.connect() as opened:
                return self.load(user_id, opened)
        row = connection.execute(select(ProfileRow.__table__).where(ProfileRow.user_id == user_id)).first()
        if row is None:
            return Profile()
        consent: Consent = "session_only" if row.consent == "session_only" else "personalise"
        return Profile(
            _tastes(row.tastes.get("likes", ())), _tastes(row.tastes.get("dislikes", ())),
            tuple(row.hidden), consent,
        )  # fmt: skip

    def save(self, user_id: str, profile: Profile, connection: Connection | None = None) -> None:
        """Keep `profile` as the person's own, in the caller's transaction where one is given."""
        if connection is None:
            with writing(self.engine) as opened:
                return self.save(user_id, profile, opened)
        values = {
            "tastes": {
                "likes": [_stored(taste) for taste in profile.likes[-MOST_TASTES:]],
                "dislikes": [_stored(taste) for taste in profile.dislikes[-MOST_TASTES:]],
            },
            "hidden": list(dict.fromkeys(profile.hidden)),
            "consent": profile.consent,
        }
        known = connection.execute(
            update(ProfileRow).where(ProfileRow.user_id == user_id).values(**values)
        ).rowcount
        if not known:
            connection.execute(insert(ProfileRow), [{"user_id": user_id} | values])

    def erase(self, user_id: str, connection: Connection) -> int:
        return connection.execute(delete(ProfileRow).where(ProfileRow.user_id == user_id)).rowcount

    def session_only(self) -> set[str]:
        """Everyone whose behaviour counts in its session alone."""
        query = select(ProfileRow.user_id).where(ProfileRow.consent == "session_only")
        with self.engine.connect() as connection:
            return set(connection.scalars(query))


def learned(profile: Profile, intent: Intent, session_id: str, turn_id: str, now: datetime) -> Profile:
    """The profile after an utterance: tastes that were stated in words are in it, taken-back ones are out.

    A taste stands on one side only: who comes to like what they disliked dislikes it no more.
    """
    if profile.consent == "session_only":
        return profile
    only_asks = bool({"request", "refine"} & set(intent.acts)) and "inform" not in intent.acts
    likes = [] if only_asks else _in_words(intent.likes)  # "something funny" is a wish, no lasting taste
    dislikes = _in_words(intent.dislikes)
    if not (likes or dislikes or intent.retracts):
        return profile
    fresh_likes = tuple(Taste(text, session_id, turn_id, now) for text in likes)
    fresh_dislikes = tuple(Taste(text, session_id, turn_id, now, _denials(intent, text)) for text in dislikes)
    gone = [text.lower() for text in intent.retracts]
    return replace(
        profile,
        likes=(*_without(profile.likes, [*likes, *dislikes], gone), *fresh_likes),
        dislikes=(*_without(profile.dislikes, [*likes, *dislikes], gone), *fresh_dislikes),
    )


def with_profile(state: DialogueState, profile: Profile) -> DialogueState:
    """The dialogue as it stands for this person: with the tastes and dislikes of their profile."""
    if profile.consent == "session_only":
        return state
    likes = (taste.text for taste in profile.likes)
    denied = (constraint for taste in profile.dislikes for constraint in taste.constraints)
    return replace(
        state,
        tastes=tuple(dict.fromkeys((*likes, *state.tastes))),
        avoided=tuple(dict.fromkeys((*denied, *state.avoided))),
    )


def without_profile(state: DialogueState, profile: Profile) -> DialogueState:
    """The dialogue as it is kept: what the profile holds is forgotten in one place only, there."""
    likes = {taste.text for taste in profile.likes}
    denied = {constraint for taste in profile.dislikes for constraint in taste.constraints}
    return replace(
        state,
        tastes=tuple(one for one in state.tastes if one not in likes),
        avoided=tuple(one for one in state.avoided if one not in denied),
    )


def _in_words(mentions: Iterable[Mention]) -> list[str]:
    """Mentions that name no item: "slow westerns", not Heat, which is an event."""
    return list(dict.fromkeys(mention.text.strip() for mention in mentions if mention.item_id is None))


def _denials(intent: Intent, text: str) -> tuple[Constraint, ...]:
    return tuple(c for c in intent.constraints if c.op in ("ne", "not_in") and c.text.lower() == text.lower())


def _without(tastes: tuple[Taste, ...], texts: Collection[str], taken_back: Collection[str]) -> list[Taste]:
    said = {text.lower() for text in texts}
    return [
        taste
        for taste in tastes
        if taste.text.lower() not in said
        and not any(either_in(taste.text.lower(), text) for text in taken_back)
    ]


def _stored(taste: Taste) -> dict[str, Any]:
    return asdict(taste) | {"at": taste.at.isoformat() if taste.at else None}


def _tastes(stored: Iterable[dict[str, Any]]) -> tuple[Taste, ...]:
    return tuple(
        Taste(
            one["text"], one.get("session_id"), one.get("turn_id"),
            datetime.fromisoformat(one["at"]) if one.get("at") else None,
            tuple(constraint_of(c) for c in one.get("constraints", ())),
        )
        for one in stored
    )  # fmt: skip
