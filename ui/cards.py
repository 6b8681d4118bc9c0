"""Recommended items as HTML. Whatever comes from items or people is escaped, here and nowhere else."""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

ACTIONS = {"like": "Like", "dislike": "Dislike", "seen": "Seen"}
DONE = {"like": "You like it", "dislike": "You dislike it", "seen": "You know it"}


@dataclass(frozen=True, slots=True)
class Given:
    """A reaction that is on record: the action, and the event that an undo takes back."""

    action: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Card:
    """One recommended item as it is shown."""

    item_id: str
    title: str
    details: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The cards of one answer, and what the visitor said to them."""

    session_id: str | None = None
    turn_id: str | None = None
    cards: tuple[Card, ...] = ()
    given: Mapping[str, Given] = field(default_factory=dict)


def escape(text: object) -> str:
    """`text` as inert HTML, inert also to the two template languages that Gradio runs over a template."""
    escaped = html.escape(str(text))
    for sign in "{}$`\\":
        escaped = escaped.replace(sign, f"&#{ord(sign)};")
    return escaped


def shelf_html(shelf: Shelf) -> str:
    """All cards, best first; a line of invitation when there are none."""
    if not shelf.cards:
        return '<p class="parley-empty">What Parley finds for you will stand here.</p>'
    cards = "".join(_card(card, shelf.given.get(card.item_id)) for card in shelf.cards)
    return f'<ol class="parley-cards" aria-label="Recommendations">{cards}</ol>'


def details_of(fields: Mapping[str, object], limit: int = 4) -> str:
    """The short facts under a title: the first `limit` fields that have a value."""
    facts = (_fact(name, value) for name, value in fields.items())
    return " · ".join([fact for fact in facts if fact][:limit])


def _fact(name: str, value: object) -> str:
    """A field in a few words; a yes is the field's name, and a no is left out."""
    if value is None or value is False:
        return ""
    if value is True:
        return name.replace("_", " ")
    return ", ".join(map(str, value[:3])) if isinstance(value, list) else str(value)


def _card(card: Card, given: Given | None) -> str:
    details = f'<p class="parley-details" dir="auto">{escape(card.details)}</p>' if card.details else ""
    return (
        f'<li class="parley-card"><h3 dir="auto">{escape(card.title)}</h3>{details}'
        f'<p dir="auto">{escape(card.reason)}</p>'
        f'<div class="parley-actions">{_buttons(card, given)}</div></li>'
    )


def _buttons(card: Card, given: Given | None) -> str:
    if given is not None:
        said = escape(DONE.get(given.action, given.action))
        undo = _button(card, "undo", "Undo", given.event_id)
        return f'<span class="parley-given" role="status">✓ {said}</span>{undo}'
    return "".join(_button(card, action, word) for action, word in ACTIONS.items())


def _button(card: Card, action: str, word: str, event_id: str = "") -> str:
    data = escape(json.dumps({"item_id": card.item_id, "action": action, "event_id": event_id}))
    label = escape(f"{word}: {card.title}")
    return f'<button type="button" data-parley="{data}" aria-label="{label}">{word}</button>'


# A click is told to Python with what the button stands for; the buttons rest until the answer comes.
ON_LOAD = """
element.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-parley]');
    if (!button || !element.contains(button) || button.disabled) return;
    button.closest('.parley-actions').querySelectorAll('button').forEach((one) => { one.disabled = true; });
    trigger('click', JSON.parse(button.dataset.parley));
});
"""

# The id in front outweighs Gradio's own rules for what stands in its HTML.
CSS = """
#parley-shelf .parley-cards { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem }
#parley-shelf .parley-card { border: 1px solid var(--border-color-primary); border-radius: .75rem; margin: 0;
    padding: .9rem 1rem; background: var(--block-background-fill); overflow-wrap: anywhere }
#parley-shelf h3 { margin: 0; font-size: 1.05rem; line-height: 1.3 }
#parley-shelf p { display: block; margin: .35rem 0 0 }
#parley-shelf .parley-details, #parley-shelf .parley-empty {
    color: var(--body-text-color-subdued); font-size: .875rem }
#parley-shelf .parley-actions { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center;
    margin-top: .65rem }
#parley-shelf button { border: 1px solid var(--border-color-primary); border-radius: 999px; cursor: pointer;
    margin: 0; padding: .3rem .85rem; min-height: 2.25rem; background: transparent; box-shadow: none;
    color: var(--body-text-color); font-size: .9rem; font-weight: 500 }
#parley-shelf button:hover { border-color: var(--color-accent) }
#parley-shelf button:focus-visible { outline: 2px solid var(--color-accent); outline-offset: 2px }
#parley-shelf button:disabled { opacity: .5; cursor: progress }
#parley-shelf .parley-given { font-weight: 600; font-size: .9rem }
"""
