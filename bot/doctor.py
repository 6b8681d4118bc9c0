"""`parley doctor`: looks at each part of an installation and says what is wrong and the way out.

It changes nothing: no folder is made, no database migrated, no vector embedded or thrown away. What needs
a part that is broken is left out, so that one fault is one line.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

from storage.errors import ParleyError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.settings import Settings
    from retrieval.catalogue import Catalogue
    from retrieval.embedding import TextEncoder

PACKAGE = "parley-recommender"
FREE_MIB = 200
"""So much room a small catalogue, its vectors and some conversations need."""
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found; `ok` is None for advice that does not stop the service."""

    part: str
    ok: bool | None
    text: str


class Broken(ParleyError):
    """What a look found wrong, with the way out."""


class Advice(ParleyError):
    """What a look found that does not stop the service."""


def examine(config: Path) -> Iterator[Finding]:
    """Look at one part after the other."""
    packages = _look("packages", _packages)
    yield packages
    if not packages.ok:
        return  # nothing else could be imported
    from bot.settings import load_settings

    try:
        settings = load_settings(config)
    except ParleyError as error:
        yield Finding("settings", False, _one_line(error))
        return
    yield Finding("settings", True, str(config))
    files = _look("data files", lambda: _files(settings))
    yield files
    state = _look("state folder", lambda: _state(settings))
    yield state
    yield _look("language model", lambda: _model(settings))
    yield _look("port", lambda: _port(settings))
    if settings.vectors_url is not None:
        yield _look("vectors", lambda: _server(settings.vectors_url or ""))
    yield from _kept(config, settings, readable=state.ok is not False, has_files=files.ok is not False)


def _kept(config: Path, settings: "Settings", *, readable: bool, has_files: bool) -> Iterator[Finding]:
    """What is kept: the database, the catalogue in it, its vectors, and what was learned."""
    encoder: list[TextEncoder] = []
    coding = _look("text encoder", lambda: _encoder(settings, encoder))
    yield coding
    if not readable:
        return
    found: list[Engine] = []
    database = _look("database", lambda: _database(settings, found))
    yield database
    if database.ok is False or not (found or has_files):
        return
    catalogues: list[Catalogue] = []
    catalogue = _look("catalogue", lambda: _catalogue(config, settings, found, catalogues))
    if catalogue.ok or has_files:  # of a catalogue whose file is missing enough was said
        yield catalogue
    if not catalogue.ok or not coding.ok:
        return
    yield _look("language", lambda: _language(encoder[0], catalogues[0]))
    if settings.vectors_url is None:
        yield _look("vectors", lambda: _vectors(settings, encoder[0], catalogues[0]))
    yield _look("behaviour", lambda: _behaviour(settings, found[0], encoder[0]))


