"""The whole service on one port: REST, and the page at /ui/. `parley serve` finds it by name."""

from typing import TYPE_CHECKING

import gradio as gr
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.api import create_app
from bot.api.metrics import Metrics
from ui.app import build_page, head
from ui.visitor import Visitors, install

if TYPE_CHECKING:
    from bot.service import Parley

# Gradio's frontend builds functions from strings and styles in place, all from this host.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; "
    "connect-src 'self'; frame-ancestors 'self'; form-action 'self'; base-uri 'self'; object-src 'none'"
)


# A speech mark on a round ground, in place, so that browsers need not ask for a file.
ICON = (
    "<link rel='icon' href=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
    "<circle cx='8' cy='8' r='8' fill='%230d6b5b'/><path d='M4 5h8v5H8l-3 2v-2H4z' fill='white'/></svg>\">"
)

# Fonts of the system: none is fetched.
THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])


class PagePolicy:
    """Tells browsers that the page has no business with any other host."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["Referrer-Policy"] = "same-origin"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        inside = scope["type"] == "http" and scope["path"].startswith("/ui")
        await self.app(scope, receive, send_with_policy if inside else send)


def build_server(parley: "Parley") -> FastAPI:
    """The application that `parley serve` runs."""
    metrics = Metrics()
    app = create_app(parley, metrics)
    visitors = Visitors(parley.settings.state_dir / "page.key")
    install(app, visitors)
    app.add_middleware(PagePolicy)

    def visitor_of(request: gr.Request) -> str | None:
        headers = getattr(request, "headers", None)
        return visitors.read(headers.get("cookie", "")) if headers else None

    page = build_page(parley, visitor_of, metrics)
    page.queue(default_concurrency_limit=16)
    served: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/ui",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        max_file_size=1,
        theme=THEME,
        head=ICON + head(),
    )
    return served
