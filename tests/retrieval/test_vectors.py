"""The vector store, on a real Chroma in a folder."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VectorStore]:
    store = VectorStore(tmp_path / "chroma", "test-one")
    yield store
    store.close()


IDS = [f"item{number}" for number in range(40)]
DIGESTS = ["1"] * len(IDS)


def test_only_what_changed_is_embedded(store: VectorStore) -> None:
    """New items, changed items, nothing, and items that are gone."""
    vectors = Vectors()
    store.sync(IDS, DIGESTS, vectors)
    assert vectors.asked == IDS

    vectors.asked.clear()
    store.sync(IDS, DIGESTS, vectors)
    assert vectors.asked == []

    store.sync(IDS[1:], ["2", *DIGESTS[2:]], vectors)
    assert vectors.asked == ["item1"]
    assert len(store) == len(IDS) - 1
    with pytest.raises(VectorStoreError, match="'item0'"):
        store.get_all(IDS)


def test_the_nearest_come_first_with_their_cosines(store: VectorStore) -> None:
    """The same as an exact product."""
    vectors = Vectors()
    store.sync(IDS, DIGESTS, vectors)
    matrix = store.get_all(IDS)
    wish = vectors.of("a wish")

    found = store.query(wish, 5)

    exact = matrix @ wish
    assert [item_id for item_id, _ in found] == [IDS[p] for p in np.argsort(-exact)[:5]]
    np.testing.assert_allclose([score for _, score in found], np.sort(exact)[::-1][:5], atol=1e-5)
    np.testing.assert_allclose(matrix, vectors(IDS), atol=1e-6)


def test_an_empty_store_and_a_large_limit_are_fine(store: VectorStore) -> None:
    vectors = Vectors()
    assert store.query(vectors.of("x"), 5) == []
    store.sync(IDS[:3], DIGESTS[:3], vectors)
    assert len(store.query(vectors.of("x"), 500)) == 3
    assert store.query(vectors.of("x"), 0) == []
    store.sync([], [], vectors)
    assert len(store) == 0


def test_vectors_outlive_the_process(tmp_path: Path) -> None:
    """A second opening embeds nothing."""
    first = VectorStore(tmp_path / "chroma", "test-one")
    first.sync(IDS, DIGESTS, Vectors())
    first.close()

    vectors = Vectors()
    second = VectorStore(tmp_path / "chroma", "test-one")
    second.sync(IDS, DIGESTS, vectors)

    assert vectors.asked == []
    second.close()


@pytest.mark.parametrize("damage", ["database", "index"])
def test_a_broken_store_is_made_again(tmp_path: Path, damage: str) -> None:
    """It is derived: what is lost can be embedded once more."""
    folder = tmp_path / "chroma"
    first = VectorStore(folder, "test-one")
    first.sync(IDS, DIGESTS, Vectors())
    first.close()
    if damage == "database":
        (folder / "chroma.sqlite3").write_bytes(b"broken" * 1000)
    else:
        for file in folder.glob("*/*.bin"):
            file.write_bytes(b"broken")

    store = VectorStore(folder, "test-one")
    store.sync(IDS, DIGESTS, Vectors())

    assert store.query(Vectors().of("item7"), 1)[0][0] == "item7"
    store.close()


def test_two_catalogues_do_not_mix(tmp_path: Path, store: VectorStore) -> None:
    """Each catalogue and encoder has its collection."""
    store.sync(IDS, DIGESTS, Vectors())
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
    store.sync(IDS, DIGESTS, Vectors())
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

    store.sync(IDS, DIGESTS, Vectors())
    with pytest.raises(VectorStoreError, match="another process"):
        store.sync(IDS[1:], DIGESTS[1:], Vectors())
    other.communicate()

    store.sync(IDS[1:], DIGESTS[1:], Vectors())
    assert len(store) == len(IDS) - 1
    store.close()


def test_a_server_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    """Chroma's and the web client's exceptions stay inside."""
    with pytest.raises(VectorStoreError, match="vector store failed"):
        VectorStore(tmp_path, "test-one", "http://127.0.0.1:9")
