"""What the browser tests share: a page of a new visitor, and a server over the fixed facade."""

import os
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import uvicorn

from retrieval.items import Item
from tests.bot.fakes import ITEMS, FixedParley
from ui.server import build_server

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
PATIENCE = 60_000
"""Milliseconds that the page may take; a limit for a busy machine, no budget."""
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 860}}
MARKUP = "<img src=x onerror=alert(1)> **bold** & [link](http://example.com) {{value}} ${1+1}"

LONG_TITLE = "An Extraordinarily Long Title That Goes On and On " * 6
ODD_ITEMS = [
    *ITEMS,
    Item("long", LONG_TITLE[:300], "A" * 5_000, {"year": 2001, "genres": ["drama"]}),
    Item("bare", MARKUP, "", {"year": 1950}),
]


class FixedServer:
    """The page over `parley` on a port of its own; it can go away and come back there."""

    def __init__(self, folder):
        self.parley = FixedParley(folder, ODD_ITEMS)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        from gradio.context import Context

        Context.id = 0  # as in a new process: a page that is open keeps the names of its parts
        config = uvicorn.Config(
            build_server(self.parley), port=self.port, log_level="error", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/health/live", trust_env=False).raise_for_status()
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the fixed server did not start")

    def stop(self):
        self._server.should_exit = True
        self._thread.join(30)


@contextmanager
def visit(browser, url, where="", **settings):
    """A page of a new visitor, with what it asked of other hosts and what went wrong in it."""
    context = browser.new_context(**(DESKTOP | settings))
    context.set_default_timeout(PATIENCE)
    own, trouble = urlsplit(url).netloc, []

    def requested(request):
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own:
            trouble.append(f"asked {request.url}")

    def opened(page):
        page.on("websocket", requested)
        page.on("pageerror", lambda error: trouble.append(f"error {error}"))

    context.on("request", requested)
    context.on("page", opened)
    page = context.new_page()
    page.goto(f"{url}/ui/{where}")
    ready(page)
    try:
        yield page, trouble
    finally:
        context.close()


def ready(page):
    """Wait until the page shows a conversation, or the greeting of an empty one."""
    page.locator("#parley .greeting, #parley .turn").first.wait_for(state="attached")


def box(page):
    return page.get_by_label("Your message")


def say(page, message):
    """Send a message and wait for the whole answer to it."""
    before = page.locator(".turn").count()
    box(page).fill(message)
    box(page).press("Enter")
    answered(page, before + 1)


def answered(page, count):
    """Wait for `count` turns, the last of them answered."""
    page.locator(".turn").nth(count - 1).locator(".tools").wait_for()


def last(page):
    return page.locator(".turn").last


def titles(turn):
    return [text.strip() for text in turn.locator(".card .title").all_inner_texts()]


def visitor_of(page):
    cookie = next(one for one in page.context.cookies() if one["name"] == "parley_visitor")
    return cookie["value"].strip('"').rsplit(".", 1)[0]


def sideways(page):
    """By how many pixels the page, or the conversation in it, can be scrolled sideways."""
    return page.evaluate(
        """() => Math.max(...[document.documentElement, ...document.querySelectorAll('.scroll, aside')]
            .map((part) => part.scrollWidth - part.clientWidth))"""
    )


def no_browser():
    """Why no browser can be started here, or None."""
    return None if os.access(CHROMIUM, os.X_OK) else "no chromium: run `apt-get install chromium`"
