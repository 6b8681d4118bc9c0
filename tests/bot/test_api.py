"""The REST door, over a facade that answers from a list."""

import importlib
import inspect
import pkgutil
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

import bot
import ranking
import retrieval
import storage
from bot.api import create_app
from bot.api.problems import STATUSES, status_of
from storage.errors import ParleyError
from tests.bot.fakes import FixedParley


@pytest.fixture
def parley(tmp_path):
    return FixedParley(tmp_path)


@pytest.fixture
def client(parley):
    return TestClient(create_app(parley), raise_server_exceptions=False)


def assert_problem(response, status, words=""):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:parley:problem:")
    assert body["title"]
    assert words in body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    return body


def chat(client, **changes):
    return client.post("/chat", json={"user_id": "ann", "message": "something calm"} | changes)


def feedback(client, headers=None, **changes):
    body = {"user_id": "ann", "item_id": "lamp", "action": "like"} | changes
    return client.post("/feedback", json=body, headers=headers)


def test_a_turn_is_answered_with_the_whole_contract(client):
    """Every field that the contract names is there."""
    answer = chat(client).json()

    promised = "session_id turn_id reply intent recommendations events variant model timings_ms"
    assert set(answer) >= set(promised.split())
    first = answer["recommendations"][0]
    assert set(first) == {"item_id", "title", "rank", "explanation", "evidence", "scores"}
    assert first["evidence"] == [{"field": "year", "value": 1984}]
    assert set(first["scores"]) == {"semantic", "lexical", "mf", "popularity", "fused"}
    assert answer["intent"]["acts"] == ["request"]
    assert answer["model"] == {"name": "fixed", "fallback": False, "reason": None}


def test_a_session_goes_on_and_is_the_users_own(client):
    """The id of the first answer continues the session; for someone else it does not exist."""
    session = chat(client).json()["session_id"]

    assert chat(client, session_id=session).json()["session_id"] == session
    assert_problem(chat(client, session_id=session, user_id="bob"), 404, session)
    assert_problem(client.get(f"/sessions/{session}", params={"user_id": "bob"}), 404)


def test_sessions_are_listed_named_and_forgotten(client):
    """The session verbs, one after the other."""
    session = chat(client).json()["session_id"]

    listed = client.get("/sessions", params={"user_id": "ann"}).json()["sessions"]
    assert [one["session_id"] for one in listed] == [session]
    renamed = client.patch(f"/sessions/{session}", json={"user_id": "ann", "title": "calm evening"})
    assert renamed.json()["title"] == "calm evening"
    assert client.delete(f"/sessions/{session}", params={"user_id": "ann"}).status_code == 204
    assert_problem(client.get(f"/sessions/{session}", params={"user_id": "ann"}), 404)


def test_a_long_session_comes_in_pages(client):
    """The latest turns, and those before them, until there are none."""
    session = chat(client, message="0").json()["session_id"]
    for place in range(1, 5):
        chat(client, session_id=session, message=str(place))

    def page(**asked):
        held = client.get(f"/sessions/{session}", params={"user_id": "ann", **asked})
        assert held.json()["turns_count"] == 5
        return [turn["message"] for turn in held.json()["turns"]]

    assert page() == ["0", "1", "2", "3", "4"]
    assert page(limit=2) == ["3", "4"]
    assert page(limit=2, before=3) == ["1", "2"]
    assert page(limit=2, before=1) == ["0"]
    assert page(before=0) == []
    for bad in ({"limit": 0}, {"limit": 1001}, {"before": -1}, {"before": 2**31}, {"limit": "some"}):
        asked = {"user_id": "ann", **bad}
        assert_problem(client.get(f"/sessions/{session}", params=asked), 422, next(iter(bad)))


