"""Catalogue files into the items table.

Ingesting the same file twice changes nothing; an item whose row changed is replaced. Rows that cannot be
used go to a rejects file with their line and reason, and the others go in.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from retrieval.errors import IngestError
from retrieval.items import CatalogueConfig, Item, ItemRow
from retrieval.parsing import BadValueError, item_of
from retrieval.rows import BadRow, Row, read_rows, write_rejects
from storage.base import insert_new, utcnow
from storage.engine import writing

BATCH = 500


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of the rows of one file."""

    read: int
    added: int
    changed: int
    unchanged: int
    rejected: int
    rejects_path: Path | None
    """Where the rejected rows are, or None when there are none."""


@dataclass(slots=True)
class _Counts:
    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0


def ingest_items(
    engine: Engine,
    config: CatalogueConfig,
    path: Path,
    rejects: Path,
    progress: Callable[[int], None] | None = None,
) -> IngestReport:
    """Bring the items of `path` into the database, batch by batch, each in one transaction.

    `progress` is told the number of rows of each batch when it is done; `rejects` is written anew. Raises
    IngestError when the file cannot be read, lacks a column that the configuration names, or has no
    usable row; what was stored before stays as it was.
    """
    rejects.unlink(missing_ok=True)
    counts = _Counts()
    seen: dict[str, int] = {}
    first_bad: BadRow | None = None
    rows = read_rows(path, _required(config))
    while batch := list(islice(rows, BATCH)):
        bad = [row for row in batch if isinstance(row, BadRow)]
        values = list(_usable(batch, config, seen, bad))
        with writing(engine) as connection:
            _store(connection, values, counts)
        if bad:
            bad.sort(key=lambda row: row.line)
            first_bad = first_bad or bad[0]
            write_rejects(rejects, bad)
        counts.read += len(batch)
        counts.rejected += len(bad)
        if progress is not None:
            progress(len(batch))
    if not seen:
        why = "it has no rows" if first_bad is None else f"line {first_bad.line}: {first_bad.reason}"
        raise IngestError(path, None, f"no usable row; {why}")
    return IngestReport(**asdict(counts), rejects_path=rejects if counts.rejected else None)


def _required(config: CatalogueConfig) -> list[str]:
    named = [config.id_column, config.title_column, config.description_column, config.aliases_column]
    return [name for name in named if name] + [config.column_of(name) for name in config.fields]


def _usable(
    batch: Iterable[Row | BadRow], config: CatalogueConfig, seen: dict[str, int], bad: list[BadRow]
) -> Iterator[dict[str, Any]]:
    """The column values of each usable row; the others are added to `bad`, ids to `seen`."""
    for row in batch:
        if isinstance(row, BadRow):
            continue
        try:
            item = item_of(row.values, config)
            if config.id_column is None:
                item = replace(item, item_id=_unused(item.item_id, seen))
            if item.item_id in seen:
                raise BadValueError(
                    f"{config.id_column}: {item.item_id!r} was given before, in line {seen[item.item_id]}"
                )
        except BadValueError as error:
            bad.append(BadRow(row.line, str(error), json.dumps(row.values, ensure_ascii=False, default=str)))
            continue
        seen[item.item_id] = row.line
        yield _columns(item)


def _unused(made: str, seen: Collection[str]) -> str:
    """An id made from a title, numbered when an earlier row of the file has the same title."""
    numbered = (f"{made}-{number}" for number in count(2))
    return made if made not in seen else next(one for one in numbered if one not in seen)


def _columns(item: Item) -> dict[str, Any]:
    columns = {
        "item_id": item.item_id,
        "title": item.title,
        "description": item.description,
        "fields": dict(item.fields),
        "aliases": list(item.aliases),
    }
    canonical = json.dumps(columns, ensure_ascii=False, sort_keys=True)
    return columns | {"digest": hashlib.sha256(canonical.encode()).hexdigest()}


def _store(connection: Connection, values: Sequence[dict[str, Any]], counts: _Counts) -> None:
    ids = [row["item_id"] for row in values]
    known = connection.execute(select(ItemRow.item_id, ItemRow.digest).where(ItemRow.item_id.in_(ids)))
    digests: dict[str, str] = {row.item_id: row.digest for row in known}
    added = [row | {"added_at": utcnow()} for row in values if row["item_id"] not in digests]
    changed = [row for row in values if digests.get(row["item_id"], row["digest"]) != row["digest"]]
    if added:
        insert_new(connection, ItemRow.item_id, added)  # another ingest may have come first
    for row in changed:
        connection.execute(update(ItemRow).where(ItemRow.item_id == row["item_id"]).values(row))
    counts.added += len(added)
    counts.changed += len(changed)
    counts.unchanged += len(values) - len(added) - len(changed)
