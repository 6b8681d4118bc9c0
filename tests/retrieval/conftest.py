"""A small invented catalogue that every test of this room shares."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from invented_films import CONFIG, ROWS, as_row
from sqlalchemy import Engine

from retrieval.catalogue import Catalogue
from retrieval.embedding import EncoderConfig, TextEncoder
from retrieval.ingest import ingest_items
from retrieval.open import Retrieval, open_retrieval
from tests import homes


@pytest.fixture(scope="session")
def films_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "films.jsonl"
    path.write_text("".join(json.dumps(as_row(values)) + "\n" for values in ROWS), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def long_home(home_kind, chroma, tmp_path_factory: pytest.TempPathFactory) -> Iterator[homes.Home]:
    """Where the invented films are, for all tests of this room."""
    with homes.home(home_kind, tmp_path_factory.mktemp("home") / "state", chroma) as home:
        yield home


@pytest.fixture(scope="session")
def stored(long_home: homes.Home, films_file: Path) -> Iterator[Engine]:
    """A database that holds the invented films; tests only read it."""
    engine = long_home.open()
    ingest_items(engine, CONFIG, films_file, long_home.state_dir / "rejects.csv")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def catalogue(stored: Engine) -> Catalogue:
    return Catalogue.load(stored, CONFIG)


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    return TextEncoder(EncoderConfig())


@pytest.fixture(scope="session")
def retrieval(stored: Engine, long_home: homes.Home, encoder: TextEncoder) -> Retrieval:
    return open_retrieval(
        stored, long_home.state_dir, CONFIG, EncoderConfig(), long_home.vectors_url, encoder=encoder
    )
