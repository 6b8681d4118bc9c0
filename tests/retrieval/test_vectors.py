"""The vector store, on a real Chroma: in a folder and on a server."""

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.shared import ChromaServer
from retrieval import vectors as module
from retrieval.errors import VectorStoreError
from retrieval.vectors import VectorStore


class Vectors:
    """Made-up unit vectors by id, which remembers what it was asked for."""

    def __init__(self, dimensions: int = 16) -> None:
        self.dimensions = dimensions
        self.asked: list[str] = []

    def __call__(self, ids: Sequence[str]) -> np.ndarray:
        self.asked.extend(ids)
        rows = np.stack([self.of(item_id) for item_id in ids])
        return rows

    def of(self, item_id: str) -> np.ndarray:
        row = np.random.default_rng(list(item_id.encode())).normal(size=self.dimensions)
        return (row / np.linalg.norm(row)).astype(np.float32)


@pytest.fixture(params=["folder", "server"])
def opened(request, tmp_path: Path, chroma: Callable[[], ChromaServer]) -> Callable[[], VectorStore]:
    """Opens the same collection, in a folder or on a server, as often as it is called."""
    url = None if request.param == "folder" else chroma().url
    name = f"test-{uuid.uuid4().hex[:12]}"
    return lambda: VectorStore(tmp_path / "chroma", name, url)


@pytest.fixture
def store(opened: Callable[[], VectorStore]) -> Iterator[VectorStore]:
    store = opened()
    yield store
    store.close()


IDS = [f"item{number}" for number in range(40)]
DIGESTS = ["1"] * len(IDS)
MANY = [f"item{number}" for number in range(2500)]
"""Enough for Chroma to write an index to disk."""


def test_only_what_changed_is_embedded(store: VectorStore) -> None:
    """New items, changed items, nothing, and items that are gone."""
    vectors = Vectors()
    store.load(IDS, DIGESTS, vectors)
    assert vectors.asked == IDS

    vectors.asked.clear()
    store.load(IDS, DIGESTS, vectors)
    assert vectors.asked == []

    store.load(IDS[1:], ["2", *DIGESTS[2:]], vectors)
    assert vectors.asked == ["item1"]
    assert len(store) == len(IDS) - 1
    assert "item0" not in [item_id for item_id, _ in store.query(vectors.of("item0"), 5)]


def test_the_nearest_come_first_with_their_cosines(store: VectorStore) -> None:
    """The same as an exact product."""
    vectors = Vectors()
    matrix = store.load(IDS, DIGESTS, vectors)
    wish = vectors.of("a wish")

    found = store.query(wish, 5)

    exact = matrix @ wish
    assert [item_id for item_id, _ in found] == [IDS[p] for p in np.argsort(-exact)[:5]]
    np.testing.assert_allclose([score for _, score in found], np.sort(exact)[::-1][:5], atol=1e-5)
    np.testing.assert_allclose(matrix, vectors(IDS), atol=1e-6)


def test_an_empty_store_and_a_large_limit_are_fine(store: VectorStore) -> None:
    vectors = Vectors()
    assert store.query(vectors.of("x"), 5) == []
    store.load(IDS[:3], DIGESTS[:3], vectors)
    assert len(store.query(vectors.of("x"), 500)) == 3
    assert store.query(vectors.of("x"), 0) == []
    assert store.load([], [], vectors).size == 0
    assert len(store) == 0


def test_vectors_outlive_the_process(opened: Callable[[], VectorStore]) -> None:
    """A second opening embeds nothing."""
    first = opened()
    first.load(IDS, DIGESTS, Vectors())
    first.close()

    vectors = Vectors()
    second = opened()
    second.load(IDS, DIGESTS, vectors)

    assert vectors.asked == []
    second.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index on disk, which tests copy and damage."""
    folder = tmp_path_factory.mktemp("large") / "chroma"
    store = VectorStore(folder, "test-one")
    store.load(MANY, ["1"] * len(MANY), Vectors())
    store.close()
    return folder


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def garble(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(path.stat().st_size))


def remove(path: Path) -> None:
    path.unlink()


INDEX = ("data_level0.bin", "header.bin", "length.bin", "link_lists.bin", "index_metadata.pickle")

# Zeroed links end a process that loads them, so what is tried here must be found before Chroma looks.
DAMAGES = [
    *(("chroma.sqlite3", harm) for harm in (cut, zero, garble, remove)),
    *((name, harm) for name in INDEX for harm in (cut, zero)),
    ("link_lists.bin", garble),
    ("data_level0.bin", garble),
    ("index_metadata.pickle", remove),
]


@pytest.mark.parametrize(("name", "harm"), DAMAGES, ids=[f"{harm.__name__}-{name}" for name, harm in DAMAGES])
def test_damage_is_found_and_mended(
    large: Path, tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    """Whatever file it befell, the vectors are made again and the answers are what they were."""
    folder = copied(large, tmp_path)
    [path] = folder.rglob(name)
    harm(path)

    assert_mended(folder)


def test_a_lost_index_folder_and_a_lost_store_are_mended(large: Path, tmp_path: Path) -> None:
    """A part of it, and all of it."""
    folder = copied(large, tmp_path)
    for segment in folder.glob("*-*"):
        shutil.rmtree(segment)
    assert_mended(folder)

    shutil.rmtree(folder)
    assert_mended(folder)


def test_a_store_that_is_whole_is_kept(large: Path, tmp_path: Path) -> None:
    """What is found out above is damage, and not that something was copied."""
    vectors = Vectors()
    store = VectorStore(copied(large, tmp_path), "test-one")

    store.load(MANY, ["1"] * len(MANY), vectors)

    assert vectors.asked == []
    store.close()


def test_vectors_that_changed_are_found_by_their_probes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no file looks wrong."""
    store = VectorStore(tmp_path / "chroma", "test-one")
    with monkeypatch.context() as patch:
        patch.setattr(module, "_probes", lambda vectors: np.zeros(len(vectors)))
        store.load(IDS, DIGESTS, Vectors())
    vectors = Vectors()

    store.load(IDS, DIGESTS, vectors)

    assert vectors.asked == IDS
    store.close()


