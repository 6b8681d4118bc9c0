"""Two workers on one PostgreSQL and one Chroma server."""

import pytest

from benchmarks.workers import figures, markdown, rounds_of, two_workers
from tests import homes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

ROUNDS, TALKS = 20, 6


@pytest.fixture(scope="module")
def workers(chroma, tmp_path_factory):
    homes.require_postgres()
    with (
        homes.schema() as storage_url,
        two_workers(tmp_path_factory.mktemp("workers"), storage_url, chroma().url) as both,
    ):
        yield both


def test_feedback_to_one_is_used_by_the_next_turn_of_the_other(workers):
    """In both directions and by both doors.

    In small; `python -m benchmarks.workers` does it a thousand times.
    """
    rounds = rounds_of(workers, ROUNDS, TALKS)

    assert [one.door for one in rounds].count("/chat") == TALKS
    assert all(one.used for one in rounds), markdown(figures(rounds))


def test_a_session_goes_on_at_the_other_worker(workers):
    """With its state and its transcript."""
    first, second = workers
    begun = first.ask("wanderer", "something for the kitchen")

    went_on = second.ask("wanderer", "something cheaper", session_id=begun["session_id"])

    assert went_on["session_id"] == begun["session_id"]
    held = first.client.get(f"/sessions/{begun['session_id']}", params={"user_id": "wanderer"}).json()
    assert [turn["turn_id"] for turn in held["turns"]] == [begun["turn_id"], went_on["turn_id"]]


def test_one_key_at_both_workers_makes_one_event(workers):
    """A client that gave up on one and asked the other."""
    item = workers[0].ask("hasty", "a backpack")["recommendations"][0]["item_id"]
    body = {"user_id": "hasty", "item_id": item, "action": "like"}
    answers = [
        worker.client.post("/feedback", json=body, headers={"Idempotency-Key": "once"}) for worker in workers
    ]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert len({answer.json()["event_id"] for answer in answers}) == 1


def test_a_new_training_is_taken_up_by_both(workers):
    """Each turn looks at which model of behaviour is current."""
    from benchmarks.serving import parley

    trained = parley(
        "train", "--config", str(workers[0].config), state_dir=workers[0].state_dir, extra=workers[0].extra
    )
    assert trained.returncode == 0, trained.stderr

    for worker in workers:
        assert worker.ask("curious", "a backpack")["recommendations"]
        assert "Traceback" not in worker.output()
