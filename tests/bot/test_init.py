"""From a catalogue file to a config: what is guessed, asked and written, and that the service can use it."""

import gzip
import json
import sys

import pytest
import yaml
from typer.testing import CliRunner

import bot.cli
from bot.prepare import Preparation
from bot.settings import load_settings
from retrieval.catalogue import Catalogue

KINDS = ["apples", "bread", "cheese"]
TALE = "A long and quiet tale of a keeper who counts the ships and writes each of them down, number {}."


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with a state folder of the config's own."""
    for name in ("PARLEY_STATE_DIR", "PARLEY_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*arguments, typed=None):
    """Run it; without answers typed it takes its guesses."""
    given = [*map(str, arguments), *(["--yes"] if typed is None else [])]
    return CliRunner().invoke(bot.cli.app, ["init", *given], input=typed)


def written(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))["catalogue"]


def write_csv(path, header, rows):
    lines = [",".join(f'"{cell}"' for cell in row) for row in [header, *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def books(folder):
    """Columns as they are found: few descriptions, years as 1990.0, authors in one cell, ids, counts."""
    header = [
        "book_id", "goodreads_id", "authors", "original_publication_year", "title", "average_rating",
        "ratings_count", "image_url", "summary",
    ]  # fmt: skip
    rows = [
        [
            number, 7000 + number, f"Ann Bell, Writer {number % 4}", f"{1990 + number % 9}.0",
            f"Harbour {number}", 3.5 + number % 3 / 2, number * 31, f"https://covers.example/{number}.jpg",
            TALE.format(number) if number % 2 else "",
        ]
        for number in range(40)
    ]  # fmt: skip
    return write_csv(folder / "books.csv", header, rows)


def test_books_are_understood_and_go_in_whole(here):
    """The config loads, and every row of the file becomes an item of the right types."""
    result = init(books(here))

    assert result.exit_code == 0, result.output
    assert "parley demo --config books.yaml" in result.output
    settings = load_settings(here / "books.yaml")
    assert (settings.catalogue.noun, settings.catalogue.nouns) == ("book", "books")
    assert (settings.catalogue.id_column, settings.catalogue.description_column) == ("book_id", "summary")
    preparation = Preparation(settings)
    report = preparation.items(settings.data.items)
    assert (report.added, report.rejected) == (40, 0)
    item = Catalogue.load(preparation.engine, settings.catalogue)["3"]
    assert dict(item.fields) == {
        "year": 1993, "authors": ["Ann Bell", "Writer 3"], "rating": 3.5,
    }  # fmt: skip
    assert "Left out: goodreads_id (identifiers), ratings_count (counts)" in (here / "books.yaml").read_text()


def test_a_shop_of_odd_notations_is_understood(here):
    """Packed JSON lines with prices in text, lists as Python writes them, yes and no, HTML and N/A."""
    path = here / "products.jsonl.gz"
    rows = [
        {
            "sku": f"P{number}", "name": f"Basket {number}",
            "body": f"<p>Woven by hand &amp; dried. {TALE}</p>",
            "price": "N/A" if number == 5 else f"$1,{number:03}.50",
            "tags": f"['{KINDS[number % 3]}', 'gift']",
            "in_stock": "yes" if number % 2 else "no", "added": f"{number % 28 + 1}/12/2020",
            "duration": f"{1 + number % 3}h {number % 60}m", "size": {"w": 3},
        }
        for number in range(60)
    ]  # fmt: skip
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))

    result = init(path)

    assert result.exit_code == 0, result.output
    settings = load_settings(here / "products.yaml")
    preparation = Preparation(settings)
    assert preparation.items(settings.data.items).rejected == 0
    catalogue = Catalogue.load(preparation.engine, settings.catalogue)
    item = catalogue["P21"]
    assert settings.catalogue.fields["price"].unit == "USD"
    assert item.description.startswith("Woven by hand & dried.")
    assert dict(item.fields) == {
        "price": 1021.5, "tags": ["apples", "gift"], "in_stock": True, "added": "2020-12-22", "runtime": 81,
    }  # fmt: skip
    assert catalogue["P5"].fields["price"] is None


def test_a_file_with_nothing_but_names_gets_ids_from_them(here):
    """Chinese column names are known, too; what is the same everywhere is left out."""
    rows = [
        [
            f"茶馆{n}",
            {"领域": "餐馆", "名称": f"茶馆{n}", "人均消费": 20 + n, "推荐菜": ["豆腐", f"茶{n % 5}"]},
        ]
        for n in range(30)
    ]
    path = here / "restaurant_db.json"
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")

    result = init(path)

    assert result.exit_code == 0, result.output
    catalogue = written(here / "restaurant-db.yaml")
    assert catalogue["noun"] == "restaurant"
    assert (catalogue["id_column"], catalogue["title_column"]) == (None, "名称")
    assert catalogue["fields"]["price"] == {
        "type": "int", "unit": "CNY", "column": "人均消费", "aliases": ["cost", "costs", "人均消费"],
    }  # fmt: skip
    assert catalogue["fields"]["dishes"]["type"] == "list"
    assert "ids are made from the titles" in " ".join(result.output.split())


