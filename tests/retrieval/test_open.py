"""The room opened: by several workers at once, beside other installations, after its vectors were lost."""

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from invented_films import CONFIG, ROWS
from sqlalchemy import Engine

from benchmarks.shared import ChromaServer
from retrieval import search
from retrieval.embedding import EncoderConfig, TextEncoder
from retrieval.ingest import ingest_items
from retrieval.open import Retrieval, open_retrieval
from tests import homes

WISHES = ("a robot in space", "something funny about death", "a cowboy film", "Wen Zhao")


@pytest.fixture
def films(home: homes.Home, engine: Engine, films_file: Path) -> Engine:
    """The invented films in a home of the test's own."""
    ingest_items(engine, CONFIG, films_file, home.state_dir / "rejects.csv")
    return engine


@pytest.fixture
def opening(home: homes.Home, films: Engine, encoder: TextEncoder) -> Callable[..., Retrieval]:
    """Opens the room, in the middle of nothing or together with another worker."""

    def opened(told: list[int]) -> Retrieval:
        return open_retrieval(
            films, home.state_dir, CONFIG, EncoderConfig(), home.vectors_url, encoder=encoder,
            progress=told.append,
        )  # fmt: skip

    return opened


def answers(retrieval: Retrieval) -> list[list[str]]:
    return [[found.item_id for found in retrieval.retriever.retrieve(wish, limit=5)] for wish in WISHES]


def lose(retrieval: Retrieval, home: homes.Home) -> None:
    if home.vectors_url is None:
        shutil.rmtree(home.state_dir / "chroma")
    else:
        retrieval.vectors._client.delete_collection(retrieval.vectors._name)


def test_vectors_that_are_lost_while_serving_change_no_answer(
    opening: Callable[..., Retrieval],
    home: homes.Home,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither now nor after the next start, which makes them again."""
    monkeypatch.setattr(search, "EXACT_BELOW", 0)  # as for a large catalogue, which asks the index
    serving = opening([])
    before = answers(serving)

    lose(serving, home)
    with caplog.at_level(logging.WARNING, "retrieval"):
        assert answers(serving) == before
    if home.vectors_url is not None:  # an embedded Chroma goes on with the files that it has open
        [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert "one by one" in warning.message
    serving.vectors.close()
    told: list[int] = []

    again = opening(told)

    assert sum(told) == len(ROWS)
    assert answers(again) == before


def test_workers_that_start_together_fill_one_server_once(
    home_kind: str, opening: Callable[..., Retrieval], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And both find everything."""
    if home_kind == "embedded":
        pytest.skip("one process alone writes to an embedded Chroma")
    monkeypatch.setattr(search, "EXACT_BELOW", 0)
    told: list[int] = []

    with ThreadPoolExecutor(3) as pool:
        workers = list(pool.map(opening, [told] * 3))

    assert sum(told) == len(ROWS)
    assert answers(workers[0]) == answers(workers[1]) == answers(workers[2])
    assert {found for wish in answers(workers[0]) for found in wish}


def test_installations_with_one_server_do_not_mix(
    chroma: Callable[[], ChromaServer], films_file: Path, encoder: TextEncoder, tmp_path: Path
) -> None:
    """Though their catalogues have the same name and encoder."""
    opened = []
    for name, rows in (("first", 12), ("second", 3)):
        home = homes.Home(tmp_path / name, chroma=chroma)
        part = tmp_path / f"{name}.jsonl"
        part.write_text("\n".join(films_file.read_text(encoding="utf-8").splitlines()[:rows]))
        engine = home.open()
        ingest_items(engine, CONFIG, part, home.state_dir / "rejects.csv")
        opened.append(
            open_retrieval(engine, home.state_dir, CONFIG, EncoderConfig(), home.vectors_url, encoder=encoder)
        )
        engine.dispose()

    assert [len(retrieval.vectors) for retrieval in opened] == [12, 3]
