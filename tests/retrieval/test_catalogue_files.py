"""Catalogue files into the database."""

import json
from pathlib import Path

import pytest
from invented_films import CONFIG, ROWS, as_row
from sqlalchemy import Engine

from retrieval.catalogue import Catalogue
from retrieval.errors import IngestError
from retrieval.ingest import ingest_items
from retrieval.items import CatalogueConfig, FieldSpec
from retrieval.rows import Row, read_rows


def write(path: Path, records: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_catalogue_goes_in_whole_and_comes_back_as_it_was(
    engine: Engine, films_file: Path, tmp_path: Path
) -> None:
    """Types, empty values and aliases survive the way through the database."""
    told: list[int] = []

    report = ingest_items(engine, CONFIG, films_file, tmp_path / "rejects.csv", told.append)

    assert (report.read, report.added, report.rejected, report.rejects_path) == (
        len(ROWS),
        len(ROWS),
        0,
        None,
    )
    assert sum(told) == len(ROWS)
    catalogue = Catalogue.load(engine, CONFIG)
    assert catalogue["f07"].aliases == ("Festival of Lamps",)
    assert catalogue["f01"].fields["genres"] == ["Crime", "Drama"]
    assert catalogue["f01"].fields["score"] == 8.1
    assert catalogue["f05"].fields["released"] == "1961"
    assert catalogue["f05"].fields["colour"] is False
    assert catalogue["f23"].fields["runtime"] is None


def test_ingesting_twice_changes_nothing(engine: Engine, films_file: Path, tmp_path: Path) -> None:
    """The second time every item is known and unchanged."""
    ingest_items(engine, CONFIG, films_file, tmp_path / "rejects.csv")
    before = Catalogue.load(engine, CONFIG).digest

    report = ingest_items(engine, CONFIG, films_file, tmp_path / "rejects.csv")

    assert (report.added, report.changed, report.unchanged) == (0, 0, len(ROWS))
    assert Catalogue.load(engine, CONFIG).digest == before


def test_a_changed_row_replaces_its_item(engine: Engine, films_file: Path, tmp_path: Path) -> None:
    """A file may hold only what is new or different."""
    ingest_items(engine, CONFIG, films_file, tmp_path / "rejects.csv")
    row = as_row(ROWS[0]) | {"title": "The Copper Harbour, Restored"}
    new = as_row(ROWS[1]) | {"item_id": "f99"}

    report = ingest_items(
        engine, CONFIG, write(tmp_path / "more.jsonl", [row, new]), tmp_path / "rejects.csv"
    )

    assert (report.added, report.changed, report.unchanged) == (1, 1, 0)
    catalogue = Catalogue.load(engine, CONFIG)
    assert catalogue["f01"].title == "The Copper Harbour, Restored"
    assert len(catalogue) == len(ROWS) + 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"year": "soon"}, "year: 'soon' is not a number"),
        ({"year": 1994.5}, "year: 1994.5 is not a whole number"),
        ({"runtime": True}, "runtime: True is not a number"),
        ({"score": "nan"}, "score: 'nan' is not a number"),
        ({"released": "04/03/1994"}, "released: '04/03/1994' is not a date"),
        ({"colour": "maybe"}, "colour: 'maybe' is neither true nor false"),
        ({"director": {"name": "Ada"}}, "director: {'name': 'Ada'} is not text"),
        ({"title": "  "}, "title: is empty"),
        ({"item_id": None}, "item_id: is empty"),
        ({"item_id": "x" * 201}, "longer than 200"),
        ({"description": "a\0b"}, "null byte"),
        ({"title": "bad \ud800"}, "not valid Unicode"),
        ({"year": 10**400}, "is not a number"),
    ],
)
def test_a_wrong_value_costs_its_row_alone(
    engine: Engine, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    """The rejects file names line and field; the other rows go in."""
    records = [as_row(values) for values in ROWS[:5]]
    records[2] |= change

    report = ingest_items(engine, CONFIG, write(tmp_path / "a.jsonl", records), tmp_path / "rejects.csv")

    assert (report.added, report.rejected) == (4, 1)
    assert report.rejects_path is not None
    (reject,) = (row for row in read_rows(report.rejects_path) if isinstance(row, Row))
    assert reject.values["line"] == "3"
    assert reason in reject.values["reason"]


def test_text_that_looks_like_another_type_is_read(engine: Engine, tmp_path: Path) -> None:
    """A CSV file has nothing but text: numbers, yes and no, and lists are read out of it."""
    path = tmp_path / "a.csv"
    path.write_text(
        "item_id,title,description,price,tags,stock,when\n"
        "7,Rope, ,12.50,long| strong |long,yes,2020-01-02T03:04:05\n",
        encoding="utf-8",
    )
    config = CatalogueConfig(
        fields={
            "price": FieldSpec(type="float"),
            "labels": FieldSpec(type="list", column="tags"),
            "stock": FieldSpec(type="bool"),
            "when": FieldSpec(type="date"),
        }
    )

    ingest_items(engine, config, path, tmp_path / "rejects.csv")

    assert dict(Catalogue.load(engine, config)["7"].fields) == {
        "price": 12.5,
        "labels": ["long", "strong"],
        "stock": True,
        "when": "2020-01-02T03:04:05",
    }


def test_a_repeated_id_is_rejected_with_the_line_of_the_first(engine: Engine, tmp_path: Path) -> None:
    """The first one stands."""
    records = [as_row(ROWS[0]), as_row(ROWS[1]), as_row(ROWS[0]) | {"title": "Another"}]

    report = ingest_items(engine, CONFIG, write(tmp_path / "a.jsonl", records), tmp_path / "rejects.csv")

    assert (report.added, report.rejected) == (2, 1)
    assert "'f01' was given before, in line 1" in (tmp_path / "rejects.csv").read_text(encoding="utf-8")


def test_a_file_without_a_usable_row_is_refused_and_keeps_what_was_stored(
    engine: Engine, films_file: Path, tmp_path: Path
) -> None:
    """The message shows the first reason; the catalogue stays."""
    ingest_items(engine, CONFIG, films_file, tmp_path / "rejects.csv")

    with pytest.raises(IngestError, match="no usable row; line 1: title: is empty"):
        ingest_items(
            engine, CONFIG, write(tmp_path / "a.jsonl", [{"item_id": "x"}]), tmp_path / "rejects.csv"
        )

    assert len(Catalogue.load(engine, CONFIG)) == len(ROWS)


def test_a_header_alone_is_refused(engine: Engine, tmp_path: Path) -> None:
    """An empty catalogue is a mistake, and said to be one."""
    path = tmp_path / "a.csv"
    path.write_text("item_id,title,description\n", encoding="utf-8")

    with pytest.raises(IngestError, match="it has no rows"):
        ingest_items(engine, CatalogueConfig(), path, tmp_path / "rejects.csv")


def test_a_declared_column_that_is_missing_is_named(engine: Engine, tmp_path: Path) -> None:
    """A misspelt column would otherwise give a field without values."""
    path = tmp_path / "a.csv"
    path.write_text("item_id,title,description\n1,Rope,long\n", encoding="utf-8")
    config = CatalogueConfig(fields={"price": FieldSpec(type="float", column="cost")})

    with pytest.raises(IngestError, match="no column 'cost'"):
        ingest_items(engine, config, path, tmp_path / "rejects.csv")


@pytest.mark.parametrize(
    "settings",
    [
        {"nme": "x"},
        {"name": "two words"},
        {"fields": {"title": {"type": "text"}}},
        {"fields": {"x": {"type": "number"}}},
    ],
)
def test_a_wrong_configuration_is_refused(settings: dict[str, object]) -> None:
    """Unknown keys and types, and names that are taken."""
    with pytest.raises(ValueError, match="validation error"):
        CatalogueConfig.model_validate(settings)


def test_roles_are_declared_or_guessed_from_the_name() -> None:
    """So that a catalogue needs no more configuration than it must."""
    assert FieldSpec(type="list").role_of("directors") == "director"
    assert FieldSpec(type="int").role_of("release_year") == "year"
    assert FieldSpec(type="list", role="genre").role_of("kind_of_thing") == "genre"
    assert FieldSpec(type="text").role_of("notes") is None
    assert CONFIG.field_with_role("runtime") == "runtime"


def ingested(engine: Engine, folder: Path, text: str, config: CatalogueConfig) -> Catalogue:
    path = folder / "a.csv"
    path.write_text(text, encoding="utf-8")
    report = ingest_items(engine, config, path, folder / "rejects.csv")
    assert report.rejected == 0, (folder / "rejects.csv").read_text(encoding="utf-8")
    return Catalogue.load(engine, config)


def test_a_file_without_ids_and_descriptions_gets_ids_from_its_titles(engine: Engine, tmp_path: Path) -> None:
    """The same ids each time, and two items of one title stay two."""
    config = CatalogueConfig(id_column=None, description_column=None, title_column="name")
    text = "name\nThe Old Mill!\n茶馆（总店）\nThe old mill\n???\n"

    catalogue = ingested(engine, tmp_path, text, config)
    again = ingest_items(engine, config, tmp_path / "a.csv", tmp_path / "rejects.csv")

    assert set(catalogue.ids) == {"the-old-mill", "茶馆-总店", "the-old-mill-2", "item"}
    assert catalogue["item"].description == ""
    assert (again.added, again.changed) == (0, 0)


@pytest.mark.parametrize(
    ("cell", "spec", "value"),
    [
        ("$1,299.00", {}, 1299.0),
        ("1.299,50 €", {"decimal": ","}, 1299.5),
        ("1,5", {"decimal": ","}, 1.5),
        ("CHF 1'200", {}, 1200.0),
        ("12,99,000", {}, 1299000.0),
        ("-750.0", {}, -750.0),
        ("9.5e+3", {}, 9500.0),
        ("￥23/份", {"unit": "/份"}, 23.0),
        ("320 pages", {"unit": "pages"}, 320.0),
        ("4.5 stars", {}, 4.5),
        ("1h 45m", {"unit": "minutes"}, 105.0),
        ("2 hours", {"unit": "minutes"}, 120.0),
        ("105 min", {"unit": "minutes"}, 105.0),
    ],
)
def test_numbers_are_read_as_people_write_them(
    engine: Engine, tmp_path: Path, cell: str, spec: dict[str, str], value: float
) -> None:
    """With signs, units and grouped thousands."""
    config = CatalogueConfig(fields={"n": FieldSpec.model_validate({"type": "float", **spec})})
    text = f'item_id,title,description,n\n1,Rope,,"{cell}"\n'
    assert ingested(engine, tmp_path, text, config)["1"].fields["n"] == value


@pytest.mark.parametrize("cell", ["1,5", "12 Monkeys", "10-20", "1.2.3", "$", "1,29", "inf", "2 hours"])
def test_what_only_holds_a_number_is_none(engine: Engine, tmp_path: Path, cell: str) -> None:
    """A wrong number is worse than none: "1,5" may be one and a half."""
    config = CatalogueConfig(fields={"n": FieldSpec(type="float")})
    path = tmp_path / "a.csv"
    path.write_text(f'item_id,title,description,n\n1,Rope,,"{cell}"\n2,Sail,,3\n', encoding="utf-8")
    assert ingest_items(engine, config, path, tmp_path / "rejects.csv").rejected == 1


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ('["Drama", "War"]', ["Drama", "War"]),
        ("['Drama', \"Children's\"]", ["Drama", "Children's"]),
        ("[{'id': 18, 'name': 'Drama'}, {'id': 9, 'name': 'War'}]", ["Drama", "War"]),
        ("[]", None),
        ("[Rec]; Drama", ["[Rec]", "Drama"]),
        ("[Rec]", ["[Rec]"]),
    ],
)
def test_lists_are_read_in_every_notation(
    engine: Engine, tmp_path: Path, cell: str, values: list[str] | None
) -> None:
    """JSON, Python, lists of records with names, and a separator of the field's own."""
    config = CatalogueConfig(fields={"genres": FieldSpec(type="list", separator=";")})
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"item_id": 1, "title": "x", "genres": cell}), encoding="utf-8")

    ingest_items(engine, config, path, tmp_path / "rejects.csv")

    assert Catalogue.load(engine, config)["1"].fields["genres"] == values


def test_html_dates_and_words_for_nothing_are_read(engine: Engine, tmp_path: Path) -> None:
    """Only the words of HTML are kept, also where an entity stands in a title."""
    config = CatalogueConfig(
        html=True,
        missing=["N/A", "\\N"],
        fields={"when": FieldSpec(type="date", date_format="%d/%m/%Y"), "left": FieldSpec(type="int")},
    )
    text = (
        "item_id,title,description,when,left\n"
        "1,Salt &amp; Sea,<p>Cold <b>water</b>; 3 < 4.</p><script>alert(1)</script>,31/12/1999,n/a\n"
        "2,N/A,N/A,\\N,3\n"
    )

    catalogue = ingested(engine, tmp_path, text, config)

    assert (catalogue["1"].title, catalogue["1"].description) == ("Salt & Sea", "Cold water ; 3 < 4.")
    assert dict(catalogue["1"].fields) == {"when": "1999-12-31", "left": None}
    assert (catalogue["2"].title, catalogue["2"].description) == ("N/A", "")
