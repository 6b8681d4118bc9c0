"""What Parley thinks of a person, in a form that they can read: each belief with where it came from."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.profile import Belief, Profile, Source, Stance, Taste
from ranking.actions import ActionsConfig
from ranking.events import BehaviourEvent
from retrieval.catalogue import Catalogue

MOST_EVENTS = 200
"""So many of the latest events are listed; the rest is in the full record of the person."""
_SOURCES: dict[str, Source] = {"turn": "said", "ingest": "imported", "simulated": "simulated"}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def beliefs_of(
    profile: Profile,
    events: Sequence[BehaviourEvent],
    actions: ActionsConfig,
    catalogue: Catalogue,
    messages: Callable[[Collection[str]], Mapping[str, str]],
) -> list[Belief]:
    """The latest first; what has no date comes last.

    `events` are those in force, oldest first. `messages` tells what was said in the turns of some ids.
    """
    latest = [event for event in events if event.item_id in catalogue][-MOST_EVENTS:]
    stated = (("likes", profile.likes), ("dislikes", profile.dislikes))
    turn_ids = {event.turn_id for event in latest if event.source == "turn" and event.turn_id}
    turn_ids |= {taste.turn_id for _, tastes in stated for taste in tastes if taste.turn_id}
    quotes = messages(turn_ids)
    found = [_of_event(event, actions, catalogue, quotes) for event in latest]
    found += [_of_taste(stance, taste, quotes) for stance, tastes in stated for taste in tastes]
    found += [
        Belief(f"hidden:{item_id}", "hidden", catalogue[item_id].title, item_id, "profile")
        for item_id in profile.hidden
        if item_id in catalogue
    ]
    return sorted(found, key=lambda belief: belief.at or _LONG_AGO, reverse=True)


def without(profile: Profile, kind: str, what: str) -> Profile:
    """The profile without the taste or hidden item that a belief's key names; unchanged when it has none."""
    return replace(
        profile,
        likes=tuple(one for one in profile.likes if (kind, what) != ("likes", one.text)),
        dislikes=tuple(one for one in profile.dislikes if (kind, what) != ("dislikes", one.text)),
        hidden=tuple(one for one in profile.hidden if (kind, what) != ("hidden", one)),
    )


def _of_event(
    event: BehaviourEvent, actions: ActionsConfig, catalogue: Catalogue, quotes: Mapping[str, str]
) -> Belief:
    title = catalogue[event.item_id].title
    quote = quotes.get(event.turn_id or "") if event.source == "turn" else None
    stance = _stance(event, actions)
    return Belief(
        f"event:{event.event_id}", stance, title, event.item_id, _source(event), quote, event.timestamp
    )


def _stance(event: BehaviourEvent, actions: ActionsConfig) -> Stance:
    strength = actions.strength(event.action, event.value)
    if strength < 0:
        return "dislikes"
    return "knows" if event.action == "seen" or not strength else "likes"


def _source(event: BehaviourEvent) -> Source:
    if event.source == "feedback":
        return "button" if event.turn_id else "api"  # a button stands on the card of a turn
    return _SOURCES[event.source]


def _of_taste(stance: str, taste: Taste, quotes: Mapping[str, str]) -> Belief:
    source: Source = "said" if taste.turn_id else "profile"
    quote = quotes.get(taste.turn_id or "")
    at: Stance = "likes" if stance == "likes" else "dislikes"
    return Belief(f"{stance}:{taste.text}", at, taste.text, None, source, quote, taste.at)
