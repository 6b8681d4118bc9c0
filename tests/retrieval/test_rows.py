"""Reading files: the same rows out of every format, and files that are not what they say."""

import gzip
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from retrieval.errors import IngestError
from retrieval.rows import BadRow, Row, read_rows, write_rejects

RECORDS = [{"id": "a", "word": "käse, 奶酪"}, {"id": "b", "word": 'say "hi"\nthere'}]


def write_csv(path: Path, delimiter: str = ",") -> Path:
    text = f'id{delimiter}word\na{delimiter}"käse, 奶酪"\nb{delimiter}"say ""hi""\nthere"\n'
    path.write_text("\ufeff" + text, encoding="utf-8")
    return path


def write_jsonl(path: Path) -> Path:
    path.write_text("\n".join(json.dumps(record) for record in RECORDS), encoding="utf-8")
    return path


def write_parquet(path: Path) -> Path:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(RECORDS), path)
    return path


def packed(path: Path) -> Path:
    target = path.with_name(path.name + ".gz")
    target.write_bytes(gzip.compress(path.read_bytes()))
    return target


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    """CSV with any delimiter and a BOM, JSONL, Parquet, packed or not."""
    files = [
        write_csv(tmp_path / "a.csv"),
        write_csv(tmp_path / "b.csv", ";"),
        write_csv(tmp_path / "c.tsv", "\t"),
        packed(write_csv(tmp_path / "d.csv")),
        write_jsonl(tmp_path / "e.jsonl"),
        packed(write_jsonl(tmp_path / "f.jsonl")),
        write_parquet(tmp_path / "g.parquet"),
    ]

    for file in files:
        assert [row.values for row in read_rows(file, ["id"]) if isinstance(row, Row)] == RECORDS, file


@pytest.mark.parametrize(
    "document",
    [
        RECORDS,
        {"count": 2, "items": RECORDS},
        {"a": {"word": RECORDS[0]["word"]}, "b": {"word": RECORDS[1]["word"]}},
    ],
)
def test_json_documents_hold_the_same_rows(tmp_path: Path, document: object) -> None:
    """A list of records, under a key or not, or records by their ids."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    assert [row.values for row in read_rows(path) if isinstance(row, Row)] == RECORDS
    assert [row.values for row in read_rows(packed(path)) if isinstance(row, Row)] == RECORDS


def test_json_pairs_and_json_lines_are_read(tmp_path: Path) -> None:
    """The name before a record is its name, unless the record says it itself."""
    pairs = tmp_path / "a.json"
    pairs.write_text(json.dumps([["Mill", {"n": 1}], ["Inn", {"called": "Inn"}], 7]), encoding="utf-8")
    rows = list(read_rows(pairs))
    assert [row.values for row in rows[:2] if isinstance(row, Row)] == [
        {"name": "Mill", "n": 1},
        {"called": "Inn"},
    ]
    assert rows[2] == BadRow(3, "not a JSON object", "7")

    lines = write_jsonl(tmp_path / "b.json")
    assert [row.values for row in read_rows(lines) if isinstance(row, Row)] == RECORDS


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    """The number in a complaint is the line to look at, header and line breaks in cells included."""
    path = tmp_path / "a.csv"
    path.write_text('id,word\na,"two\nlines"\nb\n\nc,ok\n', encoding="utf-8")

    rows = list(read_rows(path))

    assert [(type(row), row.line) for row in rows] == [(Row, 2), (BadRow, 4), (Row, 6)]


def test_bad_lines_are_reported_between_good_ones(tmp_path: Path) -> None:
    """One broken line does not cost the others."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1}\n{"id": \n[1, 2]\n{"id": 2}\n', encoding="utf-8")

    rows = list(read_rows(path))

    assert [type(row) for row in rows] == [Row, BadRow, BadRow, Row]
    assert [row.line for row in rows] == [1, 2, 3, 4]


def test_a_null_byte_makes_a_row_bad(tmp_path: Path) -> None:
    """Neither database could keep it."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,word\n" + b"a,fine\n" * 1000 + b"b,x\0y\n")

    assert [row.reason for row in read_rows(path) if isinstance(row, BadRow)] == ["holds a null byte"]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", b"PAR1....", "is Parquet"),
        ("a.parquet", b"id,word\na,b\n", "is not Parquet"),
        ("a.parquet", b"PAR1 broken", "not a Parquet file"),
        ("a.csv", gzip.compress(b"id\n1\n"), "is gzip"),
        ("a.csv.gz", b"id\n1\n", "is not gzip"),
        ("a.csv", b'{"id": 1}\n', "is JSON"),
        ("a.csv", b"\x89PNG\0\0\0", "binary"),
        ("b.csv.gz", gzip.compress(b"id\n1\n")[:-9], "cannot be read"),
        ("a.jsonl", b"", "empty"),
        ("a.json", b'[{"a": 1},', "line 1: not JSON"),
        ("a.json", b'{"a": "\xff"}', "not UTF-8"),
        ("a.jsonl", b'{"a": "\xff\xfe"}', "not UTF-8"),
        ("a.xlsx", b"PK", "unknown kind"),
        ("a.csv.gz", gzip.compress(b"id\n" + b"1234567890\n" * 9999)[:-40], "cannot be read"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    """The message names the file and what is wrong with it."""
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(IngestError, match=complaint) as caught:
        list(read_rows(path))
    assert name in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="cannot be read"):
        list(read_rows(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    "write", [lambda p: write_csv(p / "a.csv"), lambda p: write_parquet(p / "a.parquet")]
)
def test_a_missing_column_is_named_with_those_that_exist(tmp_path: Path, write: object) -> None:
    """So that the user can see which one to rename."""
    path = write(tmp_path)

    with pytest.raises(IngestError, match="no column 'title'; the file has 'id', 'word'"):
        list(read_rows(path, ["id", "title"]))


def test_a_repeated_column_is_refused(tmp_path: Path) -> None:
    """One of the two would silently win."""
    path = tmp_path / "a.csv"
    path.write_text("id,id\n1,2\n", encoding="utf-8")

    with pytest.raises(IngestError, match="twice"):
        list(read_rows(path))


def test_rejects_are_appended_under_one_header(tmp_path: Path) -> None:
    """The rejects file can be opened and mended as a table."""
    path = tmp_path / "out" / "rejects.csv"

    write_rejects(path, [BadRow(3, "no title", "x,")])
    write_rejects(path, [BadRow(9, "no id", ",y")])

    assert [row.values["line"] for row in read_rows(path) if isinstance(row, Row)] == ["3", "9"]
