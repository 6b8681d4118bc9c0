"""What answers while the service is being opened, and stands aside when it is open. Plain ASGI.

Loading a language model takes seconds, for a large one minutes. Until then a browser is shown what is being
done, and whoever asks the API is told to come back. Nothing heavy is imported here.
"""

import asyncio
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage.errors import ParleyError

RETRY_SECONDS = 2
PAGES = ("/", "/docs", "/ui")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{seconds}"><title>Parley is waking up</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 18px/1.5 system-ui, sans-serif; min-height: 80vh; margin: 0; padding: 1rem;
  display: grid; place-content: center; text-align: center }}
h1 {{ font-size: 1.5rem; margin: .25rem }} p {{ margin: .25rem; opacity: .8 }}
</style></head><body><main role="status"><h1>Parley is waking up: loading the {step}</h1>
<p>The conversation opens here by itself as soon as everything is there.</p></main></body></html>"""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """The real application, and how to close what it stands on."""

    app: ASGIApp
    close: Callable[[], None]


Opening: TypeAlias = Callable[[Callable[[str], None]], Opened]
"""Opens the service, and names each step to the function given before it takes it."""


class StoppedOpening(ParleyError):
    """The service was asked to stop before it was open."""


class Waking:
    """Opens the real application in a thread and answers in its place until it is there.

    `ready` is called when it is, `failed` when it cannot be: then `failure` holds the reason.
    """

    def __init__(self, opening: Opening, ready: Callable[[], None], failed: Callable[[], None]) -> None:
        self.failure: BaseException | None = None
        self._opening = opening
        self._ready = ready
        self._failed = failed
        self._step = "program"
        self._opened: Opened | None = None
        self._serving = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif self._serving and self._opened is not None:
            await self._opened.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1013})
        else:
            await self._answer(scope)(scope, receive, send)

    def close(self, patience: float) -> bool:
        """Close what was opened. False when, after `patience` seconds, a step of the opening still runs."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(patience)
            if self._thread.is_alive():
                return False
        if self._opened is not None:
            self._opened.close()
        return True

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        opened = self._start()
        stop: asyncio.Future[Any] = asyncio.ensure_future(receive())
        await asyncio.wait({stop, opened}, return_when=asyncio.FIRST_COMPLETED)
        if self._opened is not None and not stop.done():
            try:
                await self._hand_over(self._opened.app, scope, stop, send)
                return
            except Exception as error:
                self.failure = error
        if self.failure is not None:
            self._failed()
        self._stopping = True
        await stop
        await send({"type": "lifespan.shutdown.complete"})

    def _start(self) -> "asyncio.Future[Any]":
        loop = asyncio.get_running_loop()
        over = loop.create_future()

        def tell() -> None:
            if not over.done():
                over.set_result(None)

        def run() -> None:
            try:
                self._opened = self._opening(self._on_step)
            except StoppedOpening:
                pass
            except BaseException as error:
                self.failure = error
            with suppress(RuntimeError):  # the server may be gone by now, and its loop with it
                loop.call_soon_threadsafe(tell)

        # A daemon, so that a model that loads for minutes does not keep the process from ending.
        self._thread = threading.Thread(target=run, name="opening", daemon=True)
        self._thread.start()
        return over

    async def _hand_over(self, app: ASGIApp, scope: Scope, stop: "asyncio.Future[Any]", send: Send) -> None:
        """The real application's own startup and shutdown, within ours."""
        began = False

        async def receive_after_us() -> Message:
            nonlocal began
            if began:
                message: Message = await stop
                return message
            began = True
            return {"type": "lifespan.startup"}

        async def send_after_us(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._serving = True
                self._ready()
            elif message["type"] == "lifespan.startup.failed":
                raise ParleyError(f"the service could not start: {message.get('message', '')}")
            else:
                await send(message)

        await app(scope, receive_after_us, send_after_us)

    def _on_step(self, step: str) -> None:
        if self._stopping:
            raise StoppedOpening
        self._step = step

    def _answer(self, scope: Scope) -> Response:
        path = scope["path"]
        if path == "/health/live":
            return JSONResponse({"status": "ok"}, headers=HEADERS)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        headers = {**HEADERS, "Retry-After": str(RETRY_SECONDS)}
        if scope["method"] in ("GET", "HEAD") and (path in PAGES or path.startswith("/ui/")):
            return HTMLResponse(PAGE.format(step=self._step, seconds=RETRY_SECONDS), status, headers)
        request_id = uuid.uuid4().hex
        problem = {
            "type": "urn:parley:problem:loading",
            "title": status.phrase,
            "status": status,
            "detail": f"Parley is waking up: loading the {self._step}; try again in {RETRY_SECONDS} seconds",
            "request_id": request_id,
        }
        return JSONResponse(
            problem, status, {**headers, "X-Request-ID": request_id}, "application/problem+json"
        )
