"""A small invented catalogue that every test of this room shares."""

import json
from pathlib import Path

import pytest
from invented_films import CONFIG, ROWS, as_row
from sqlalchemy import Engine

from retrieval.catalogue import Catalogue
from retrieval.embedding import EncoderConfig, TextEncoder
from retrieval.ingest import ingest_items
from retrieval.open import Retrieval, open_retrieval
from storage.engine import StorageConfig, open_storage


@pytest.fixture(scope="session")
def films_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "films.jsonl"
    path.write_text("".join(json.dumps(as_row(values)) + "\n" for values in ROWS), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def stored(state: Path, films_file: Path) -> Engine:
    """A database that holds the invented films; tests only read it."""
    engine = open_storage(state, StorageConfig())
    ingest_items(engine, CONFIG, films_file, state / "rejects.csv")
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An empty database of the test's own."""
    return open_storage(tmp_path / "state", StorageConfig())


@pytest.fixture(scope="session")
def catalogue(stored: Engine) -> Catalogue:
    return Catalogue.load(stored, CONFIG)


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    return TextEncoder(EncoderConfig())


@pytest.fixture(scope="session")
def retrieval(stored: Engine, state: Path, encoder: TextEncoder) -> Retrieval:
    return open_retrieval(stored, state, CONFIG, EncoderConfig(), encoder=encoder)
