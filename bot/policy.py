"""What an intent leads to: an answer, a word of acknowledgement, a list or a question instead, small talk."""

from dataclasses import dataclass, replace

from bot.asking import Question
from bot.intent import Intent
from bot.state import DialogueState


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

    def asking(self, question: Question) -> "Plan":
        """This plan with a question in place of its list."""
        return replace(self, question=question, recommend=False)


def decide(intent: Intent, before: DialogueState, state: DialogueState, *, newcomer: bool) -> Plan:
    """The plan for one turn; `before` and `state` are the dialogue before and after the utterance."""
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
    if wants_items:
        return Plan(answer, acknowledge, recommend=True)
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
