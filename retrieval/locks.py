"""A folder that several processes may read, and one alone may write."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from retrieval.errors import VectorStoreError

# One open file for each folder and process: POSIX drops a process's locks when it closes any file of theirs.
_FILES: dict[Path, IO[str]] = {}


class FolderLock:
    """Held shared from the start to the end of the process, and alone while `alone` lasts."""

    def __init__(self, folder: Path) -> None:
        """Raises VectorStoreError when another process is writing."""
        path = folder.resolve().with_name(folder.name + ".lock")
        if path not in _FILES:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _FILES[path] = path.open("a+", encoding="utf-8")
        self._path = path
        self._take(exclusive=False)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Write within; raises VectorStoreError when another process has the folder open."""
        self._take(exclusive=True)
        try:
            yield
        finally:
            self._take(exclusive=False)

    def _take(self, *, exclusive: bool) -> None:
        if sys.platform == "win32":  # whose own locks on open files do the same
            return
        import fcntl

        try:
            fcntl.lockf(_FILES[self._path], (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            raise VectorStoreError(
                f"another process uses {str(self._path.with_suffix(''))!r}; stop it first, "
                "or let both use a Chroma server"
            ) from error