def test_few_rows_with_an_odd_word_among_prices_are_understood(here):
    """The word is taken for no value, so that its row is kept; lists are seen in few rows, too."""
    notes = [
        "malt|smoke",
        "grass|butter",
        "honey|lemon",
        "plum|smoke",
        "orchid|cream",
        "smoke|pine",
        "vanilla",
    ]
    prices = ["7.50", "9", "5.20", "14.00", "16.50", "8.00", "ask us"]
    rows = [[n, f"Tea {n}", *pair] for n, pair in enumerate(zip(prices, notes, strict=True))]

    result = init(write_csv(here / "teas.csv", ["item_id", "title", "price", "notes"], rows))

    assert result.exit_code == 0, result.output
    assert "'ask us' is taken for no value" in result.output
    catalogue = written(here / "teas.yaml")
    assert catalogue["missing"] == ["ask us"]
    assert catalogue["fields"]["price"]["type"] == "float"
    assert catalogue["fields"]["notes"]["type"] == "list"
    assert "Every row can be used." in result.output


def test_codes_of_languages_get_their_names(here):
    """People say "in English", files say "eng" and "en-US"."""
    rows = [[n, f"Song {n}", ("eng", "en-US", "fre", "xx")[n % 4]] for n in range(20)]

    result = init(write_csv(here / "songs.csv", ["id", "title", "language_code"], rows))

    assert result.exit_code == 0, result.output
    settings = load_settings(here / "songs.yaml")
    assert settings.catalogue.fields["language"].labels == {
        "en-US": "English", "eng": "English", "fre": "French",
    }  # fmt: skip
    preparation = Preparation(settings)
    preparation.items(settings.data.items)
    languages = Catalogue.load(preparation.engine, settings.catalogue).values("language")
    assert {name: len(items) for name, items in languages.items()} == {"English": 10, "French": 5, "xx": 5}


def test_guesses_are_corrected_by_short_answers(here):
    """A wrong answer is asked again; one field is renamed, another left out, the noun is another."""
    answers = [
        "titel", "title", "", "-", "novel", "", "average_rating", "", "stars", "-", "n", "liked by",
        "authors", "-", "", "-", "mine.yaml",
    ]  # fmt: skip

    result = init(books(here), typed="\n".join(answers) + "\n")

    assert result.exit_code == 0, result.output
    assert "There is no such column" in result.output
    catalogue = written(here / "mine.yaml")
    assert (catalogue["noun"], catalogue["nouns"]) == ("novel", "novels")
    assert catalogue["description_column"] is None
    assert "authors" not in catalogue["fields"]
    stars = {"type": "float", "filter": False, "aliases": ["liked by"], "column": "average_rating"}
    assert catalogue["fields"]["stars"] == stars


def test_enter_all_the_way_is_the_same_as_yes(here):
    path = books(here)
    init(path, "--output", "taken.yaml")
    init(path, typed="\n" * 20)
    assert written(here / "books.yaml") == written(here / "taken.yaml")


def test_a_file_that_is_there_is_not_replaced_unasked(here):
    """By default another name is taken; a name that was given needs a yes."""
    path = books(here)
    for name in ("books.yaml", "kept.yaml"):
        (here / name).write_text("precious", encoding="utf-8")

    assert init(path).exit_code == 0
    assert (here / "books-2.yaml").exists()
    refused = init(path, "--output", "kept.yaml")
    assert refused.exit_code == 1
    assert "kept.yaml" in refused.stderr
    assert (here / "kept.yaml").read_text(encoding="utf-8") == "precious"
    agreed = init(path, "--output", "kept.yaml", typed="\n" * 7 + "y\n")
    assert agreed.exit_code == 0, agreed.output
    assert written(here / "kept.yaml")["noun"] == "book"
    assert (here / "books.yaml").read_text(encoding="utf-8") == "precious"


def test_behaviour_beside_the_catalogue_is_found_with_its_columns(here):
    """Of ratings on a scale to ten, columns and scale go into the config, and it can be ingested."""
    path = books(here)
    rows = [[user, book, 1 + (user + book) % 10] for user in range(6) for book in range(10)]
    write_csv(here / "ratings.csv", ["userId", "bookId", "rating"], rows)

    result = init(path)

    assert result.exit_code == 0, result.output
    settings = load_settings(here / "books.yaml")
    assert settings.data.events == (here / "ratings.csv").resolve()
    assert (settings.actions.rating_midpoint, settings.actions.rating_best) == (6, 10)
    preparation = Preparation(settings)
    preparation.items(settings.data.items)
    report = preparation.events(settings.data.events)
    assert (report.added, report.pending, report.rejected) == (60, 0, 0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.csv", None, "absent.csv"),
        ("empty.csv", "", "empty"),
        ("headers.csv", "id,title\n", "no rows"),
        ("table.xlsx", "PK", "unknown kind"),
        ("broken.json", "[{", "line 1"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(here, name, content, words):
    if content is not None:
        (here / name).write_text(content, encoding="utf-8")
    result = init(here / name)
    assert result.exit_code == 1
    assert result.stderr.strip().startswith("parley: ")
    assert words in result.stderr
    assert not list(here.glob("*.yaml"))


def test_markup_in_a_file_is_shown_as_text(here):
    """Neither rich's markup nor a terminal's control sequences do anything."""
    path = write_csv(
        here / "a.csv",
        ["id", "[bold]name", "kind"],
        [[n, f"[red]Owl {n}[/red] \x1b[2J", "[link]"] for n in range(9)],
    )
    result = init(path)
    assert result.exit_code == 0, result.output
    assert "[red]Owl 0[/red]" in result.output
    assert "[bold]name" in result.output
    assert "\x1b[2J" not in result.output


def test_an_own_config_needs_nothing_heavy_to_be_asked_for():
    """The first question comes without the language model or the vector store being imported."""
    import subprocess

    code = (
        "import bot.init, sys; print([n for n in ('torch', 'chromadb', 'transformers') if n in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
