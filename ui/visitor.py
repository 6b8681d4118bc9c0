"""Who is looking at the page: a random id in a signed cookie that scripts cannot read.

Knows cookies and nothing of what a visitor does. A cookie that is missing, forged or damaged is answered
with a new one, that is, a new visitor.
"""

import os
import secrets
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response
from itsdangerous import BadSignature, Signer
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.errors import SettingsError

COOKIE = "parley_visitor"
PREFIX = "visitor-"
TWO_YEARS = 2 * 365 * 24 * 3600
NEW_PATH = "/ui/new"


class Visitors:
    """Makes visitor ids and reads them back from cookies signed with the key in `key_file`."""

    def __init__(self, key_file: Path) -> None:
        self._signer = Signer(_key(key_file), salt=COOKIE)

    def cookie(self, visitor: str, *, secure: bool) -> str:
        """The Set-Cookie header that makes a browser come back as `visitor`."""
        jar = SimpleCookie({COOKIE: self._signer.sign(visitor).decode()})
        attributes = {
            "path": "/ui",
            "max-age": TWO_YEARS,
            "httponly": True,
            "samesite": "Lax",
            "secure": secure,
        }
        for name, value in attributes.items():
            jar[COOKIE][name] = value
        return jar[COOKIE].OutputString()

    def read(self, header: str) -> str | None:
        """The visitor of a Cookie header, or None."""
        try:
            morsel = SimpleCookie(header).get(COOKIE)
            return self._signer.unsign(morsel.value).decode() if morsel is not None else None
        except (CookieError, BadSignature, UnicodeDecodeError):
            return None

    @staticmethod
    def new() -> str:
        """An id that nobody can guess."""
        return PREFIX + secrets.token_hex(16)


class VisitorCookies:
    """Gives a cookie to whoever opens the page without one."""

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self.app = app
        self.visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opens_page = scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == "/ui/"
        if not opens_page or self.visitors.read(Request(scope).headers.get("cookie", "")) is not None:
            await self.app(scope, receive, send)
            return
        cookie = self.visitors.cookie(self.visitors.new(), secure=scope["scheme"] == "https")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def install(app: FastAPI, visitors: Visitors) -> None:
    """Know the visitors of `app`'s page, and let one start as someone new."""
    app.add_middleware(VisitorCookies, visitors=visitors)

    @app.post(NEW_PATH, include_in_schema=False)
    def start_new(request: Request) -> Response:
        # Another site may not make a visitor lose what is theirs.
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise HTTPException(HTTPStatus.FORBIDDEN, "only the page itself may ask for this")
        cookie = visitors.cookie(visitors.new(), secure=request.url.scheme == "https")
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Set-Cookie": cookie})


def _key(path: Path) -> bytes:
    """The signing key, made at the first start and readable by this user alone."""
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_hex(32).encode())
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the page's key {str(path)!r} cannot be used: {error.strerror}") from error
    if len(key) < 32:
        raise SettingsError(f"the page's key {str(path)!r} is damaged: delete it, and visitors start anew")
    return key
