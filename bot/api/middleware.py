"""What stands around every request: an id, a limit on its body, headers, whole ids in paths. Plain ASGI."""

import re
import uuid
from http import HTTPStatus
from urllib.parse import unquote

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.api.problems import problem, too_large

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


class RequestIds:
    """Gives each request an id (the client's own, when it sent a usable one) and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


class BodyLimit:
    """Refuses a body that is announced, or turns out to be, over `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > self.limit:
            detail = too_large(self.limit).detail
            refusal = problem(Request(scope), HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
            await refusal(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                raise too_large(self.limit)
            return message

        await self.app(scope, receive_counted, send)


class SafeHeaders:
    """Answers are somebody's own and data, not pages: not to be kept, guessed at, or shown in a frame.

    What an inner application says of its own answers stands.
    """

    HEADERS = (
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
    )

    def __init__(self, app: ASGIApp, page: str) -> None:
        self.app = app
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self.page):
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.HEADERS:
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safely)


class WholeIds:
    """Keeps an encoded slash apart from one that parts a path: ids may hold slashes.

    Servers decode a path before routes see it. Here `%2F` and `%25` stay as they were sent; `whole_id`
    decodes them in the id that a route was given.
    """

    PREFIXES = ("/feedback/", "/items/", "/sessions/", "/users/")

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self.PREFIXES):
            raw = scope.get("raw_path")
            sent = raw.decode("latin-1") if raw else scope["path"].replace("%", "%25")
            scope = {**scope, "path": unquote(re.sub(r"%(?=2[fF]|25)", "%25", sent))}
        await self.app(scope, receive, send)


def whole_id(text: str) -> str:
    """An id from a path, with its slashes and percent signs."""
    return re.sub(r"%(2[fF]|25)", lambda found: unquote(found.group()), text)
