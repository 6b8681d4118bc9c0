"""Profile, consent and beliefs over REST."""

import pytest
from fastapi.testclient import TestClient

from bot.api import create_app
from tests.bot.fakes import FixedParley
from tests.bot.test_api import assert_problem

PROFILE = {
    "tastes": {
        "likes": [
            {"text": "slow westerns", "session_id": "s1", "turn_id": "t1", "at": "2026-01-01T20:00:00Z"}
        ],
        "dislikes": [{"text": "gore"}],
    },
    "hidden": ["owl"],
    "consent": "session_only",
}


@pytest.fixture
def client(tmp_path):
    return TestClient(create_app(FixedParley(tmp_path)), raise_server_exceptions=False)


def put(client, **changes):
    return client.put("/users/ann/profile", json=PROFILE | changes)


def test_nobody_has_a_profile_before_one_is_written(client):
    assert client.get("/users/ann/profile").json() == {
        "tastes": {"likes": [], "dislikes": []},
        "hidden": [],
        "consent": "personalise",
    }


def test_a_profile_is_kept_whole(client):
    """What was put is what is there, for this user alone."""
    answered = put(client)
    assert answered.status_code == 200, answered.text
    kept = client.get("/users/ann/profile").json()

    assert answered.json() == kept
    assert kept["tastes"]["likes"] == PROFILE["tastes"]["likes"]
    assert kept["tastes"]["dislikes"] == [{"text": "gore", "session_id": None, "turn_id": None, "at": None}]
    assert (kept["hidden"], kept["consent"]) == (["owl"], "session_only")
    held = client.get("/users/ann").json()["profile"]
    assert [one["text"] for one in held["tastes"]["likes"]] == ["slow westerns"]
    assert (held["hidden"], held["consent"]) == (["owl"], "session_only")
    assert client.get("/users/bob/profile").json()["hidden"] == []


def test_what_is_read_can_be_put_back(client):
    """As it came, nothing added or taken away."""
    put(client)
    kept = client.get("/users/ann/profile").json()

    assert put(client, **kept).json() == kept
    assert put(client, hidden=["owl", "owl", "lamp"]).json()["hidden"] == ["owl", "lamp"]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"hidden": ["nothing"]}, 404, "nothing"),
        ({"hidden": "owl"}, 422, "hidden"),
        ({"hidden": [""]}, 422, "hidden"),
        ({"hidden": ["x"] * 1001}, 422, "hidden"),
        ({"consent": "sell"}, 422, "consent"),
        ({"tastes": {"likes": []}}, 422, "dislikes"),
        ({"tastes": {"likes": [{"text": " "}], "dislikes": []}}, 422, "empty"),
        ({"tastes": {"likes": [{"text": "x" * 501}], "dislikes": []}}, 422, "text"),
        ({"tastes": {"likes": ["calm"], "dislikes": []}}, 422, "likes"),
        ({"surprise": 1}, 422, "surprise"),
    ],
)
def test_a_bad_profile_is_refused_and_changes_nothing(client, changes, status, words):
    put(client)
    assert_problem(put(client, **changes), status, words)
    assert client.get("/users/ann/profile").json()["hidden"] == ["owl"]


@pytest.mark.parametrize("left_out", ["tastes", "hidden", "consent"])
def test_a_profile_is_never_replaced_by_half_of_one(client, left_out):
    """A part that is left out would be lost: it is asked for."""
    half = {name: value for name, value in PROFILE.items() if name != left_out}
    assert_problem(client.put("/users/ann/profile", json=half), 422, left_out)


def test_what_is_believed_can_be_read_and_forgotten(client):
    """Each with a key of its own; forgotten, it is believed no more."""
    put(client)
    client.post("/feedback", json={"user_id": "ann", "item_id": "lamp", "action": "like"})
    beliefs = client.get("/users/ann/beliefs").json()["beliefs"]

    assert [(one["stance"], one["text"], one["source"]) for one in beliefs] == [
        ("likes", "The Lantern Keeper", "button"),
        ("likes", "slow westerns", "profile"),
        ("dislikes", "gore", "profile"),
        ("hidden", "猫头鹰 🦉", "profile"),
    ]
    for belief in beliefs:
        assert client.delete(f"/users/ann/beliefs/{belief['key']}").status_code == 204
        assert_problem(client.delete(f"/users/ann/beliefs/{belief['key']}"), 404, belief["key"])
    assert client.get("/users/ann/beliefs").json() == {"beliefs": []}
    assert client.get("/users/ann").json()["events"] == []