def test_a_store_whose_filling_was_cut_short_is_made_anew(large: Path, tmp_path: Path) -> None:
    """Nobody knows what a process that was killed left in the index files."""
    folder = copied(large, tmp_path)
    folder.with_name("chroma.seal").unlink()

    assert_mended(folder)


def copied(large: Path, target: Path) -> Path:
    shutil.copytree(large, target / "chroma")
    shutil.copy(large.with_name("chroma.seal"), target / "chroma.seal")
    return target / "chroma"


def assert_mended(folder: Path) -> None:
    vectors = Vectors()
    store = VectorStore(folder, "test-one")
    matrix = store.load(MANY, ["1"] * len(MANY), vectors)
    assert vectors.asked == MANY
    for wish in ("one", "two", "three"):
        exact = np.argsort(-(matrix @ vectors.of(wish)))[:10]
        assert [item_id for item_id, _ in store.query(vectors.of(wish), 10)] == [MANY[p] for p in exact]
    store.close()

    again = Vectors()
    store = VectorStore(folder, "test-one")
    store.load(MANY, ["1"] * len(MANY), again)
    assert again.asked == []
    store.close()


def test_two_catalogues_do_not_mix(tmp_path: Path) -> None:
    """Each catalogue and encoder has its collection."""
    store = VectorStore(tmp_path / "chroma", "test-one")
    store.load(IDS, DIGESTS, Vectors())
    other = VectorStore(tmp_path / "chroma", "test-two")

    assert len(other) == 0
    other.close()


HOLD = """
import sys
from pathlib import Path
from retrieval.vectors import VectorStore
store = VectorStore(Path(sys.argv[1]), "test-one")
print("open", flush=True)
sys.stdin.read()
"""


def test_writing_is_refused_while_another_process_has_it_open(tmp_path: Path) -> None:
    """Chroma would be damaged; reading beside the other is fine."""
    store = VectorStore(tmp_path / "chroma", "test-one")
    store.load(IDS, DIGESTS, Vectors())
    root = Path(__file__).parents[2]
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "chroma")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"

    store.load(IDS, DIGESTS, Vectors())
    with pytest.raises(VectorStoreError, match="another process"):
        store.load(IDS[1:], DIGESTS[1:], Vectors())
    other.communicate()

    store.load(IDS[1:], DIGESTS[1:], Vectors())
    assert len(store) == len(IDS) - 1
    store.close()


def test_a_server_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    """Which names the setting; Chroma's and the web client's exceptions stay inside."""
    with pytest.raises(VectorStoreError, match="PARLEY_VECTORS_URL") as caught:
        VectorStore(tmp_path, "test-one", "http://user:secret@127.0.0.1:9")

    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.fixture
def own_chroma(tmp_path: Path) -> Iterator[ChromaServer]:
    """A Chroma server that a test may treat badly."""
    server = ChromaServer(tmp_path / "server").start()
    yield server
    server.kill()


def test_a_server_that_comes_back_is_used_again(tmp_path: Path, own_chroma: ChromaServer) -> None:
    """By the store that was open all the while."""
    store = VectorStore(tmp_path, "test-one", own_chroma.url)
    store.load(IDS, DIGESTS, Vectors())
    wish = Vectors().of("wish")
    before = store.query(wish, 5)

    own_chroma.kill()
    with pytest.raises(VectorStoreError):
        store.query(wish, 5)
    own_chroma.start()

    assert [item_id for item_id, _ in store.query(wish, 5)] == [item_id for item_id, _ in before]


def test_a_server_that_hangs_is_given_up(
    tmp_path: Path, own_chroma: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn does not wait for it for ever."""
    monkeypatch.setattr(module, "QUERY_SECONDS", 0.5)
    store = VectorStore(tmp_path, "test-one", own_chroma.url)
    store.load(IDS, DIGESTS, Vectors())
    own_chroma.signal(signal.SIGSTOP)

    with pytest.raises(VectorStoreError):
        store.query(Vectors().of("wish"), 5)

    own_chroma.signal(signal.SIGCONT)


@pytest.mark.parametrize("opened", ["server"], indirect=True)
def test_a_collection_that_another_worker_made_anew_is_found(opened: Callable[[], VectorStore]) -> None:
    """By a store that was open when it was thrown away."""
    first, second = opened(), opened()
    first.load(IDS, DIGESTS, Vectors())
    second.load(IDS, DIGESTS, Vectors())
    second._discard()
    second.load(IDS, DIGESTS, Vectors())

    assert first.query(Vectors().of("item7"), 1)[0][0] == "item7"
