"""Rows out of CSV, JSONL and Parquet files, one at a time, however large the file; JSON is read whole.

What the rows mean, items or events, is for the callers to say.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from retrieval.errors import IngestError

SUFFIXES = (
    ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet",
)  # fmt: skip
DELIMITERS = ",;\t"
LONGEST_CELL = 16 * 1024 * 1024
PARQUET_MAGIC, GZIP_MAGIC = b"PAR1", b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Row:
    """One usable row; `line` counts from 1 and includes the header (for Parquet: the row's number)."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that could not be read or used, and why."""

    line: int
    reason: str
    raw: str = ""


def read_rows(path: Path, required: Sequence[str] = ()) -> Iterator[Row | BadRow]:
    """Yield the rows of `path` in order, bad ones in their places.

    Raises IngestError, before the first row, when the file is missing, is not what its name says, or has
    no column of one of the `required` names (JSON has no columns to ask for: its rows are looked at one
    by one).
    """
    kind = _kind(path)
    _check_content(path, kind)
    try:
        if kind == "parquet":
            yield from _parquet_rows(path, required)
        elif kind == "jsonl":
            yield from _jsonl_rows(path)
        elif kind == "json":
            yield from _json_rows(path)
        else:
            yield from _csv_rows(path, required)
    except UnicodeDecodeError as error:
        raise IngestError(path, None, f"not UTF-8 text ({error}); save it as UTF-8") from error
    except (OSError, EOFError, zlib.error) as error:
        raise IngestError(path, None, f"cannot be read: {error}") from error


def write_rejects(path: Path, rejects: Sequence[BadRow]) -> None:
    """Append rejected rows to the CSV file `path`, with a header when it is new."""
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(["line", "reason", "row"])
        writer.writerows([bad.line, bad.reason, bad.raw] for bad in rejects)


def require(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    """Raise IngestError naming the `required` columns that are not among `columns`."""
    missing = [name for name in required if name not in columns]
    if missing:
        names = ", ".join(repr(name) for name in missing)
        found = ", ".join(repr(name) for name in columns) or "none"
        raise IngestError(
            path, 1, f"no column {names}; the file has {found}; rename one or set its name in the config"
        )


def _kind(path: Path) -> str:
    name = path.name.lower()
    suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
    if suffix is None:
        raise IngestError(path, None, f"unknown kind of file; use one of {', '.join(SUFFIXES)}")
    return suffix.removesuffix(".gz").lstrip(".")


def _check_content(path: Path, kind: str) -> None:
    try:
        with path.open("rb") as raw:
            head = raw.read(4)
        if not head:
            raise IngestError(path, None, "the file is empty")
        packed = path.name.lower().endswith(".gz")
        if packed != (head[:2] == GZIP_MAGIC):
            is_or_not = "is not" if packed else "is"
            raise IngestError(path, None, f"its content {is_or_not} gzip, against its name; rename it")
        if (kind == "parquet") != (head == PARQUET_MAGIC):
            is_or_not = "is not" if kind == "parquet" else "is"
            raise IngestError(path, None, f"its content {is_or_not} Parquet, against its name; rename it")
        if kind != "parquet":
            with _open_binary(path) as file:
                start = file.read(4096)
            if b"\0" in start:
                raise IngestError(path, None, f"its content is binary, not {kind.upper()}")
            if kind not in ("json", "jsonl") and start.lstrip(b"\xef\xbb\xbf \r\n\t")[:2] in (
                b'{"',
                b"[{",
                b"{\n",
            ):
                raise IngestError(path, None, "its content is JSON, against its name; call it .jsonl")
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise IngestError(path, None, f"cannot be read: {reason}") from error


def _open_binary(path: Path) -> BinaryIO:
    packed = path.name.lower().endswith(".gz")
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _csv_rows(path: Path, required: Sequence[str]) -> Iterator[Row | BadRow]:
    csv.field_size_limit(LONGEST_CELL)
    with _open_binary(path) as binary, io.TextIOWrapper(binary, "utf-8-sig", newline="") as text:
        header_line = text.readline()
        delimiter = max(DELIMITERS, key=header_line.count)
        header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter), [])]
        require(path, header, required)
        repeated = sorted({name for name in header if name and header.count(name) > 1})
        if repeated:
            raise IngestError(path, 1, f"the column {repeated[0]!r} is there twice; rename one")
        reader = csv.reader(text, delimiter=delimiter)
        while True:
            line = reader.line_num + 2
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield BadRow(line, f"not CSV: {error}")
                continue
            if cells is None:
                return
            if not any(cells):
                continue
            raw = delimiter.join(cells)
            if len(cells) != len(header):
                yield BadRow(line, f"{len(cells)} cells where the header has {len(header)}", raw)
            elif "\0" in raw:
                yield BadRow(line, "holds a null byte", raw.replace("\0", "\\0"))
            else:
                yield Row(line, dict(zip(header, cells, strict=True)))


def _jsonl_rows(path: Path) -> Iterator[Row | BadRow]:
    with _open_binary(path) as binary, io.TextIOWrapper(binary, "utf-8-sig") as text:
        for line, raw in enumerate(text, start=1):
            if not raw.strip():
                continue
            try:
                values = json.loads(raw)
            except (ValueError, RecursionError) as error:
                yield BadRow(line, f"not JSON: {error}", raw.strip()[:1000])
                continue
            if isinstance(values, dict):
                yield Row(line, values)
            else:
                yield BadRow(line, "not a JSON object", raw.strip()[:1000])


def _json_rows(path: Path) -> Iterator[Row | BadRow]:
    """The records of one JSON document; a file of many, one a line, is called .json too."""
    with _open_binary(path) as binary:
        text = binary.read().decode("utf-8-sig")
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise IngestError(path, None, f"not JSON that can be read: {error}") from error
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise IngestError(path, error.lineno, f"not JSON: {error.msg}") from error
        yield from _jsonl_rows(path)
        return
    for number, record in enumerate(_records(content), start=1):
        if isinstance(record, dict):
            yield Row(number, record)
        else:
            yield BadRow(number, "not a JSON object", json.dumps(record, ensure_ascii=False)[:1000])


def _records(content: Any) -> list[Any]:
    """The records of a document: a list of them, or of [name, record] pairs, or one that a key leads to."""
    if isinstance(content, list):
        return [_named(*one) if _is_pair(one) else one for one in content]
    if not isinstance(content, dict):
        return [content]
    lists = [value for value in content.values() if isinstance(value, list) and value]
    if len(lists) == 1 and isinstance(lists[0][0], dict):
        return _records(lists[0])
    if content and all(isinstance(value, dict) for value in content.values()):
        return [{"id": key} | value for key, value in content.items()]
    return [content]


def _is_pair(record: Any) -> bool:
    return (
        isinstance(record, list)
        and len(record) == 2
        and isinstance(record[0], str)
        and isinstance(record[1], dict)
    )


def _named(name: str, record: dict[str, Any]) -> dict[str, Any]:
    return record if name in record.values() else {"name": name} | record


def _parquet_rows(path: Path, required: Sequence[str]) -> Iterator[Row | BadRow]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            require(path, file.schema_arrow.names, required)
            line = 0
            for batch in file.iter_batches(batch_size=1000):
                for values in batch.to_pylist():
                    line += 1
                    yield Row(line, values)
    except pyarrow.ArrowException as error:
        raise IngestError(path, None, f"not a Parquet file that can be read: {error}") from error
