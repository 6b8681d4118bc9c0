"""Labels read off other datasets' own annotation; where it says nothing of spans, only acts are learned."""

import random
from collections.abc import Iterator
from typing import Any

from bot.layout import Message
from training.sources import LabelledTurn, clinc, moviebot, multidogo, sgd_dialogues

_DOMAINS = ("Movies", "Media", "Music", "Restaurants", "Events", "Hotels", "Travel", "Homes", "RentalCars")
_CHAT = {
    "greeting", "goodbye", "thank_you", "how_old_are_you", "what_is_your_name", "are_you_a_bot",
    "who_made_you", "where_are_you_from", "what_are_your_hobbies", "who_do_you_work_for", "do_you_have_pets",
}  # fmt: skip
_UNCLEAR = {
    "yes", "no", "maybe", "restaurant_suggestion", "meal_suggestion", "restaurant_reviews",
    "travel_suggestion", "what_can_i_ask_you", "repeat", "cancel", "next_song", "play_music",
    "what_song", "recipe", "meaning_of_life", "tell_joke", "fun_fact", "user_name",
    "change_user_name", "change_ai_name", "change_language",
}  # fmt: skip

_SERVICES = ("airline", "finance", "insurance", "software")
"""MultiDoGO's domains in which nothing is found for anyone; its fast food and media sell."""
_POLITE = {"openinggreeting", "closinggreeting", "thankyou"}
_NO_SERVICE = {"contentonly", "confirmation", "rejection", "outofdomain"}
"""Answers to questions that are not there: only the customers' side is."""
_MOVIEBOT = {
    "INQUIRE": "request", "INQUIRE.SIMILAR": "request", "REVEAL.REVISE": "refine", "NOTE.LIKE": "accept",
    "NOTE.ACCEPT": "accept", "NOTE.DISLIKE": "reject", "NOTE.YES": "seen", "COMPLETE": "chat",
    "INQUIRE.MORE": "inquire", "INQUIRE.ITEMINFO": "inquire",
}  # fmt: skip


def sgd_turns(count: int, seed: int) -> list[LabelledTurn]:
    """User turns of SGD's item-finding services."""
    rng = random.Random(seed)
    dialogues = [d for d in sgd_dialogues() if all(s.startswith(_DOMAINS) for s in d["services"])]
    rng.shuffle(dialogues)
    turns: list[LabelledTurn] = []
    for dialogue in dialogues:
        turns.extend(_sgd(dialogue["turns"]))
        if len(turns) >= count:
            break
    return turns[:count]


def _sgd(turns: list[dict[str, Any]]) -> Iterator[LabelledTurn]:
    history: list[Message] = []
    before: set[str] = set()
    for turn in turns:
        actions = {action for frame in turn["frames"] for action, _, _ in frame["actions"]}
        if turn["speaker"] == "USER":
            intents = {
                v for f in turn["frames"] for a, _, vs in f["actions"] if a == "INFORM_INTENT" for v in vs
            }
            acts = _sgd_acts(actions, intents, before)
            if acts:
                slots = [s for frame in turn["frames"] for s in frame.get("slots", [])]
                spans = (
                    tuple(("want", start, end) for _, start, end in slots) if acts == ("inform",) else None
                )
                if acts == ("chat",):
                    spans = ()
                yield LabelledTurn(tuple(history[-4:]), turn["utterance"], acts, spans)
        history.append(Message("user" if turn["speaker"] == "USER" else "assistant", turn["utterance"]))
        before = actions


def _sgd_acts(actions: set[str], intents: set[str], before: set[str]) -> tuple[str, ...] | None:
    finding = any(intent.startswith(("Find", "Search", "Lookup")) for intent in intents)
    if intents and not finding:
        return None
    acts = set()
    if finding or "REQUEST_ALTS" in actions:
        acts.add("request")
    elif "INFORM" in actions:
        acts.add("inform" if "REQUEST" in before else "refine")
    if "REQUEST_ALTS" in actions and "INFORM" in actions:
        acts = {"refine"}
    if "SELECT" in actions and "OFFER" in before:
        acts.add("accept")
    if "REQUEST" in actions:
        acts.add("inquire")
    if actions & {"THANK_YOU", "GOODBYE"} and not actions & {"NEGATE", "AFFIRM"}:
        acts.add("chat")
    if actions & {"NEGATE", "AFFIRM", "NEGATE_INTENT", "AFFIRM_INTENT"}:
        return None
    return tuple(sorted(acts)) or None


def clinc_turns(count: int, seed: int) -> list[LabelledTurn]:
    """Out-of-scope requests and small talk."""
    rows = [(text, intent) for text, intent in clinc() if intent not in _UNCLEAR]
    random.Random(seed).shuffle(rows)
    return [
        LabelledTurn((), text, ("chat",) if intent in _CHAT else ("other",), ())
        for text, intent in rows[:count]
    ]


def multidogo_turns(count: int, seed: int) -> list[LabelledTurn]:
    """Small talk of customers, and services that are out of scope."""
    turns = []
    for domain in _SERVICES:
        for text, intent in multidogo(domain):
            if intent in _POLITE:
                turns.append(LabelledTurn((), text, ("chat",), ()))
            elif intent not in _NO_SERVICE:
                turns.append(LabelledTurn((), text, ("other",), None))
    random.Random(seed).shuffle(turns)
    return turns[:count]


def moviebot_turns() -> list[LabelledTurn]:
    """Turns with an assistant for films whose one act has a counterpart here."""
    return [
        LabelledTurn(tuple(messages[-5:-1]), messages[-1].text, (_MOVIEBOT[acts[0]],), None)
        for messages, acts in moviebot()
        if len(acts) == 1 and acts[0] in _MOVIEBOT
    ]
