"""What to do about an intent: answer, acknowledge, recommend, ask back, greet, or decline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.intent import Intent
from bot.state import DialogueState
from retrieval.catalogue import Catalogue

_ASKED_ABOUT = ("genre", "category", "cuisine", "colour", "area", "language", "material", "brand")
"""Roles of fields that a person can be asked about; nobody knows the runtime they want."""


@dataclass(frozen=True, slots=True)
class Question:
    """A field to ask about, and two values that split what is left."""

    field: str
    options: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one turn does; the parts stand in the reply in this order."""

    answer: bool = False
    acknowledge: tuple[str, ...] = ()
    chat: bool = False
    out_of_scope: bool = False
    welcome: bool = False
    question: Question | None = None
    recommend: bool = False


def decide(
    intent: Intent,
    before: DialogueState,
    state: DialogueState,
    *,
    newcomer: bool,
    question: Question | None,
) -> Plan:
    """The plan for one turn.

    `before` and `state` are the dialogue before and after the utterance; `question` the one worth asking
    if the request is too vague for a list, None when there is none or enough were asked.
    """
    acts = set(intent.acts)
    answer = "inquire" in acts and bool(intent.references or intent.inquiries)
    acknowledge: tuple[str, ...] = tuple(
        act for act in ("accept", "reject", "seen") if act in acts and _about_items(intent)
    )
    if "inform" in acts and not acknowledge and not acts & {"request", "refine"}:
        acknowledge = _tastes(intent)
    # A wish in words counts as one, however the act was read: "before 1975 pls".
    wishes = bool(intent.constraints or intent.query) and not (intent.references or acts & {"seen", "inform"})
    wants_items = (
        wishes
        or bool(acts & {"request", "refine"})
        or (
            not answer
            and (
                (
                    "inform" in acts
                    and (before.pending is not None or state.has_request or _says_something(intent))
                )
                or ("accept" not in acts and bool(acts & {"reject", "seen"}))
            )
        )
    )
    vague = not state.has_request and not state.tastes and newcomer and intent.count is None
    if wants_items:
        asks = vague and question is not None
        return Plan(answer, acknowledge, question=question if asks else None, recommend=not asks)
    if answer or acknowledge:
        return Plan(answer, acknowledge)
    if "other" in acts:
        return Plan(out_of_scope=True)
    if newcomer and not before.offered and not before.asked:
        return Plan(chat=True, welcome=True, recommend=True)
    return Plan(chat=True)


def _about_items(intent: Intent) -> bool:
    return bool(intent.references or intent.seen or any(mention.item_id for mention in intent.likes))


def _tastes(intent: Intent) -> tuple[str, ...]:
    return (("liked",) if intent.likes else ()) + (("disliked",) if intent.dislikes else ())


def _says_something(intent: Intent) -> bool:
    return bool(intent.likes or intent.dislikes or intent.constraints or intent.query)


def best_question(catalogue: Catalogue, candidates: Sequence[int], asked: Sequence[str]) -> Question | None:
    """The field whose answer is expected to tell most about which of `candidates` (positions) is meant.

    That is the field with the highest entropy of its values over the candidates, in nats, among fields a
    person can be asked about and was not yet; its two commonest values are offered.
    """
    inside = np.zeros(len(catalogue), dtype=bool)
    inside[list(candidates)] = True
    best: tuple[float, Question] | None = None
    for field, spec in catalogue.config.fields.items():
        if field in asked or spec.role_of(field) not in _ASKED_ABOUT or spec.type not in ("category", "list"):
            continue
        counts = {str(v): int(inside[list(p)].sum()) for v, p in catalogue.values(field).items()}
        counts = {value: n for value, n in counts.items() if n}
        if not 2 <= len(counts) <= 60:
            continue
        share = np.array(list(counts.values())) / sum(counts.values())
        entropy = float(-(share * np.log(share)).sum())
        first, second = sorted(counts, key=lambda value: -counts[value])[:2]
        if best is None or entropy > best[0]:
            best = (entropy, Question(field, (first, second)))
    return best[1] if best else None
