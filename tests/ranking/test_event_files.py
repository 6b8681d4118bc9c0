"""Behaviour files: what is taken, what is rejected with its line, and what a second time changes."""

import json

import pytest

from ranking.actions import ActionsConfig
from ranking.ingest import ingest_events
from retrieval.errors import IngestError

SIX = (
    "user_id,item_id,action\nann,rug-1,browse\nann,rug-2,click\nann,rug-3,购买\n"
    "ann,rug-1,browse\nbob,rug-1,like\nbob,sofa,like\n"
)


@pytest.fixture
def ingest(engine, actions, shelf, tmp_path):
    def run(text, name="events.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return ingest_events(engine, actions, shelf.catalogue.ids, path, tmp_path / "rejects.csv")

    return run


def test_a_hand_made_file_goes_in_and_a_second_time_changes_nothing(ingest, log):
    """Equal rows are two events; an event for an item to come is kept as pending."""
    first, second = ingest(SIX), ingest(SIX)

    assert (first.read, first.added, first.known, first.pending, first.rejected) == (6, 6, 0, 1, 0)
    assert (second.added, second.known, second.pending) == (0, 6, 0)
    assert [event.action for event in log.of_user("ann")] == ["view", "click", "purchase", "view"]
    assert [event.item_id for event in log.of_user("bob")] == ["rug-1", "sofa"]


def test_a_longer_version_of_the_file_adds_only_what_is_new(ingest):
    ingest(SIX)

    assert ingest(SIX + "ann,rug-1,browse\n").added == 1


def test_the_kind_of_file_does_not_matter(ingest):
    ingest(SIX)
    header, *rows = SIX.split()
    names = header.split(",")
    lines = [json.dumps(dict(zip(names, row.split(","), strict=True))) for row in rows]

    assert ingest("\n".join(lines), "events.jsonl").added == 0


def test_bad_rows_are_reported_with_line_and_reason_and_good_ones_go_in(ingest, log):
    report = ingest(
        "user_id,item_id,action,value,timestamp,event_id\n"
        "ann,rug-1,rating,4.5,1700000000,e1\n"
        "ann,rug-1,poke,,,\n"
        ",rug-1,like,,,\n"
        "ann,rug-1,rating,,,\n"
        "ann,rug-1,rating,lots,,\n"
        "ann,rug-1,like,,yesterday,\n"
        "ann,rug-1,like,,,retract:e1\n"
        "ann,rug-1,like,,2199-01-01,\n"
        "ann,rug-2,like,,2023-11-14T22:13:21,e2\n"
        "ann,rug-3,like,,1700000002000,e3\n"
    )

    assert (report.added, report.rejected) == (3, 7)
    rejects = report.rejects_path.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in rejects[1:]] == ["3", "4", "5", "6", "7", "8", "9"]
    for reason, line in zip(
        ["poke", "user_id", "rating", "lots", "yesterday", "retract", "future"], rejects[1:], strict=True
    ):
        assert reason in line
    assert [event.timestamp.timestamp() for event in log.of_user("ann")] == [
        1700000000,
        1700000001,
        1700000002,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id,action\nann,like\n", "item_id"),
        ("user_id,item_id,action\n", "no usable row"),
        ("user_id,item_id,action\nann,rug-1,poke\n", "line 2: unknown action 'poke'"),
    ],
)
def test_a_file_without_a_column_or_a_usable_row_is_refused(ingest, log, text, message):
    with pytest.raises(IngestError, match=message):
        ingest(text)

    assert log.users_count() == 0


def test_progress_hears_every_row(engine, actions, tmp_path):
    path = tmp_path / "events.csv"
    rows = "".join(f"user-{n},rug-1,view\n" for n in range(12_000))
    path.write_text("user_id,item_id,action\n" + rows)
    heard = []

    ingest_events(engine, actions, ["rug-1"], path, tmp_path / "rejects.csv", heard.append)

    assert sum(heard) == 12_000
    assert len(heard) > 1


def test_columns_may_have_other_names_and_none_for_the_action(engine, shelf, tmp_path):
    """A file of ratings says nowhere that they are ratings; it gives the events that one which does gives."""
    usual, own = tmp_path / "usual.csv", tmp_path / "ratings.csv"
    usual.write_text(
        "user_id,item_id,action,value,timestamp\nann,rug-1,rating,4.5,1700000000\n", encoding="utf-8"
    )
    own.write_text("userId,productId,stars,when\nann,rug-1,4.5,1700000000\n,rug-1,2,\n", encoding="utf-8")
    columns = {
        "user_id": "userId", "item_id": "productId", "action": None, "value": "stars", "timestamp": "when",
    }  # fmt: skip
    renamed = ActionsConfig.model_validate({"columns": columns})
    known = shelf.catalogue.ids

    first = ingest_events(engine, renamed, known, own, tmp_path / "rejects.csv")
    again = ingest_events(engine, ActionsConfig(), known, usual, tmp_path / "rejects.csv")

    assert (first.added, first.rejected, again.added, again.known) == (1, 1, 0, 1)
    with pytest.raises(IngestError, match="no column 'userId'"):
        ingest_events(engine, renamed, known, usual, tmp_path / "rejects.csv")
