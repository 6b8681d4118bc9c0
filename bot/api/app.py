"""The REST application: routes, problems, limits, metrics. Knows the facade and nothing below it."""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic.json_schema import models_json_schema

from bot.api import problems
from bot.api.docs import docs_page
from bot.api.metrics import Metrics
from bot.api.middleware import BodyLimit, RequestIds, SafeHeaders, WholeIds
from bot.api.routes import add_routes
from bot.api.streaming import EVENTS

if TYPE_CHECKING:
    from bot.service import Parley

PAGE = "/ui/"


def create_app(parley: "Parley", metrics: Metrics | None = None) -> FastAPI:
    """The REST application over an opened service; `metrics` counts what other doors serve, too."""
    # FastAPI's own documentation page loads scripts from another host; ours is docs_page.
    app = FastAPI(
        title="Parley",
        summary="A conversational recommendation service",
        version=_version(),
        docs_url=None,
        redoc_url=None,
    )
    add_routes(app.router, parley, metrics or Metrics())
    problems.install(app)
    app.add_middleware(BodyLimit, limit=parley.settings.server.max_body_bytes)
    app.add_middleware(WholeIds)
    app.add_middleware(SafeHeaders, page=PAGE)
    app.add_middleware(RequestIds)  # added last, so it stands outermost

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse(PAGE)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not described:
            described.update(_described(app, parley))
        return described

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _described(app: FastAPI, parley: "Parley") -> dict[str, Any]:
    """The OpenAPI description, with the limits and the actions of these settings."""
    whole = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas: dict[str, Any] = whole["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    # The framework knows the bodies of plain answers only; problems and events of a stream come beside them.
    _, beside = models_json_schema(
        [(body, "serialization") for body in EVENTS.values()], ref_template="#/components/schemas/{model}"
    )
    schemas.update(beside["$defs"])
    schemas["ChatRequest"]["properties"]["message"]["maxLength"] = parley.settings.server.max_message_chars
    kinds = parley.settings.actions.actions
    by_value = {word: spec.by_value for name, spec in kinds.items() for word in (name, *spec.aliases)}
    rated = sorted(word for word, needed in by_value.items() if needed)
    feedback = schemas["FeedbackRequest"]
    feedback["properties"]["action"]["enum"] = sorted(by_value)
    feedback["if"] = {"properties": {"action": {"enum": rated}}}
    feedback["then"] = {"required": ["value"], "properties": {"value": {"type": "number"}}}
    return whole


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("parley-recommender")
    except PackageNotFoundError:
        return "0"
