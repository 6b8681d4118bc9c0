"""Trained behaviour models on disk: immutable folders, one per version, and a pointer in the database.

A version is written aside, flushed, renamed into place and only then pointed at, so a reader sees a
whole one or none. It holds items only, nothing of any person, so erasing a person need not touch it.
"""

import hashlib
import json
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.sparse import csr_matrix
from sqlalchemy import Connection

from ranking.errors import ArtefactError
from ranking.factors import Factors, FactorsConfig
from storage.base import read_meta, utcnow, write_meta

POINTER = "factors"
FOLDER = "behaviour"
KEPT_VERSIONS = 2
"""A worker may still be opening the version before the current one."""
ARRAYS, DESCRIPTION = "arrays.safetensors", "description.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model was trained for; it serves nothing else."""

    catalogue: str
    """The catalogue's name."""
    encoder: str
    """Digest of the text encoder whose embeddings the text map reads."""


@dataclass(frozen=True, slots=True)
class BehaviourModel:
    """All that was learned from everyone's behaviour; arrays follow `factors.item_ids`."""

    factors: Factors
    neighbours: csr_matrix
    """(n, n) likeness by the same people taking both."""
    popularity: NDArray[np.float32]
    """(n,)"""
    origin: Origin


def current_version(connection: Connection) -> str | None:
    """The version that the pointer names, or None before the first training."""
    version = read_meta(connection, POINTER)
    return None if version is None else str(version)


def point_at(connection: Connection, version: str) -> None:
    """Make `version` the current one, in the caller's transaction."""
    write_meta(connection, {POINTER: version})


def save_model(state_dir: Path, model: BehaviourModel) -> str:
    """Write a new version and return its name; it serves nobody until it is pointed at."""
    root = state_dir / FOLDER
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    version = f"{utcnow():%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
    draft = root / f".{version}"
    draft.mkdir(mode=0o700)
    try:
        arrays = save(_arrays(model))
        _write(draft / ARRAYS, arrays)
        _write(draft / DESCRIPTION, json.dumps(_description(model, arrays), ensure_ascii=False).encode())
        draft.rename(root / version)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _flush_folder(root)
    return version


def load_model(state_dir: Path, version: str, origin: Origin) -> BehaviourModel:
    """Read a version; `ArtefactError` when it is missing, damaged or was trained for something else."""
    folder = state_dir / FOLDER / version
    try:
        raw = (folder / ARRAYS).read_bytes()
        description: dict[str, Any] = json.loads((folder / DESCRIPTION).read_bytes())
        if hashlib.sha256(raw).hexdigest() != description["sha256"]:
            raise ArtefactError(
                version, "is damaged: its arrays do not have the digest they were written with"
            )
        arrays = load(raw)
        trained_for = Origin(**description["origin"])
        config = FactorsConfig(**description["config"])
        item_ids = tuple(description["item_ids"])
    except OSError as error:
        raise ArtefactError(version, f"cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, TypeError, SafetensorError, ValidationError) as error:
        raise ArtefactError(version, f"is damaged ({error})") from error
    if trained_for.catalogue != origin.catalogue:
        raise ArtefactError(version, f"was trained for the catalogue {trained_for.catalogue!r}")
    if trained_for.encoder != origin.encoder:
        raise ArtefactError(version, "was trained with another text encoder")
    shape = (len(item_ids), len(item_ids))
    parts = (arrays["neighbours"], arrays["neighbour_columns"], arrays["neighbour_starts"])
    factors = Factors(item_ids, arrays["item_factors"], arrays["gram"], arrays["text_map"], config)
    return BehaviourModel(factors, csr_matrix(parts, shape=shape), arrays["popularity"], origin)


def remove_old(state_dir: Path, current: str) -> None:
    """Delete all but the newest versions; the current one always stays."""
    root = state_dir / FOLDER
    versions = sorted(folder.name for folder in root.iterdir() if not folder.name.startswith("."))
    for version in versions[:-KEPT_VERSIONS]:
        if version != current:
            shutil.rmtree(root / version, ignore_errors=True)


def _arrays(model: BehaviourModel) -> dict[str, NDArray[Any]]:
    return {
        "item_factors": np.ascontiguousarray(model.factors.item_factors),
        "gram": np.ascontiguousarray(model.factors.gram),
        "text_map": np.ascontiguousarray(model.factors.text_map),
        "popularity": np.ascontiguousarray(model.popularity),
        "neighbours": model.neighbours.data.astype(np.float32),
        "neighbour_columns": model.neighbours.indices.astype(np.int64),
        "neighbour_starts": model.neighbours.indptr.astype(np.int64),
    }


def _description(model: BehaviourModel, arrays: bytes) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(arrays).hexdigest(),
        "origin": {"catalogue": model.origin.catalogue, "encoder": model.origin.encoder},
        "config": model.factors.config.model_dump(),
        "item_ids": list(model.factors.item_ids),
    }


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    # Without it a power cut may forget the rename while the database remembers the pointer.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
