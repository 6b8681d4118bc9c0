"""A conversation as HTML, turn by turn: what was said, the cards of each answer, what may be said next.

A turn looks the same while it is written, when it is done and when it is read again from the store.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot.reply import Listed, Recommendation, Said, Step, Turn, Understood
from ui.cards import Card, Reaction, card_html
from ui.words import escape

MINE = '<div class="said mine"><span class="unseen">You: </span>'
THEIRS = '<div class="said theirs"><span class="unseen">Parley: </span>'
DOTS = '<p class="dots"><span class="unseen">Parley is writing</span><i></i><i></i><i></i></p>'

Answers = Mapping[str, Reaction]
"""What was said to the items of one turn."""


@dataclass(frozen=True, slots=True)
class Told:
    """One turn: a message, the sentences of its answer that stand outside of the cards, and the rest."""

    message: str
    turn_id: str = ""
    position: int | None = None
    sentences: tuple[str, ...] = ()
    listed: tuple[Mapping[str, Any], ...] = ()
    wishes: tuple[Mapping[str, Any], ...] = ()
    suggestions: tuple[str, ...] = ()
    stopped: bool = False
    writing: bool = False
    answers: Answers = field(default_factory=dict)

    def after(self, step: Step) -> "Told":
        """The turn one step further."""
        if isinstance(step, Understood):
            wishes = tuple(step.intent.as_dict()["constraints"])
            return replace(self, turn_id=step.turn_id, wishes=wishes)
        if isinstance(step, Listed):
            return replace(self, listed=tuple(_as_stored(one) for one in step.recommendations))
        if isinstance(step, Said):
            if step.item_id is None:
                return replace(self, sentences=(*self.sentences, step.text))
            return replace(self, listed=_explained(self.listed, step.item_id, step.text))
        return self._done(step)

    def _done(self, turn: Turn) -> "Told":
        listed = tuple(_as_stored(one) for one in turn.recommendations)
        lead = lead_of(turn.reply, listed)
        # What was read out sentence by sentence is left as it stands.
        same = " ".join(self.sentences) == " ".join(lead)
        return replace(
            self,
            turn_id=turn.turn_id,
            sentences=self.sentences if same else lead,
            listed=listed,
            suggestions=turn.suggestions,
            stopped=turn.stopped,
            writing=False,
        )


def told_of(stored: Mapping[str, Any], answers: Answers) -> Told:
    """A turn as the store has it."""
    payload = stored["payload"]
    listed = tuple(payload.get("recommendations", ()))
    return Told(
        message=stored["message"],
        turn_id=stored["turn_id"],
        position=stored["position"],
        sentences=lead_of(stored["reply"], listed),
        listed=listed,
        wishes=tuple(stored["intent"].get("constraints", ())),
        suggestions=tuple(payload.get("suggestions", ())),
        stopped=bool(payload.get("stopped", False)),
        answers=answers,
    )


def lead_of(reply: str, listed: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The lines of a reply without the numbered reasons, which stand on the cards."""
    reasons = {f"{one['rank']}. {one['explanation']}" for one in listed}
    return tuple(line for line in reply.split("\n") if line.strip() and line not in reasons)


def turn_html(told: Told, cards: Sequence[Card]) -> str:
    """One turn; `cards` are those of its list."""
    said = f'{MINE}<p dir="auto">{escape(told.message)}</p></div>'
    place = f' data-position="{told.position}"' if told.position is not None else ""
    state = " writing" if told.writing else ""
    return (
        f'<article class="turn{state}" data-turn="{escape(told.turn_id)}"{place}>'
        f"{said if told.message else ''}"
        f"{THEIRS}{_lead(told)}</div>"
        f"{_list(told, cards)}{_after(told)}</article>"
    )


def chips_html(texts: Iterable[str], label: str) -> str:
    """Things to say; a click says them."""
    chips = "".join(
        f'<li><button type="button" class="chip" data-do="say" dir="auto">{escape(text)}</button></li>'
        for text in texts
    )
    return f'<ul class="chips" aria-label="{label}">{chips}</ul>' if chips else ""


def _lead(told: Told) -> str:
    if not told.sentences:
        return DOTS if told.writing and not told.listed else ""
    spans = " ".join(f"<span>{escape(sentence)}</span>" for sentence in told.sentences)
    return f'<p class="words" dir="auto">{spans}</p>'


def _list(told: Told, cards: Sequence[Card]) -> str:
    if not cards:
        return ""
    shown = "".join(
        card_html(card, told.answers.get(card.item_id, Reaction()), writing=told.writing) for card in cards
    )
    return f'<ol class="cards" aria-label="Recommendations">{shown}</ol>'


def _after(told: Told) -> str:
    """What stands under an answer that is done."""
    if told.writing:
        return ""
    stopped = '<span class="stopped">Stopped here.</span>' if told.stopped else ""
    retry = (
        '<button type="button" class="quiet" data-do="retry">Answer again</button>' if told.message else ""
    )
    return (
        f'<div class="after">{stopped}{chips_html(told.suggestions, "You could say")}'
        f'<span class="tools">{retry}</span></div>'
    )


def _as_stored(recommendation: Recommendation) -> Mapping[str, Any]:
    return asdict(recommendation)


def _explained(
    listed: tuple[Mapping[str, Any], ...], item_id: str, text: str
) -> tuple[Mapping[str, Any], ...]:
    return tuple({**one, "explanation": text} if one["item_id"] == item_id else one for one in listed)
