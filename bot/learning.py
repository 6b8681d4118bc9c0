"""What an utterance teaches: behaviour events from acts and the items they are about."""

import hashlib
from collections.abc import Iterator

from bot.intent import Intent
from ranking.events import BehaviourEvent
from storage.base import utcnow


def events_of(
    intent: Intent, user_id: str, session_id: str, turn_id: str, position: int
) -> list[BehaviourEvent]:
    """One event per item and action; none for an utterance that is about no item.

    Their ids follow from the session, the turn's `position` in it, the item and the action: a message that is
    sent again because its answer was lost, or answered anew, is not learned twice.
    """
    now = utcnow()

    def event(item_id: str, action: str) -> BehaviourEvent:
        event_id = hashlib.sha256(f"{session_id}|{position}|{item_id}|{action}".encode()).hexdigest()[:32]
        return BehaviourEvent(event_id, user_id, item_id, action, None, now, "turn", session_id, turn_id)

    return [event(item_id, action) for item_id, action in dict.fromkeys(_learned(intent))]


def _learned(intent: Intent) -> Iterator[tuple[str, str]]:
    acts = set(intent.acts)
    references = list(intent.references)
    if "inquire" in acts:
        references = references[:1] if acts & {"accept", "reject", "seen"} else []
    for item in references:
        if item in intent.turned_down:
            yield item, "reject"
        elif item in intent.taken:
            yield item, "accept"
        if "seen" in acts:
            yield item, "seen"
    yield from ((mention.item_id, "seen") for mention in intent.seen if mention.item_id)
    if "inform" in acts or not acts & {"request", "refine"}:  # "something like Heat" names a model, no taste
        yield from ((mention.item_id, "like") for mention in intent.likes if mention.item_id)
    yield from ((mention.item_id, "dislike") for mention in intent.dislikes if mention.item_id)