@pytest.mark.parametrize("message", ["🎉🎉", "فيلم هادئ", "来一部 calm 的电影", "x" * 4000])
def test_any_language_is_served(client, message):
    """Emoji, right-to-left and mixed text are messages like any other."""
    assert chat(client, message=message, user_id="newcomer-新").json()["reply"].endswith(message)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"message": ""}, 422, "empty"),
        ({"message": "   "}, 422, "empty"),
        ({"message": "x" * 4001}, 422, "too long"),
        ({"message": "x" * 1_000_001}, 413, "1000000 bytes"),
        ({"message": "a\x00b"}, 422, "null bytes"),
        ({"message": 7}, 422, "message"),
        ({"user_id": ""}, 422, "user_id"),
        ({"user_id": "a\x00b"}, 422, "null bytes"),
        ({"user_id": "x" * 201}, 422, "user_id"),
        ({"session_id": "nothing\x00"}, 422, "session_id"),
        ({"k": 0}, 422, "k"),
        ({"k": -1}, 422, "k"),
        ({"k": 101}, 422, "k"),
        ({"k": "5"}, 422, "k"),
        ({"k": True}, 422, "k"),
        ({"k": 2.5}, 422, "k"),
        ({"surprise": 1}, 422, "surprise"),
        ({"history": [{"role": "oracle", "text": "hm"}]}, 422, "role"),
        ({"session_id": "s", "history": [{"role": "user", "text": "hm"}]}, 422, "history"),
        ({"history": [{"role": "user", "text": "hm"}] * 201}, 422, "history"),
        ({"history": [{"role": "user", "text": "h\x00m"}]}, 422, "null bytes"),
        ({"history": [{"role": "user"}]}, 422, "text"),
        ({"retry_of": "t"}, 422, "session_id"),
        ({"session_id": "s", "retry_of": "t"}, 404, "t"),
        ({"context": {"time": 12}}, 422, "date and time as text"),
    ],
)
def test_bad_turns_are_named(client, changes, status, words):
    """Each bad field gives a problem that names it."""
    assert_problem(chat(client, **changes), status, words)


@pytest.mark.parametrize("k", [1, 100, 5.0])
def test_the_ends_of_k_are_served(client, parley, k):
    assert chat(client, k=k).status_code == 200
    assert parley.calls[-1]["k"] == k


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"user_id": "ann",', 400),
        (b"", 422),
        (b"[]", 422),
        (b"\xff\xfe", 400),
        (b'{"user_id": "\\ud800", "message": "hm"}', 422),
        (b"[" * 100_000, 400),
    ],
)
def test_malformed_bodies_are_problems(client, content, status):
    """What is not JSON, not an object or not Unicode."""
    response = client.post("/chat", content=content, headers={"content-type": "application/json"})
    assert_problem(response, status)


def test_a_body_of_unannounced_length_is_cut_off(client):
    """A chunked body is counted as it comes."""

    def chunks():
        for _ in range(30):
            yield b"x" * 50_000

    response = client.post("/chat", content=chunks(), headers={"content-type": "application/json"})
    assert_problem(response, 413)


def test_what_is_not_there_is_a_problem(client):
    """Unknown paths and methods."""
    assert_problem(client.get("/nowhere"), 404, "/nowhere")
    for method, path, allowed in (
        ("PUT", "/chat", "POST"),
        ("POST", "/sessions/x", "DELETE, GET, PATCH"),
        ("PATCH", "/users/ann", "DELETE, GET"),
        ("DELETE", "/users/ann/profile", "GET, PUT"),
    ):
        refused = client.request(method, path)
        assert_problem(refused, 405, method)
        assert refused.headers["allow"] == allowed


def test_a_body_must_say_that_it_is_json(client):
    """What curl sends unless told otherwise is answered with the way out."""
    refused = client.post("/chat", content=b'{"user_id": "ann", "message": "hi"}')
    assert_problem(refused, 415, "application/json")
    named = {"content-type": "application/x-www-form-urlencoded"}
    assert_problem(client.post("/feedback", content=b"a=b", headers=named), 415)


