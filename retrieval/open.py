"""Everything that this room serves, opened together."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from retrieval.catalogue import Catalogue
from retrieval.embedding import EncoderConfig, TextEncoder
from retrieval.items import CatalogueConfig
from retrieval.lexical import LexicalIndex
from retrieval.search import Retriever
from retrieval.titles import TitleIndex
from retrieval.vectors import VectorStore
from storage.base import Meta, insert_new, read_meta
from storage.engine import alone, writing

FloatArray = npt.NDArray[np.float32]

EMBEDDED_AT_ONCE = 256
"""Enough to sort by length, few enough to show that it goes on."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The parts that answer questions about the catalogue; all of one snapshot of it."""

    catalogue: Catalogue
    encoder: TextEncoder
    vectors: VectorStore
    retriever: Retriever
    titles: TitleIndex
    matrix: FloatArray
    """The unit vector of every item, (n, d), in catalogue order."""


def open_retrieval(
    engine: Engine,
    state_dir: Path,
    catalogue_config: CatalogueConfig,
    encoder_config: EncoderConfig,
    vectors_url: str | None = None,
    *,
    encoder: TextEncoder | None = None,
    progress: Callable[[int], None] | None = None,
) -> Retrieval:
    """Load the catalogue and bring its vectors up to date.

    Items that are new or changed are embedded here, and `progress` is told how many at a time. An
    `encoder` already loaded is used as it is. An empty catalogue opens too, and finds nothing.
    """
    encoder = encoder or TextEncoder(encoder_config)
    collection = collection_name(catalogue_config, encoder)
    if vectors_url is not None:
        collection += f"-{_installation(engine)}"
    # Workers that share a server fill it one after the other, each with the catalogue as it is by then.
    with alone(engine, "vectors") if vectors_url is not None else nullcontext():
        catalogue = Catalogue.load(engine, catalogue_config)
        vectors = VectorStore(state_dir / "chroma", collection, vectors_url)
        matrix = _matrix(catalogue, encoder, vectors, progress)
    lexical = LexicalIndex(catalogue.ids, [catalogue.search_text(item) for item in catalogue.items])
    retriever = Retriever(catalogue, encoder, vectors, lexical, matrix)
    titles = TitleIndex(catalogue, encoder.word_ranks)
    return Retrieval(catalogue, encoder, vectors, retriever, titles, matrix)


def collection_name(config: CatalogueConfig, encoder: TextEncoder) -> str:
    """Where a catalogue's vectors by an encoder are kept."""
    return f"{config.name}-{encoder.digest[:12]}"


def card_digests(catalogue: Catalogue) -> list[str]:
    """What tells whether the text that an item's vector is of has changed, in catalogue order."""
    cards = (catalogue.card_text(item) for item in catalogue.items)
    return [hashlib.sha256(card.encode()).hexdigest() for card in cards]


def _matrix(
    catalogue: Catalogue, encoder: TextEncoder, vectors: VectorStore, progress: Callable[[int], None] | None
) -> FloatArray:
    cards = {item.item_id: catalogue.card_text(item) for item in catalogue.items}

    def embed(ids: Sequence[str]) -> FloatArray:
        parts = []
        for start in range(0, len(ids), EMBEDDED_AT_ONCE):
            some = ids[start : start + EMBEDDED_AT_ONCE]
            parts.append(encoder.encode([cards[item_id] for item_id in some]))
            if progress is not None:
                progress(len(some))
        return np.concatenate(parts)

    return vectors.load(catalogue.ids, card_digests(catalogue), embed).reshape(-1, encoder.dimensions)


def _installation(engine: Engine) -> str:
    """A name for this database, made once: others may keep a catalogue of the same name on one server."""
    key = "installation"
    with writing(engine) as connection:
        insert_new(connection, Meta.key, [{"key": key, "value": secrets.token_hex(8)}])
        return str(read_meta(connection, key))
