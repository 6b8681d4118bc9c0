"""The log: append-only, idempotent, retractable, erasable."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from invented_shop import act
from sqlalchemy import func, select

from ranking.errors import IdempotencyConflict, InvalidValue, UnknownAction, UnknownEvent, UnknownItem
from ranking.tables import EventRow, IdempotencyRow
from storage.engine import writing


def stored(engine):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(EventRow))


def test_events_come_back_oldest_first_with_canonical_actions(log):
    log.append(None, [act("ann", "rug-2", "buy", minute=5), act("ann", "rug-1", "浏览", minute=1)])

    assert [(event.item_id, event.action) for event in log.of_user("ann")] == [
        ("rug-1", "view"),
        ("rug-2", "purchase"),
    ]


def test_what_is_appended_is_what_is_read(log):
    [event] = log.append(None, [act("ann", "rug-1", "like")])

    assert event.event_id
    assert log.of_user("ann") == [event]


def test_an_event_known_by_its_id_is_stored_once(log, engine):
    for _ in range(2):
        log.append(
            None, [act("ann", "rug-1", "like", event_id="e1"), act("ann", "rug-1", "like", event_id="e1")]
        )

    assert stored(engine) == 1


def test_events_of_a_transaction_that_fails_are_not_there(log, engine):
    def fail_after_append():
        with writing(engine) as connection:
            log.append(connection, [act("ann", "rug-1", "like")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_append()
    assert log.of_user("ann") == []


def test_feedback_is_durable_when_it_returns(log):
    event, created = log.feedback("ann", "rug-1", "like", session_id="s", turn_id="t")

    assert created
    assert (event.source, event.session_id, event.turn_id) == ("feedback", "s", "t")
    assert log.of_user("ann") == [event]


def test_the_same_key_and_body_is_the_same_event(log, engine):
    first, created = log.feedback("ann", "rug-1", "like", key="k")
    second, created_again = log.feedback("ann", "rug-1", "liked", key="k")

    assert (created, created_again) == (True, False)
    assert second == first
    assert stored(engine) == 1


def test_the_same_key_with_another_body_is_refused(log):
    log.feedback("ann", "rug-1", "like", key="k")

    with pytest.raises(IdempotencyConflict, match="'k'"):
        log.feedback("ann", "rug-2", "like", key="k")
    log.feedback("bob", "rug-2", "like", key="k")  # keys belong to one person


@pytest.mark.parametrize(
    ("item", "action", "value", "error"),
    [
        ("sofa", "like", None, UnknownItem),
        ("rug-1", "poke", None, UnknownAction),
        ("rug-1", "rating", None, InvalidValue),
    ],
)
def test_feedback_that_makes_no_sense_is_refused_and_leaves_its_key_free(log, item, action, value, error):
    with pytest.raises(error):
        log.feedback("ann", item, action, value, key="k")

    assert log.of_user("ann") == []
    assert log.feedback("ann", "rug-1", "like", key="k")[1]


def test_one_key_from_many_threads_makes_one_event(log, engine):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: log.feedback("ann", "rug-1", "like", key="k"), range(16)))

    assert sum(created for _, created in answers) == 1
    assert len({event.event_id for event, _ in answers}) == 1
    assert stored(engine) == 1


def test_a_retraction_takes_an_event_back_and_deletes_nothing(log, engine):
    event, _ = log.feedback("ann", "rug-1", "dislike")

    assert log.retract(event.event_id, "ann") == event
    assert log.retract(event.event_id, "ann") == event

    assert log.of_user("ann") == []
    assert list(log.all_effective()) == []
    assert stored(engine) == 2


def test_only_ones_own_events_can_be_taken_back(log):
    event, _ = log.feedback("ann", "rug-1", "like")

    for event_id, user in [("nothing", "ann"), (event.event_id, "bob")]:
        with pytest.raises(UnknownEvent):
            log.retract(event_id, user)
    log.retract(event.event_id)
    with pytest.raises(UnknownEvent):
        log.retract(f"retract:{event.event_id}")


def test_all_effective_events_stream_across_people(log):
    log.append(None, [act("ann", "rug-1", "like", event_id="a"), act("bob", "rug-2", "like", event_id="b")])
    log.retract("a")

    assert [event.event_id for event in log.all_effective()] == ["b"]
    assert log.users_count() == 2


def test_erasure_leaves_nothing_of_a_person(log, engine):
    log.feedback("ann", "rug-1", "like", key="k")
    log.feedback("bob", "rug-1", "like")

    with writing(engine) as connection:
        assert log.erase("ann", connection) == 1

    assert log.of_user("ann") == []
    assert len(log.of_user("bob")) == 1
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(IdempotencyRow)) == 0


def test_equal_times_keep_the_order_of_recording(log):
    moment = act("ann", "rug-1", "view").timestamp + timedelta(0)
    for number in range(5):
        log.append(None, [act("ann", f"rug-{number}", "view")])

    events = log.of_user("ann")
    assert {event.timestamp for event in events} == {moment}
    assert [event.item_id for event in events] == [f"rug-{number}" for number in range(5)]
