"""Looking at the vectors without changing them: what the next start would find, and do.

An embedded store mends itself when it is opened, so it is a copy of it that is opened here.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NoReturn
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from retrieval.errors import VectorStoreError
from retrieval.vectors import VectorStore

Condition = Literal["whole", "stale", "damaged", "none"]
"""Of the vectors: all there; some or all to be made; spoilt, and to be made anew; there are none yet."""

PATIENCE = 5.0
"""Seconds for a Chroma server to answer."""


class _WouldEmbed(Exception):
    """The store asked for vectors that it does not hold."""


def condition_of(folder: Path, collection: str, ids: Sequence[str], digests: Sequence[str]) -> Condition:
    """What the vectors in `folder` are like for a catalogue of these ids and digests of cards."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return "none"
    with tempfile.TemporaryDirectory() as aside:
        copy = Path(aside) / folder.name
        shutil.copytree(folder, copy)
        seal = folder.with_name(f"{folder.name}.seal")
        if seal.exists():
            shutil.copy2(seal, aside)
        # A folder that proves broken is thrown away, and what was put into it is gone.
        mark = copy / "looked-at"
        mark.touch()
        store = VectorStore(copy, collection)
        try:
            store.load(ids, digests, _refuse)
        except _WouldEmbed:
            return "stale" if mark.exists() else "damaged"
        finally:
            store.close()
        return "whole" if mark.exists() else "damaged"


def reach(url: str) -> None:
    """Raises VectorStoreError when no Chroma server answers at `url`."""
    parts = urlsplit(url)
    where = f"{parts.hostname or 'localhost'}:{parts.port or (443 if parts.scheme == 'https' else 8000)}"
    try:
        urlopen(f"{parts.scheme}://{where}/api/v2/heartbeat", timeout=PATIENCE).close()
    except HTTPError as error:
        raise VectorStoreError(_unreached(where, f"it answers {error.code}, as no Chroma does")) from error
    except (OSError, ValueError) as error:
        raise VectorStoreError(_unreached(where, str(getattr(error, "reason", error)))) from error


def _unreached(where: str, reason: str) -> str:
    return (
        f"the Chroma server at {where} cannot be used: {reason}; "
        "start it, or set vectors_url (PARLEY_VECTORS_URL) right"
    )


def _refuse(_ids: Sequence[str]) -> NoReturn:
    raise _WouldEmbed
