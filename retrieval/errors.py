"""What this room raises.

RetrievalError
  CatalogueError        the catalogue, or its configuration, cannot be used
  FilterError           a constraint that no item could be compared with
  IngestError           a file cannot be read as what it should be
  EncoderError          the text encoder cannot be loaded, or is not the one expected
  VectorStoreError      Chroma failed
"""

from pathlib import Path

from storage.errors import ParleyError


class RetrievalError(ParleyError):
    """The catalogue could not answer."""


class CatalogueError(RetrievalError):
    """The catalogue, or its configuration, cannot be used."""


class FilterError(RetrievalError):
    """A constraint that no item could be compared with."""


class IngestError(RetrievalError):
    """A file cannot be read as what it should be; `line` is None when the whole file is meant."""

    def __init__(self, file: Path, line: int | None, reason: str) -> None:
        where = f"{str(file)!r}" if line is None else f"{str(file)!r}, line {line}"
        super().__init__(f"{where}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class EncoderError(RetrievalError):
    """The text encoder cannot be loaded, or is not the one expected."""


class VectorStoreError(RetrievalError):
    """The vector store failed."""
