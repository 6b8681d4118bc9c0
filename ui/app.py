"""The Gradio page: a conversation, the items that it found, and buttons to react to them.

Knows the facade. A page holds no state of its own: everything shown can be read again from the service,
so that a reload shows what was there before.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from bot.api.metrics import Metrics
from storage.errors import ParleyError
from ui.cards import ACTIONS, CSS, ON_LOAD, Card, Given, Shelf, details_of, escape, shelf_html

if TYPE_CHECKING:
    from bot.reply import Recommendation
    from bot.service import Parley

log = logging.getLogger(__name__)

Transcript = list[dict[str, str]]
Visitor = Callable[[gr.Request], str | None]

# Who said which part of a stored turn.
PARTS = (("user", "message"), ("assistant", "reply"))

# Answers that leave the page's pieces alone.
KEEP = gr.skip()

START_NEW = """async () => {
    if (!confirm('Start as someone new? This browser will forget who you were.')) return;
    const answer = await fetch('new', {method: 'POST'});
    if (answer.ok) location.reload();
}"""

THEME_FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
MONO_FONT = ("ui-monospace", "Consolas", "monospace")
PAGE_CSS = (
    CSS
    + """
footer, button[aria-label="Clear"] { display: none !important }
"""
)


def theme() -> gr.Theme:
    """Fonts of the system: none is fetched."""
    return gr.themes.Soft(font=THEME_FONT, font_mono=MONO_FONT)


class Page:
    """What the page's events do, for whichever visitor they come from."""

    def __init__(self, parley: "Parley", visitor_of: Visitor, metrics: Metrics | None = None) -> None:
        self._parley = parley
        self._visitor_of = visitor_of
        self._metrics = metrics

    def restore(self, request: gr.Request) -> tuple[Transcript, str, Shelf]:
        """The visitor's latest session as it stood: transcript, cards, what was said to them."""
        visitor = self._visitor_of(request)
        if visitor is None:
            return [], shelf_html(Shelf()), Shelf()
        sessions = self._parley.sessions(visitor)
        if not sessions:
            return [], shelf_html(Shelf()), Shelf()
        latest = sessions[0]["session_id"]
        turns = self._parley.session(latest, visitor)["turns"]
        listed, turn_id = next(
            ((found, turn["turn_id"]) for turn in reversed(turns) if (found := _listed(turn))), ([], None)
        )
        cards = tuple(self._card(one["item_id"], one["title"], one["explanation"]) for one in listed)
        shelf = Shelf(latest, turn_id, cards, self._given(visitor, [card.item_id for card in cards]))
        said = [(role, turn[part]) for turn in turns for role, part in PARTS if turn[part]]
        return [_said(role, text) for role, text in said], shelf_html(shelf), shelf

    def answer(
        self, message: str, transcript: Transcript, shelf: Shelf, request: gr.Request
    ) -> tuple[Transcript, str, Shelf]:
        """One turn. An error stands in the transcript as an answer, and the cards stay."""
        try:
            visitor = self._visitor(request)
            turn = self._parley.chat(visitor, message, session_id=shelf.session_id)
        except ParleyError as error:
            return [*transcript, _said("assistant", f"That did not work: {error}.")], shelf_html(shelf), shelf
        if self._metrics is not None:
            self._metrics.turn(turn)
        cards = tuple(self._card_of(one) for one in turn.recommendations)
        # An answer without items (to a question, a thanks) leaves the last ones in view.
        turn_id, cards = (turn.turn_id, cards) if cards else (shelf.turn_id, shelf.cards)
        given = self._given(visitor, [card.item_id for card in cards])
        shelf = Shelf(turn.session_id, turn_id, cards, given)
        return [*transcript, _said("assistant", turn.reply)], shelf_html(shelf), shelf

    def react(self, shelf: Shelf, event: gr.EventData, request: gr.Request) -> tuple[str, Shelf]:
        """A button of a card: recorded before it is shown as done."""
        asked = event._data if isinstance(event._data, Mapping) else {}
        item_id, action = str(asked.get("item_id", "")), str(asked.get("action", ""))
        if item_id not in {card.item_id for card in shelf.cards}:
            return shelf_html(shelf), shelf
        given = dict(shelf.given)
        try:
            visitor = self._visitor(request)
            if action == "undo" and item_id in given:
                self._parley.retract(given.pop(item_id).event_id)
            elif action in ACTIONS:
                recorded, created = self._parley.feedback(
                    visitor, item_id, action, session_id=shelf.session_id, turn_id=shelf.turn_id
                )
                given[item_id] = Given(recorded.action, recorded.event_id)
                if created and self._metrics is not None:
                    self._metrics.event(recorded)
        except ParleyError as error:
            gr.Warning(escape(error))
            return shelf_html(shelf), shelf
        shelf = Shelf(shelf.session_id, shelf.turn_id, shelf.cards, given)
        return shelf_html(shelf), shelf

    def _visitor(self, request: gr.Request) -> str:
        visitor = self._visitor_of(request)
        if visitor is None:
            raise NoVisitor("this page needs its cookie; allow cookies for it and reload")
        return visitor

    def _given(self, visitor: str, item_ids: Sequence[str]) -> dict[str, Given]:
        """What the visitor has said to these items by button, the latest of each."""
        events: list[Mapping[str, Any]] = self._parley.user(visitor)["events"]
        return {
            event["item_id"]: Given(event["action"], event["event_id"])
            for event in events
            if event["item_id"] in item_ids and event["action"] in ACTIONS
        }

    def _card_of(self, one: "Recommendation") -> Card:
        return self._card(one.item_id, one.title, one.explanation)

    def _card(self, item_id: str, title: str, reason: str) -> Card:
        item = self._parley.catalogue.get(item_id)
        return Card(item_id, title, details_of(item.fields) if item is not None else "", reason)


