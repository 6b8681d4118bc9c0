"""What was acknowledged survives the plug being pulled."""

import random

import pytest

from benchmarks.durability import Account, log_rounds, measure, table
from tests import homes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def test_what_was_acknowledged_survives_kills_at_random_moments(tmp_path):
    """Each event is there once, what was in flight can be sent again, and the vectors are whole.

    In small; `python -m benchmarks.durability` tries a hundred kills.
    """
    rounds = measure(tmp_path, {"log": 4, "http": 2, "whole": 2}, seed=5)

    assert all(one.clean for one in rounds), table(rounds)
    assert sum(one.acknowledged for one in rounds) > 20
    assert sum(one.in_flight for one in rounds) > 0, "no kill came while something was in flight"


def test_a_recording_process_may_die_on_postgres(tmp_path):
    """What it had begun there is rolled back, what it had acknowledged stays."""
    homes.require_postgres()
    with homes.schema() as url:
        rounds = log_rounds(tmp_path, 3, random.Random(5), url)

    assert all(one.clean for one in rounds), table(rounds)
    assert sum(one.acknowledged for one in rounds) > 10


def test_the_count_finds_what_was_lost_and_what_was_doubled(tmp_path):
    """Or the figures above would say nothing."""
    from benchmarks.durability import audit

    def account():
        made = Account()
        made.asked = {key: {"user_id": "ann", "item_id": "x", "action": "click"} for key in ("k1", "k2")}
        made.told = {"k1": "e1"}
        return made

    def seen(first, *later):
        there = [first, *later]
        return audit(account(), 0, lambda _key, _body: "e2", lambda _user: there)

    assert seen("e1", "e2") == (1, 1, 0, 0)
    assert seen("e2")[2] == 1, "an acknowledged event is not there"
    assert seen("e1", "e2", "e3")[3] == 1, "an event that nobody was told of"
    assert seen("e1", "e2", "e2")[3] == 1, "an event that is there twice"
