"""The Gradio app: one component that fills the page, the verbs that its script calls, and the stream.

The page's own files (`static/`) hold its markup, style and script; what a verb does stands in `ui.page`.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from bot.api.metrics import Metrics
from storage.errors import ParleyError
from ui.page import Asked, NoVisitor, Page, Shown, sentence

if TYPE_CHECKING:
    from bot.service import Parley

Visitor = Callable[[gr.Request], str | None]
Verb = Callable[[Asked, str], Shown]

STATIC = Path(__file__).parent / "static"


def build_page(parley: "Parley", visitor_of: Visitor, metrics: Metrics | None = None) -> gr.Blocks:
    """The page over an opened service; `visitor_of` tells whose request one is."""
    page = Page(parley, metrics)
    verbs = (
        page.open, page.earlier, page.stop, page.react, page.hide, page.beliefs, page.forget, page.consent,
        page.rename, page.delete, page.erase,
    )  # fmt: skip
    blocks: gr.Blocks = gr.Blocks(title="Parley", analytics_enabled=False, fill_width=True)
    with blocks:
        whole = gr.HTML(
            value={},
            html_template=_static("page.html"),
            js_on_load=_static("script.js"),
            server_functions=[_served(verb, visitor_of) for verb in verbs],
            apply_default_css=False,
            elem_id="parley",
        )

        def say(event: gr.EventData, request: gr.Request) -> Iterator[Shown]:
            asked = event._data if isinstance(event._data, Mapping) else {}
            yield from page.say(asked, visitor_of(request))

        # Several tabs and a second answer after a lost one: none waits for another.
        whole.say(
            say,
            None,
            whole,
            show_progress="hidden",
            trigger_mode="multiple",
            concurrency_limit=None,
            api_visibility="private",
        )
    return blocks


def head() -> str:
    """What stands in the document's head: the style, and light or dark before anything shows."""
    return f"<style>{_static('styles.css')}</style><script>{_static('theme.js')}</script>"


def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _served(verb: Verb, visitor_of: Visitor) -> Callable[[Any, gr.Request], Shown]:
    """`verb` as the page's script calls it: for the visitor of the request, errors as sentences."""

    def served(asked: Any, request: gr.Request) -> Shown:
        try:
            visitor = visitor_of(request)
            if visitor is None:
                raise NoVisitor
            return verb(asked if isinstance(asked, Mapping) else {}, visitor)
        except ParleyError as error:
            return {"error": sentence(error), "kind": type(error).__name__}
        except KeyError as error:
            return {"error": f"The page asked without {error}; reload it."}

    served.__name__ = verb.__name__
    return served