class NoVisitor(ParleyError):
    """A request of the page without its cookie."""


def build_page(parley: "Parley", visitor_of: Visitor, metrics: Metrics | None = None) -> gr.Blocks:
    """The page over an opened service; `visitor_of` tells whose request one is."""
    page = Page(parley, visitor_of, metrics)
    nouns = parley.catalogue.config.nouns
    blocks: gr.Blocks = gr.Blocks(title="Parley", analytics_enabled=False, fill_width=True)
    with blocks:
        shelf = gr.State(Shelf())
        waiting = gr.State("")
        transcript = gr.State([])
        with gr.Row():
            with gr.Column(scale=1, min_width=260):
                gr.HTML(f"<h1>Parley</h1><p>Say what {escape(nouns)} you are in the mood for.</p>")
            with gr.Column(scale=0, min_width=200):
                start_new = gr.Button("Start as someone new", size="sm")
        with gr.Row():
            with gr.Column(scale=3, min_width=320):
                conversation = gr.Chatbot(
                    label="Conversation",
                    height=480,
                    render_markdown=False,
                    sanitize_html=True,
                    allow_tags=False,
                    latex_delimiters=[],
                    feedback_options=None,
                    buttons=[],
                    placeholder="Nothing said yet.",
                )
                box = gr.Textbox(
                    label="Your message",
                    placeholder="Something funny from the 90s…",
                    max_length=parley.settings.server.max_message_chars,
                    lines=1,
                    max_lines=6,
                    submit_btn="Send",
                    autofocus=True,
                )
            with gr.Column(scale=2, min_width=320):
                cards = gr.HTML(shelf_html(Shelf()), js_on_load=ON_LOAD, elem_id="parley-shelf")

        def hear(message: str, said: Transcript) -> tuple[str, str, Transcript, Transcript]:
            """Show the message at once; the answer comes in the next step."""
            if not message.strip():
                return message, "", said, said
            said = [*said, _said("user", message)]
            return "", message, said, said

        def answer(
            message: str, said: Transcript, old: Shelf, request: gr.Request
        ) -> tuple[Any, Any, Any, Any]:
            if not message:
                return KEEP, KEEP, KEEP, KEEP
            said, shown, new = page.answer(message, said, old, request)
            return said, said, shown, new

        def restore(request: gr.Request) -> tuple[Transcript, Transcript, str, Shelf]:
            said, shown, new = page.restore(request)
            return said, said, shown, new

        shown = [transcript, conversation, cards, shelf]
        blocks.load(restore, None, shown, show_progress="hidden", api_visibility="private")
        box.submit(
            hear,
            [box, transcript],
            [box, waiting, transcript, conversation],
            show_progress="hidden",
            api_visibility="private",
        ).then(answer, [waiting, transcript, shelf], shown, api_visibility="private")
        cards.click(page.react, shelf, [cards, shelf], show_progress="hidden", api_visibility="private")
        start_new.click(None, js=START_NEW)
    return blocks


def _listed(turn: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a stored turn recommended."""
    listed: list[dict[str, Any]] = turn["payload"].get("recommendations", [])
    return listed


def _said(role: str, text: str) -> dict[str, str]:
    # Without Markdown the chatbot still lets harmless-looking tags through; text is only ever text here.
    return {"role": role, "content": escape(text)}
