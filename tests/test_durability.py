"""What was acknowledged survives the plug being pulled."""

import pytest

from benchmarks.durability import kill_after_feedback, table
from benchmarks.serving import ROOT, Server

pytestmark = pytest.mark.slow

ROUNDS = 3


@pytest.mark.timeout(900)
def test_acknowledged_feedback_survives_kill_9_and_is_used_by_the_next_turn(tmp_path):
    """The event is on record after the restart, and the item that was turned down is not offered."""
    server = Server(ROOT / "configs" / "demo.yaml", tmp_path / "state")
    server.start("demo")
    try:
        rounds = [kill_after_feedback(server, "durable") for _ in range(ROUNDS)]
        events = server.client.get("/users/durable").json()["events"]
    finally:
        server.stop()

    assert all(one.kept and one.used for one in rounds), table(rounds)
    # Later kills took nothing from the rounds before them.
    assert {one.item_id for one in rounds} <= {event["item_id"] for event in events}
    assert "Traceback" not in server.output()
