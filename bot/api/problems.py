"""Every error as RFC 9457 `application/problem+json`: the one place that turns an error into a status."""

import logging
import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from bot.api.schemas import Problem
from bot.errors import BotError, MessageError, ModelError, SettingsError, UnknownSession
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
from storage.errors import ParleyError, StateFolderError, StateVersionError, StorageError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# A class that is not listed answers as its nearest listed parent.
STATUSES: dict[type[ParleyError], HTTPStatus] = {
    ParleyError: HTTPStatus.INTERNAL_SERVER_ERROR,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
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
    MessageError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownSession: HTTPStatus.NOT_FOUND,
}

# For OpenAPI: every operation may answer so.
RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
    for code, text in (("4XX", "The request cannot be served."), ("5XX", "The service failed."))
}


def status_of(error: ParleyError) -> HTTPStatus:
    """The status that stands for `error`."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def install(app: FastAPI) -> None:
    """Answer every error of `app` with a problem."""

    @app.exception_handler(ParleyError)
    def on_parley_error(request: Request, error: ParleyError) -> JSONResponse:
        status = status_of(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request failed: %s", error, exc_info=error)
        return problem(request, status, str(error), kind=_kebab(type(error).__name__))

    @app.exception_handler(RequestValidationError)
    def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        if any(one["type"] == "json_invalid" for one in found):
            reason = found[0].get("ctx", {}).get("error", "")
            detail = f"the body is not JSON: {reason} at character {found[0]['loc'][-1]}"
            return problem(request, HTTPStatus.BAD_REQUEST, detail, kind="malformed-json")
        errors = [{"where": ".".join(map(str, one["loc"])), "detail": _plain(one["msg"])} for one in found]
        detail = "; ".join(f"{one['where']}: {one['detail']}" for one in errors[:3])
        return problem(
            request, HTTPStatus.UNPROCESSABLE_ENTITY, _storable(detail), kind="invalid-input", errors=errors
        )

    @app.exception_handler(StarletteHTTPException)
    def on_http_error(request: Request, error: StarletteHTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        detail = error.detail if error.detail != status.phrase else _detail_of(request, status)
        return problem(request, status, detail, headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    def on_surprise(request: Request, error: Exception) -> JSONResponse:
        # The server logs the traceback with the request id; what is inside it is nobody else's business.
        detail = "an unexpected error; the server's log has it under this request_id"
        return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    *,
    kind: str | None = None,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """One problem, as the answer to `request`."""
    request_id = getattr(request.state, "request_id", None)
    body = Problem(
        type=f"urn:parley:problem:{kind or _kebab(status.phrase)}",
        title=status.phrase,
        status=status,
        detail=detail,
        request_id=request_id,
        errors=errors,
    )
    headers = {**(headers or {}), **({"X-Request-ID": request_id} if request_id else {})}
    return JSONResponse(
        body.model_dump(exclude_none=True), status_code=status, headers=headers, media_type=MEDIA_TYPE
    )


def too_large(limit: int) -> HTTPException:
    """The error of a body over `limit` bytes."""
    detail = f"the body is longer than {limit} bytes"
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


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