def test_ids_may_hold_any_sign_that_is_encoded(client, parley):
    """A slash in an id is no part of the path, and a percent sign is one."""
    odd = "a/b%2Fc?d#e/profile"
    feedback(client, user_id=odd)

    held = client.get(f"/users/{quote(odd, safe='')}")
    assert held.json()["user_id"] == odd
    assert len(held.json()["events"]) == 1
    assert client.get(f"/users/{quote(odd, safe='')}/profile").json()["hidden"] == []
    assert_problem(client.get("/users/a/b"), 404, "/users/a/b")
    assert_problem(client.delete(f"/feedback/{quote(odd, safe='')}"), 404, odd)


def test_answers_are_data_and_nobody_elses(client):
    """Not kept by anything between, not guessed to be a page, not read by other sites."""
    response = client.get("/users/ann", headers={"Origin": "http://elsewhere.example"})

    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert "access-control-allow-origin" not in response.headers
    assert client.options("/chat", headers={"Origin": "http://elsewhere.example"}).status_code == 405


def test_a_surprise_keeps_its_secret(client):
    """An unexpected error is a problem without what was inside it."""
    body = assert_problem(chat(client, message="explode"), 500, "request_id")
    assert "secret" not in str(body)


def test_feedback_is_created_once_a_key(client, parley):
    """The same key and body again is the same event; another body is a conflict."""
    first = feedback(client, headers={"Idempotency-Key": "k1"})
    again = feedback(client, headers={"Idempotency-Key": "k1"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["event_id"] == again.json()["event_id"]
    assert len(parley.events) == 1
    assert_problem(feedback(client, headers={"Idempotency-Key": "k1"}, action="dislike"), 409, "k1")


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"item_id": "nothing"}, 404, "nothing"),
        ({"action": "levitate"}, 422, "levitate"),
        ({"action": "rating"}, 422, "finite number"),
        ({"action": "rating", "value": "four"}, 422, "value"),
        ({"item_id": "la\x00mp"}, 422, "item_id"),
    ],
)
def test_bad_feedback_is_named(client, changes, status, words):
    assert_problem(feedback(client, **changes), status, words)


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"1e999", b"1" + b"0" * 400])
def test_a_value_must_be_finite(client, value):
    """JSON as Python reads it has numbers that no scale has."""
    body = b'{"user_id": "ann", "item_id": "lamp", "action": "rating", "value": ' + value + b"}"
    response = client.post("/feedback", content=body, headers={"content-type": "application/json"})
    assert_problem(response, 422, "value")


def test_feedback_belongs_to_a_turn_of_the_same_person(client):
    """A session or a turn of someone else does not exist, nor does a turn of another session."""
    mine, theirs = chat(client).json(), chat(client, user_id="bob").json()
    other = chat(client).json()

    where = {"session_id": mine["session_id"], "turn_id": mine["turn_id"]}
    assert feedback(client, **where).status_code == 201
    assert feedback(client, turn_id=mine["turn_id"]).status_code == 201
    assert_problem(feedback(client, session_id=theirs["session_id"]), 404, theirs["session_id"])
    assert_problem(feedback(client, turn_id=theirs["turn_id"]), 404, theirs["turn_id"])
    assert_problem(feedback(client, **(where | {"turn_id": other["turn_id"]})), 404, other["turn_id"])
    assert_problem(feedback(client, turn_id="nothing"), 404, "nothing")


def test_feedback_can_be_taken_back(client):
    event = feedback(client, action="喜欢").json()
    assert event["action"] == "like"
    assert client.delete(f"/feedback/{event['event_id']}").json()["event_id"] == event["event_id"]
    assert_problem(client.delete("/feedback/unheard-of"), 404, "unheard-of")


