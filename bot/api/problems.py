"""Every error as RFC 9457 `application/problem+json`: the one place that turns an error into a status."""

import logging
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Match

from bot.api.schemas import Invalid, Problem
from bot.errors import (
    BotError,
    ForeignTurn,
    MessageError,
    ModelError,
    ModelStopped,
    ModelTooSlow,
    SettingsError,
    UnknownBelief,
    UnknownSession,
    UnknownTurn,
)
from ranking.errors import (
    ArtefactError,
    IdempotencyConflict,
    InvalidValue,
    RankingError,
    UnknownAction,
    UnknownEvent,
    UnknownItem,
)
from retrieval.errors import (
    CatalogueError,
    EncoderError,
    FilterError,
    IngestError,
    RetrievalError,
    VectorStoreError,
)
from storage.errors import (
    ParleyError,
    StateFolderError,
    StateVersionError,
    StorageError,
    StorageFull,
    StorageUnavailable,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# A class that is not listed answers as its nearest listed parent.
STATUSES: dict[type[ParleyError], HTTPStatus] = {
    ParleyError: HTTPStatus.INTERNAL_SERVER_ERROR,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    StateFolderError: HTTPStatus.SERVICE_UNAVAILABLE,
    StateVersionError: HTTPStatus.SERVICE_UNAVAILABLE,
    RetrievalError: HTTPStatus.SERVICE_UNAVAILABLE,
    CatalogueError: HTTPStatus.SERVICE_UNAVAILABLE,
    EncoderError: HTTPStatus.SERVICE_UNAVAILABLE,
    VectorStoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    FilterError: HTTPStatus.UNPROCESSABLE_ENTITY,
    IngestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RankingError: HTTPStatus.SERVICE_UNAVAILABLE,
    ArtefactError: HTTPStatus.SERVICE_UNAVAILABLE,
    UnknownItem: HTTPStatus.NOT_FOUND,
    UnknownEvent: HTTPStatus.NOT_FOUND,
    UnknownAction: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidValue: HTTPStatus.UNPROCESSABLE_ENTITY,
    IdempotencyConflict: HTTPStatus.CONFLICT,
    BotError: HTTPStatus.INTERNAL_SERVER_ERROR,
    SettingsError: HTTPStatus.INTERNAL_SERVER_ERROR,
    ModelError: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelTooSlow: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelStopped: HTTPStatus.SERVICE_UNAVAILABLE,
    MessageError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownSession: HTTPStatus.NOT_FOUND,
    UnknownTurn: HTTPStatus.NOT_FOUND,
    ForeignTurn: HTTPStatus.NOT_FOUND,
    UnknownBelief: HTTPStatus.NOT_FOUND,
}

RETRY_SECONDS = 1
"""When to come back after a 503."""

_MEANINGS = {
    400: "The body is not JSON.",
    404: "There is no such thing, or it is another user's.",
    409: "The idempotency key was used for another request.",
    413: "The body is too long.",
    415: "The body is not application/json.",
    422: "Something in the request cannot be taken; `errors` says what.",
    500: "The service failed.",
    503: "The service cannot answer now; `Retry-After` says when to come back.",
    507: "There is no space left to record this; nothing of it was kept.",
}


def responses(*codes: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that an operation answers with, beside those that any may."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        code: {"description": _MEANINGS[code], "content": {MEDIA_TYPE: {"schema": schema}}}
        for code in sorted({*codes, 422, 500, 503})
    }


class Refusal(HTTPException):
    """A refusal with a name of its own, for clients that want to tell it from others of its status."""

    def __init__(self, status: HTTPStatus, kind: str, detail: str) -> None:
        super().__init__(status, detail)
        self.kind = kind


def busy() -> Refusal:
    """The error of a turn for which there is no room now."""
    detail = "too many turns are in hand; try again in a moment"
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail)


def status_of(error: ParleyError) -> HTTPStatus:
    """The status that stands for `error`."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def problem_of(error: Exception, request_id: str | None) -> Problem:
    """The problem that tells of `error`; what is not raised on purpose keeps what is inside it to the log."""
    if isinstance(error, ParleyError):
        status = status_of(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request %s failed: %s", request_id, error, exc_info=error)
        return _problem(status, str(error), request_id, kind=_kebab(type(error).__name__))
    log.error("request %s failed", request_id, exc_info=error)
    detail = "an unexpected error; the server's log has it under this request_id"
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail, request_id)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""

    @app.exception_handler(ParleyError)
    def on_parley_error(request: Request, error: ParleyError) -> JSONResponse:
        return _answer(problem_of(error, id_of(request)))

    @app.exception_handler(RequestValidationError)
    def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        if any(one["type"] == "json_invalid" for one in found):
            reason = found[0].get("ctx", {}).get("error", "")
            detail = f"the body is not JSON: {reason} at character {found[0]['loc'][-1]}"
            return problem(request, HTTPStatus.BAD_REQUEST, detail, kind="malformed-json")
        if error.body and any(one["loc"] == ("body",) for one in found) and not _announces_json(request):
            detail = "the body must be JSON and say so: send `Content-Type: application/json`"
            return problem(request, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        errors = [
            Invalid(where=_storable(".".join(map(str, one["loc"]))), detail=_storable(_plain(one["msg"])))
            for one in found
        ]
        detail = "; ".join(f"{one.where}: {one.detail}" for one in errors[:3])
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, kind="invalid-input", errors=errors)

    @app.exception_handler(StarletteHTTPException)
    def on_http_error(request: Request, error: StarletteHTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        detail = error.detail if error.detail != status.phrase else _detail_of(request, status)
        headers = dict(error.headers or {})
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(sorted(_methods(request)))
        return problem(request, status, detail, kind=getattr(error, "kind", None), headers=headers)

    @app.exception_handler(Exception)
    def on_surprise(request: Request, error: Exception) -> JSONResponse:
        return _answer(problem_of(error, id_of(request)))


def problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    *,
    kind: str | None = None,
    errors: list[Invalid] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """One problem, as the answer to `request`."""
    return _answer(_problem(status, detail, id_of(request), kind=kind, errors=errors), headers)


def id_of(request: Request) -> str | None:
    """The id that the request was given."""
    return getattr(request.state, "request_id", None)


def _problem(
    status: HTTPStatus,
    detail: str,
    request_id: str | None,
    *,
    kind: str | None = None,
    errors: list[Invalid] | None = None,
) -> Problem:
    return Problem(
        type=f"urn:parley:problem:{kind or _kebab(status.phrase)}",
        title=status.phrase,
        status=status,
        detail=_storable(detail),
        request_id=request_id,
        errors=errors,
    )


def _answer(body: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    named = {"X-Request-ID": body.request_id} if body.request_id else {}
    if body.status == HTTPStatus.SERVICE_UNAVAILABLE:
        named["Retry-After"] = str(RETRY_SECONDS)
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status_code=body.status,
        headers={**(headers or {}), **named},
        media_type=MEDIA_TYPE,
    )


def too_large(limit: int) -> HTTPException:
    """The error of a body over `limit` bytes."""
    detail = f"the body is longer than {limit} bytes"
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def _methods(request: Request) -> set[str]:
    """Every method that the path takes; the router itself names those of one route only."""
    matching = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in matching for method in getattr(route, "methods", None) or ()}


def _announces_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _detail_of(request: Request, status: HTTPStatus) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return f"there is nothing at {request.url.path!r}; /docs lists what there is"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.url.path!r} does not take {request.method}"
    return status.phrase


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode()


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|\s+", "-", name).lower()
