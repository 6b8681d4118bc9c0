"""What this service raises on purpose.

    ParleyError                     the root: catch it to catch them all
      StorageError                  the database could not do what was asked
        StorageUnavailable          it cannot be reached, or refuses its service for now
        StorageFull                 it has no room left
        StateFolderError            the state folder cannot be used
        StateVersionError           the state was written by a newer program
      RetrievalError, RankingError, ...   each room draws its own branch

Every message names what is wrong and the way out, in one line.
"""

from pathlib import Path


class ParleyError(Exception):
    """Anything this service raises on purpose."""


class StorageError(ParleyError):
    """The database could not do what was asked."""


class StorageUnavailable(StorageError):
    """The database cannot be reached, or refuses its service for now; what was asked is not recorded."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the database cannot be used at the moment ({reason}); this was not recorded: try again shortly"
        )
        self.reason = reason


class StorageFull(StorageError):
    """The database has no room for what was asked; nothing of it is recorded."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"there is no space left to record this ({reason}); nothing of it was kept: "
            "make room on the disk of the database, then try again"
        )
        self.reason = reason


class StateFolderError(StorageError):
    """The state folder cannot be created, read or written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"state folder {str(folder)!r} cannot be used: {reason}; "
            "name a writable folder with state_dir or PARLEY_STATE_DIR"
        )
        self.folder = folder


class StateVersionError(StorageError):
    """The state was written by a newer program, whose tables this one does not know."""

    def __init__(self, where: str, found: str, newest: str) -> None:
        super().__init__(
            f"the state in {where!r} is of version {found!r}, newer than this program, which knows up to "
            f"{newest!r}; update parley or name another state_dir"
        )
        self.found = found
