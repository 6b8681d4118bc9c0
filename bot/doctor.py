"""`parley doctor`: looks at each part of an installation and says what is wrong and the way out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.listening import listen
from bot.prepare import Preparation, language_warning
from bot.settings import Settings, load_settings
from ranking.open import open_ranking
from retrieval.open import Retrieval
from storage.engine import prepare_folder
from storage.errors import ParleyError


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found; `ok` is None for advice that does not stop the service."""

    part: str
    ok: bool | None
    text: str


def examine(config: Path) -> Iterator[Finding]:
    """Look at one part after the other; the ones that need a broken part are left out."""
    try:
        settings = load_settings(config)
    except ParleyError as error:
        yield Finding("settings", False, str(error))
        return
    yield Finding("settings", True, str(config))
    state = _look("state folder", lambda: _state(settings))
    yield state
    yield _look("language model", lambda: _model(settings))
    yield _look("port", lambda: _port(settings))
    if state.ok:
        yield from _data(settings)


def _look(part: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(part, True, look())
    except ParleyError as error:
        return Finding(part, False, str(error))


def _state(settings: Settings) -> str:
    prepare_folder(settings.state_dir)
    Preparation(settings).close()
    return f"{settings.state_dir} can be written"


def _model(settings: Settings) -> str:
    from bot.loading import load_model

    return f"{load_model(settings.model).name} loads"


def _port(settings: Settings) -> str:
    server = settings.server
    listen(server.host, server.port).close()
    return f"{server.port} of {server.host} is free"


def _data(settings: Settings) -> Iterator[Finding]:
    preparation = Preparation(settings)
    try:
        retrieval = preparation.embed()
        count = len(retrieval.catalogue)
        if not count:
            yield Finding("catalogue", False, "it is empty: run `parley ingest` (or `parley demo`)")
            return
        yield Finding("catalogue", True, f"{count} {settings.catalogue.nouns}")
        warning = language_warning(retrieval)
        yield Finding("text encoder", True if warning is None else None, warning or "reads the catalogue")
        yield _behaviour(preparation, retrieval)
    except ParleyError as error:
        yield Finding("catalogue", False, str(error))
    finally:
        preparation.close()


def _behaviour(preparation: Preparation, retrieval: Retrieval) -> Finding:
    settings = preparation.settings
    ranking = open_ranking(
        preparation.engine, settings.state_dir, retrieval, settings.actions, settings.ranking
    )
    people = ranking.log.users_count()
    if ranking.factors is None:
        return Finding("behaviour", None, f"{people} people, nothing learned yet: run `parley train`")
    return Finding("behaviour", True, f"{people} people, trained")
