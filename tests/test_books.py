"""Books, the third domain: a table and a YAML file, served by the same code as films and products."""

import pytest
from dialogues import (
    Anew,
    Conversation,
    Say,
    converse,
    each_has,
    each_within,
    learned,
    load_catalogue,
    nothing,
    some,
    tells,
    without,
)

from benchmarks.serving import ROOT, Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CONFIG = "books.yaml"


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    server = Server(ROOT / "configs" / CONFIG, tmp_path_factory.mktemp("books") / "state")
    server.start("demo")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def hold(books):
    """Holds a conversation and returns what did not come out as expected, with the message before it."""
    catalogue = load_catalogue(CONFIG)

    def held(name, *steps):
        exchanges = converse(books, Conversation(name, CONFIG, steps), catalogue)
        return [(exchange.said, claim) for exchange in exchanges for claim in exchange.failed]

    return held


def test_books_are_found_by_their_author(hold):
    """And the author of one that is listed is told."""
    failed = hold(
        "author",
        Say("I'd like something by Jane Austen", (some(), each_has("authors", "Jane Austen"))),
        Say("Who wrote the first one?", (nothing(), tells("authors", 1))),
    )

    assert failed == []


def test_genre_pages_year_and_language_filter(hold):
    """Whatever the file has columns for; pages bound a length as minutes do elsewhere."""
    short, of_the_century = each_within("pages", 0, 299), each_within("year", 1800, 1899)
    failed = hold(
        "filters",
        Say("science fiction under 300 pages", (some(), each_has("genres", "science fiction"), short)),
        Anew(),
        Say("classics from the 19th century", (some(), each_has("genres", "classic"), of_the_century)),
        Anew(),
        Say("a Japanese novel", (some(), each_has("language", "Japanese"))),
        Anew(),
        Say("Can you recommend books for children?", (some(), each_has("audience", "children"))),
    )

    assert failed == []


def test_a_book_turned_down_does_not_come_back(hold):
    """Not on the next turn and not in a new session."""
    king = each_has("authors", "Stephen King")
    failed = hold(
        "turned-down",
        Say("scary books by Stephen King", (some(), king)),
        Say("Not the second one", (learned("reject|dislike", 2),), keep={"no": 2}),
        Say("More scary books by Stephen King", (some(), king, without("no"))),
        Anew(),
        Say("I want a book by Stephen King", (some(), king, without("no"))),
    )

    assert failed == []


def test_a_title_of_several_names_is_known_by_each(books):
    """ "1984" is a column of aliases away from Nineteen Eighty-Four, and is not recommended to its reader."""
    answer = books.ask("reader", "Books like 1984")

    assert [like["item_id"] for like in answer["intent"]["likes"]] == ["nineteen-eighty-four-1949"]
    listed = [one["item_id"] for one in answer["recommendations"]]
    assert listed
    assert "nineteen-eighty-four-1949" not in listed


def test_a_record_of_a_book_holds_the_declared_fields(books):
    """With the types that the configuration gives them; a book of no series has none."""
    record = books.client.get("/items/good-omens-1990").raise_for_status().json()

    assert record["fields"]["authors"] == ["Terry Pratchett", "Neil Gaiman"]
    assert record["fields"]["pages"] == 400
    assert record["fields"]["year"] == 1990
    assert not record["fields"].get("series")
