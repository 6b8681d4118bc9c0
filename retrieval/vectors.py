"""Item vectors in Chroma. The only file that knows Chroma.

The store is derived: everything in it can be made again from the catalogue and the encoder, and is when
it turns out broken. Embeddings are always passed in, since Chroma's own function would download a model.

Chroma does not notice damage by itself: of a file cut short it may serve zeros, and of another end the
process. So a folder carries a seal, the digests of its index files, which is looked at before Chroma is;
and every vector has a probe kept with it, its product with one fixed direction, that tells when it changed.
"""

import hashlib
import json
import os
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

PROBE_TOLERANCE = 1e-4
"""Chroma scales vectors to unit length, which moves them by rounding; probes are of the order of 1."""
SELF_SEARCHES = 16
"""How many items are looked up by their own vector, to find out whether the index leads to them."""
LOAD_SECONDS, QUERY_SECONDS = 120.0, 5.0
"""How long a Chroma server may take; its client would wait for ever."""


class VectorStore:
    """The vectors of one catalogue by one encoder, embedded in a folder or on a Chroma server."""

    def __init__(self, folder: Path, collection: str, url: str | None = None) -> None:
        """Open the collection, creating it as needed; `url` names a server and leaves `folder` unused.

        Raises VectorStoreError when the server cannot be reached. A broken folder is made anew.
        """
        self._folder = folder
        self._seal = folder.with_name(f"{folder.name}.seal")
        self._name = collection
        self._url = url
        self._lock = None if url is not None else FolderLock(folder)
        self._client: Any = None
        self._collection: Any = None
        if not self._is_whole():
            self._discard()
            return
        try:
            self._open()
        except VectorStoreError:
            if url is not None:
                raise
            self._discard()

    def __len__(self) -> int:
        with self._translated():
            return int(self._collection.count())

    def load(self, ids: Sequence[str], digests: Sequence[str], embed: Embed) -> FloatArray:
        """Make the store hold exactly `ids`, and return their vectors, (n, d), in their order.

        Those that are new or whose digest changed are embedded. A store that proves broken is thrown away
        and filled again.
        """
        try:
            return self._load(ids, digests, embed)
        except VectorStoreError:
            self._discard()
            return self._load(ids, digests, embed)

    def query(self, vector: FloatArray, limit: int) -> list[tuple[str, float]]:
        """The items nearest to `vector` and their cosines, best first."""
        if limit < 1:
            return []
        try:
            return self._query(vector, limit)
        except VectorStoreError:
            if self._url is None:
                raise
            with self._translated():  # another worker may have made the collection anew
                self._collection = self._client.get_collection(self._name, embedding_function=None)
            return self._query(vector, limit)

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()

    def _query(self, vector: FloatArray, limit: int) -> list[tuple[str, float]]:
        with self._translated():
            # More may be asked for than there are; counting first would take as long as the query.
            found = self._collection.query(query_embeddings=[vector], n_results=limit, include=["distances"])
        ids, distances = found["ids"][0], found["distances"][0]
        return [(item_id, 1.0 - distance) for item_id, distance in zip(ids, distances, strict=True)]

    def _load(self, ids: Sequence[str], digests: Sequence[str], embed: Embed) -> FloatArray:
        self._set_patience(LOAD_SECONDS)
        held = self._digests()
        wanted = dict(zip(ids, digests, strict=True))
        gone = [item_id for item_id in held if item_id not in wanted]
        stale = [item_id for item_id, digest in wanted.items() if held.get(item_id) != digest]
        if gone or stale:
            with self._writing():
                self._seal.unlink(missing_ok=True)
                self._apply(gone, stale, wanted, embed)
        if len(self) != len(wanted):
            raise VectorStoreError(f"the vector store holds {len(self)} vectors of {len(wanted)} items")
        vectors = self._vectors(ids)
        self._search_for_some(ids, vectors)
        self._put_seal()
        self._set_patience(QUERY_SECONDS)
        return vectors

    def _apply(self, gone: list[str], stale: list[str], wanted: Mapping[str, str], embed: Embed) -> None:
        for start in range(0, len(gone), BATCH):
            with self._translated():
                self._collection.delete(ids=gone[start : start + BATCH])
        for start in range(0, len(stale), BATCH):
            batch = stale[start : start + BATCH]
            vectors = embed(batch)
            probes = _probes(vectors).tolist()
            metadatas = [
                {"digest": wanted[item_id], "probe": probe}
                for item_id, probe in zip(batch, probes, strict=True)
            ]
            with self._translated():
                self._collection.upsert(ids=batch, embeddings=vectors, metadatas=metadatas)

    def _digests(self) -> dict[str, str]:
        digests: dict[str, str] = {}
        for start in range(0, len(self), BATCH):
            with self._translated():
                page = self._collection.get(limit=BATCH, offset=start, include=["metadatas"])
            pairs = zip(page["ids"], page["metadatas"], strict=True)
            digests.update((item_id, str((metadata or {}).get("digest"))) for item_id, metadata in pairs)
        return digests

    def _vectors(self, ids: Sequence[str]) -> FloatArray:
        """The vectors of `ids`, (n, d); raises VectorStoreError when one is missing or is not what it was."""
        rows: dict[str, tuple[Any, float]] = {}
        for start in range(0, len(ids), BATCH):
            with self._translated():
                page = self._collection.get(
                    ids=list(ids[start : start + BATCH]), include=["embeddings", "metadatas"]
                )
            probe_of = (float((metadata or {}).get("probe", np.nan)) for metadata in page["metadatas"])
            pairs = zip(page["embeddings"], probe_of, strict=True)
            rows.update(zip(page["ids"], pairs, strict=True))
        missing = [item_id for item_id in ids if item_id not in rows]
        if missing:
            raise VectorStoreError(f"{len(missing)} items have no vector, {missing[0]!r} among them")
        if not rows:
            return np.empty((0, 0), dtype=np.float32)
        vectors = np.array([rows[item_id][0] for item_id in ids], dtype=np.float32)
        probes = np.array([rows[item_id][1] for item_id in ids])
        # A NaN compares as false, and counts as changed.
        changed = np.flatnonzero(~(np.abs(_probes(vectors) - probes) < PROBE_TOLERANCE))
        if changed.size:
            raise VectorStoreError(f"{changed.size} vectors are damaged, {ids[changed[0]]!r} among them")
        return vectors

    def _search_for_some(self, ids: Sequence[str], vectors: FloatArray) -> None:
        """Raise VectorStoreError when the index does not lead to items spread over the catalogue."""
        for position in range(0, len(ids), max(1, len(ids) // SELF_SEARCHES)):
            found = self.query(vectors[position], 1)
            if not found or found[0][1] < 1 - PROBE_TOLERANCE:
                raise VectorStoreError(f"the index does not find {ids[position]!r} by its own vector")

    def _is_whole(self) -> bool:
        """Whether the folder's index files are those that were sealed; a server answers for its own."""
        if self._url is not None:
            return True
        try:
            sealed = json.loads(self._seal.read_bytes())
        except (OSError, ValueError):
            sealed = {}
        return bool(self._index_digests() == sealed)

    def _put_seal(self) -> None:
        if self._url is not None or self._is_whole():
            return
        draft = self._seal.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(self._index_digests()), encoding="utf-8")
        draft.replace(self._seal)

    def _index_digests(self) -> dict[str, str]:
        """SHA-256 of each index file. Below some hundred vectors Chroma writes none that it reads again."""
        digests: dict[str, str] = {}
        for complete in sorted(self._folder.glob("*/index_metadata.pickle")):
            for path in sorted(complete.parent.iterdir()):
                with path.open("rb") as file:
                    digests[str(path.relative_to(self._folder))] = hashlib.file_digest(
                        file, "sha256"
                    ).hexdigest()
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
        with self._translated():
            if self._url is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._client = chromadb.PersistentClient(str(self._folder), settings)
            else:
                parts = urlsplit(self._url)
                port = parts.port or (443 if parts.scheme == "https" else 8000)
                host = parts.hostname or "localhost"
                self._client = chromadb.HttpClient(host, port, parts.scheme == "https", settings=settings)
            self._collection = self._client.get_or_create_collection(
                self._name, configuration={"hnsw": HNSW}, embedding_function=None
            )

    def _set_patience(self, seconds: float) -> None:
        if self._url is not None:
            # The client has no setting for it.
            self._client._server._session.timeout = seconds

    def _discard(self) -> None:
        """Throw the vectors away, all of the folder's or this collection's on the server, and open anew."""
        if self._url is not None:
            with self._translated():
                self._client.delete_collection(self._name)
            self._open()
            return
        with self._writing():
            if self._client is not None:
                self._client.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._seal.unlink(missing_ok=True)
            try:
                self._open()
            except VectorStoreError:
                # Chroma remembers a client that could not start, and forgets it when it fails once more.
                self._open()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Chroma raises its own errors, its Rust part's and its web client's; none leaves this file."""
        try:
            yield
        except Exception as error:
            reason = " ".join(str(error).split())
            if self._url is None:
                raise VectorStoreError(f"the vector store failed: {reason}") from error
            where = urlsplit(self._url)
            raise VectorStoreError(
                f"the Chroma server at {where.hostname}:{where.port} failed: {reason}; "
                "start it, or set vectors_url (PARLEY_VECTORS_URL) right"
            ) from error


def _probes(vectors: FloatArray) -> npt.NDArray[np.float64]:
    """The product of each of `vectors`, (n, d), with one direction that never changes; (n,)."""
    direction = np.random.default_rng(1).normal(size=vectors.shape[1])
    probes: npt.NDArray[np.float64] = vectors.astype(np.float64) @ direction
    return probes
