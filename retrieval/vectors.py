"""Item vectors in Chroma. The only file that knows Chroma.

The store is derived: everything in it can be made again from the catalogue and the encoder, and is when
it turns out broken. Embeddings are always passed in, since Chroma's own function would download a model.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from retrieval.errors import VectorStoreError
from retrieval.locks import FolderLock

FloatArray = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], FloatArray]
"""Item ids to their vectors, (n, d)."""

BATCH = 1000
"""Chroma refuses more than 5,461 rows at once."""

# Chroma reads these only when a collection is created. Distances of unit vectors are 1 - cosine.
HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 300, "max_neighbors": 24}


class VectorStore:
    """The vectors of one catalogue by one encoder, embedded in a folder or on a Chroma server."""

    def __init__(self, folder: Path, collection: str, url: str | None = None) -> None:
        """Open the collection, creating it as needed; `url` names a server and leaves `folder` unused.

        Raises VectorStoreError when the server cannot be reached. A broken folder is made anew.
        """
        self._folder = folder
        self._name = collection
        self._url = url
        self._lock = None if url is not None else FolderLock(folder)
        try:
            self._open()
        except VectorStoreError:
            if url is not None:
                raise
            self._discard()

    def __len__(self) -> int:
        with _translated():
            return int(self._collection.count())

    def sync(self, ids: Sequence[str], digests: Sequence[str], embed: Embed) -> int:
        """Make the store hold exactly `ids`, embedding those that are new or whose digest changed.

        Returns how many were embedded. A store that proves broken is thrown away and filled again.
        """
        try:
            return self._sync(ids, digests, embed)
        except VectorStoreError:
            if self._url is not None:
                raise
            self._discard()
            return self._sync(ids, digests, embed)

    def query(self, vector: FloatArray, limit: int) -> list[tuple[str, float]]:
        """The items nearest to `vector` and their cosines, best first."""
        if limit < 1:
            return []
        with _translated():
            # More may be asked for than there are; counting first would take as long as the query.
            found = self._collection.query(query_embeddings=[vector], n_results=limit, include=["distances"])
        ids, distances = found["ids"][0], found["distances"][0]
        return [(item_id, 1.0 - distance) for item_id, distance in zip(ids, distances, strict=True)]

    def get_all(self, ids: Sequence[str]) -> FloatArray:
        """The vectors of `ids`, (n, d), in their order; raises VectorStoreError when one is missing."""
        rows: dict[str, Any] = {}
        for start in range(0, len(ids), BATCH):
            with _translated():
                page = self._collection.get(ids=list(ids[start : start + BATCH]), include=["embeddings"])
            rows.update(zip(page["ids"], page["embeddings"], strict=True))
        missing = [item_id for item_id in ids if item_id not in rows]
        if missing:
            raise VectorStoreError(f"{len(missing)} items have no vector, {missing[0]!r} among them")
        return np.array([rows[item_id] for item_id in ids], dtype=np.float32)

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()

    def _sync(self, ids: Sequence[str], digests: Sequence[str], embed: Embed) -> int:
        held = self._digests()
        wanted = dict(zip(ids, digests, strict=True))
        gone = [item_id for item_id in held if item_id not in wanted]
        stale = [item_id for item_id, digest in wanted.items() if held.get(item_id) != digest]
        if gone or stale:
            with self._writing():
                self._apply(gone, stale, wanted, embed)
        if len(self) != len(wanted):
            raise VectorStoreError(f"the vector store holds {len(self)} vectors of {len(wanted)} items")
        if wanted:
            self.query(self.get_all(ids[:1])[0], 1)  # a broken index shows only when it is asked
        return len(stale)

    def _apply(self, gone: list[str], stale: list[str], wanted: Mapping[str, str], embed: Embed) -> None:
        for start in range(0, len(gone), BATCH):
            with _translated():
                self._collection.delete(ids=gone[start : start + BATCH])
        for start in range(0, len(stale), BATCH):
            batch = stale[start : start + BATCH]
            vectors = embed(batch)
            with _translated():
                self._collection.upsert(
                    ids=batch,
                    embeddings=vectors,
                    metadatas=[{"digest": wanted[item_id]} for item_id in batch],
                )

    def _digests(self) -> dict[str, str]:
        digests: dict[str, str] = {}
        for start in range(0, len(self), BATCH):
            with _translated():
                page = self._collection.get(limit=BATCH, offset=start, include=["metadatas"])
            pairs = zip(page["ids"], page["metadatas"], strict=True)
            digests.update((item_id, str((metadata or {}).get("digest"))) for item_id, metadata in pairs)
        return digests

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._lock is None:
            yield
            return
        with self._lock.alone():
            yield

    def _open(self) -> None:
        # A second to import, so only those who search pay for it.
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        with _translated():
            if self._url is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._client: Any = chromadb.PersistentClient(str(self._folder), settings)
            else:
                parts = urlsplit(self._url)
                port = parts.port or (443 if parts.scheme == "https" else 8000)
                host = parts.hostname or "localhost"
                self._client = chromadb.HttpClient(host, port, parts.scheme == "https", settings=settings)
            self._collection: Any = self._client.get_or_create_collection(
                self._name, configuration={"hnsw": HNSW}, embedding_function=None
            )

    def _discard(self) -> None:
        with self._writing():
            client = getattr(self, "_client", None)
            if client is not None:
                client.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            try:
                self._open()
            except VectorStoreError:
                # Chroma remembers a client that could not start, and forgets it when it fails once more.
                self._open()


@contextmanager
def _translated() -> Iterator[None]:
    """Chroma raises its own errors, its Rust part's and its web client's; none of them leaves this file."""
    try:
        yield
    except Exception as error:
        raise VectorStoreError(f"the vector store failed: {error}") from error
