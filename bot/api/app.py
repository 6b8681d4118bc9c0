"""The REST application: routes, problems, limits, metrics. Knows the facade and nothing below it."""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.api import problems
from bot.api.docs import docs_page
from bot.api.metrics import Metrics
from bot.api.middleware import BodyLimit, RequestIds
from bot.api.routes import build_router

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
    app.include_router(build_router(parley, metrics or Metrics()))
    problems.install(app)
    app.add_middleware(BodyLimit, limit=parley.settings.server.max_body_bytes)
    app.add_middleware(RequestIds)  # added last, so it stands outermost

    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse(PAGE)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    return app


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("parley-recommender")
    except PackageNotFoundError:
        return "0"