def test_items_and_those_like_them(client):
    """Titles come as they are, whatever is in them."""
    assert client.get("/items/owl").json()["title"] == "猫头鹰 🦉"
    assert len(client.get("/items/owl/similar", params={"k": 2}).json()["recommendations"]) == 2
    assert_problem(client.get("/items/nothing"), 404)
    assert_problem(client.get("/items/nothing/similar"), 404)
    assert_problem(client.get("/items/la%00mp"), 422, "null bytes")


def test_recommendations_need_a_user_and_a_sane_k(client):
    answer = client.get("/recommendations", params={"user_id": "never-seen", "k": 2})
    assert len(answer.json()["recommendations"]) == 2
    assert_problem(client.get("/recommendations"), 422, "user_id")
    assert_problem(client.get("/recommendations", params={"user_id": "ann", "k": 0}), 422, "k")
    assert_problem(client.get("/recommendations", params={"user_id": "ann", "k": "many"}), 422, "k")


def test_a_user_sees_and_erases_what_is_held(client):
    feedback(client)
    chat(client)
    held = client.get("/users/ann").json()
    assert len(held["events"]) == 1
    assert [turn["message"] for one in held["sessions"] for turn in one["turns"]] == ["something calm"]
    assert held["profile"]["consent"] == "personalise"
    assert client.delete("/users/ann").json() == {"events": 1}
    assert client.get("/users/ann").json()["events"] == []


def test_a_context_travels_to_the_turn(client, parley):
    answer = chat(client, context={"item_id": "owl", "locale": "en-GB", "time": "2026-01-01T20:00:00Z"})
    assert answer.status_code == 200, answer.text
    assert parley.calls[-1]["context"].item_id == "owl"


def test_requests_carry_an_id(client):
    """The client's own when it is a usable one, else one that is made."""
    assert client.get("/health/live", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = client.get("/health/live", headers={"X-Request-ID": "bad id\t"}).headers["x-request-id"]
    assert made
    assert " " not in made


def test_an_empty_catalogue_is_not_ready(tmp_path):
    client = TestClient(create_app(FixedParley(tmp_path, items=[])))
    assert client.get("/health/live").status_code == 200
    assert_problem(client.get("/health/ready"), 503, "parley ingest")


def test_readiness_says_what_is_served(client):
    assert client.get("/health/ready").json() == {
        "status": "ok", "items": 3, "users": 0, "model": "fixed", "semantic": True
    }  # fmt: skip


def test_turns_events_and_fallbacks_are_counted(client):
    """Each app counts for itself."""
    chat(client)
    chat(client, message="fall back")
    feedback(client)
    counted = client.get("/metrics").text

    assert 'parley_turns_total{variant="full"} 2.0' in counted
    assert "parley_fallbacks_total 1.0" in counted
    assert 'parley_events_total{action="like",source="feedback"} 1.0' in counted
    assert 'parley_turn_seconds_count{stage="understand"} 2.0' in counted


def test_the_front_door_leads_to_the_page(client):
    response = client.get("/", follow_redirects=False)
    assert response.headers["location"] == "/ui/"


def test_the_docs_ask_no_other_host(client):
    """Every operation is on the page, and nothing on it is fetched from elsewhere."""
    page = client.get("/docs").text
    described = client.get("/openapi.json").json()

    for path in described["paths"]:
        assert path in page
    assert "http://" not in page
    assert "https://" not in page


def test_every_error_of_the_rooms_has_a_status():
    """A new error class needs a line in the table, or a decision that its parent's status is right."""
    kinds = set()
    for room in (storage, retrieval, ranking, bot):
        for name in [f"{room.__name__}.{found.name}" for found in pkgutil.iter_modules(room.__path__)]:
            if name.endswith(".errors"):
                members = inspect.getmembers(importlib.import_module(name), inspect.isclass)
                kinds |= {kind for _, kind in members if issubclass(kind, ParleyError)}

    assert len(kinds) > 15
    for kind in kinds:
        assert status_of(kind.__new__(kind)) >= 400
    assert kinds <= set(STATUSES)