def _look(part: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(part, True, look())
    except Advice as advice:
        return Finding(part, None, _one_line(advice))
    except ParleyError as error:
        return Finding(part, False, _one_line(error))
    except Exception as error:  # whatever a library raises over a broken part: a line, too
        reason = f"{type(error).__name__}: {_one_line(error)}"
        return Finding(part, False, f"it cannot be looked at ({reason}); please report this")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _packages() -> str:
    """Every package that Parley requires, by the names under which it is imported."""
    modules: dict[str, list[str]] = {}
    for module, distributions in packages_distributions().items():
        for name in distributions if module.isidentifier() else ():
            modules.setdefault(_canonical(name), []).append(module)
    try:
        required = [one for one in distribution(PACKAGE).requires or () if "extra ==" not in one]
    except PackageNotFoundError:
        raise Broken(f"{PACKAGE} is not installed; run `pip install .` in its folder") from None
    names = [re.split(r"[\s<>=!~;\[(]", one, maxsplit=1)[0] for one in required]
    missing = [one for name, one in zip(names, required, strict=True) if not _is_there(name, modules)]
    if missing:
        wanted = " ".join(f"'{one}'" for one in missing)
        raise Broken(f"{', '.join(missing)} cannot be imported; run `pip install {wanted}`")
    return f"{len(names)} are there"


def _is_there(name: str, modules: dict[str, list[str]]) -> bool:
    try:
        version(name)
        return all(find_spec(one) is not None for one in modules.get(_canonical(name), ()))
    except (PackageNotFoundError, ImportError, ValueError):
        return False


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _files(settings: "Settings") -> str:
    """The files that `parley ingest` would read."""
    named = {"items": settings.data.items, "events": settings.data.events}
    given = {key: path for key, path in named.items() if path is not None}
    for key, path in given.items():
        if not path.is_file():
            raise Broken(
                f"data.{key} names {str(path)!r}, which is no file; put it there or correct the config"
            )
        if not os.access(path, os.R_OK):
            raise Broken(f"data.{key} names {str(path)!r}, which may not be read; change its permissions")
    return ", ".join(path.name for path in given.values()) or "none are named"


def _state(settings: "Settings") -> str:
    folder = settings.state_dir
    there = folder if folder.exists() else next(one for one in folder.resolve().parents if one.exists())
    if not there.is_dir():
        raise Broken(f"state_dir {str(folder)!r} lies in or is a file; name a folder with state_dir")
    # Other than permissions in numbers this knows what root may do and what is mounted read-only.
    if not os.access(there, os.W_OK | os.X_OK):
        raise Broken(
            f"state_dir {str(folder)!r} cannot be written; "
            "change its permissions, or name another folder with state_dir (PARLEY_STATE_DIR)"
        )
    free = shutil.disk_usage(there).free // 2**20
    if free < FREE_MIB:
        raise Broken(
            f"the disk of state_dir {str(folder)!r} has {free} MiB left, and {FREE_MIB} MiB are needed; "
            "make room, or name a folder on another disk with state_dir (PARLEY_STATE_DIR)"
        )
    return f"{folder} can be written" if folder.exists() else f"{folder} will be made at the first start"


def _model(settings: "Settings") -> str:
    from bot.loading import load_model

    path, url = settings.model.path, settings.model.url
    if url is not None:
        from bot.remote import reach

        reach(settings.model)
        if settings.model.leaves_machine:
            raise Advice(f"{url} answers; it is another machine, and what people say is sent there")
        return f"{settings.model.name} is asked at {url}, which answers"
    if path is not None and not Path(path).is_dir() and re.fullmatch(r"[\w.-]+/[\w.-]+", path):
        raise Advice(f"{path} is a model of the hub: it is downloaded when it is first used")
    return f"{load_model(settings.model).name} loads"


def _port(settings: "Settings") -> str:
    from bot.errors import SettingsError
    from bot.listening import listen

    host, port = settings.server.host, settings.server.port
    try:
        listen(host, port).close()
    except SettingsError:
        if _is_ours(f"http://{host}:{port}/health/live"):
            return f"{port} of {host}: this is where Parley runs"
        raise
    return f"{port} of {host} is free"


def _is_ours(url: str) -> bool:
    try:
        with urlopen(url, timeout=PATIENCE) as answer:
            return bool(json.load(answer).get("status"))
    except (OSError, ValueError, AttributeError):
        return False


def _server(url: str) -> str:
    from retrieval.looking import reach

    reach(url)
    return "the Chroma server answers"


def _encoder(settings: "Settings", found: list["TextEncoder"]) -> str:
    from retrieval.embedding import TextEncoder

    found.append(TextEncoder(settings.encoder))
    return f"{settings.encoder.path or 'the packaged one'} loads"


def _database(settings: "Settings", found: list["Engine"]) -> str:
    from storage.engine import look_at_storage

    engine = look_at_storage(settings.state_dir, settings.storage)
    if engine is None:
        return "none of this version yet: the next start makes it, or brings it up to date"
    found.append(engine)
    return "can be read"


def _catalogue(config: Path, settings: "Settings", engines: list["Engine"], found: list["Catalogue"]) -> str:
    from retrieval.catalogue import Catalogue

    catalogue = Catalogue.load(engines[0], settings.catalogue) if engines else None
    if not catalogue:
        raise Broken(f"it is empty: run `parley ingest --config {config}` (`parley demo` does it, too)")
    found.append(catalogue)
    return f"{len(catalogue)} {settings.catalogue.nouns}"


def _language(encoder: "TextEncoder", catalogue: "Catalogue") -> str:
    from bot.prepare import language_warning

    warning = language_warning(encoder, catalogue)
    if warning is not None:
        raise Advice(warning)
    return "the text encoder reads the catalogue"


def _vectors(settings: "Settings", encoder: "TextEncoder", catalogue: "Catalogue") -> str:
    from retrieval.looking import condition_of
    from retrieval.open import card_digests, collection_name

    folder = settings.state_dir / "chroma"
    name = collection_name(settings.catalogue, encoder)
    condition = condition_of(folder, name, catalogue.ids, card_digests(catalogue))
    if condition == "damaged":
        raise Broken(
            f"those in {str(folder)!r} are damaged: the next start throws them away and makes them anew, "
            f"from the {len(catalogue)} items of the catalogue; start `parley serve`, or run `parley ingest`"
        )
    if condition != "whole":
        raise Advice("the next start makes those that are missing, which takes a while for a large catalogue")
    return "those of the catalogue are there and found"


def _behaviour(settings: "Settings", engine: "Engine", encoder: "TextEncoder") -> str:
    from ranking.artefacts import Origin, current_version, load_model
    from ranking.events import EventLog

    count = EventLog(engine, settings.actions).users_count()
    people = "1 person" if count == 1 else f"{count} people"
    with engine.connect() as connection:
        current = current_version(connection)
    if current is None:
        raise Advice(f"{people}, nothing learned yet" + (": run `parley train`" if count else ""))
    load_model(settings.state_dir, current, Origin(settings.catalogue.name, encoder.digest))
    return f"{people}, trained"
