"""A turn as server-sent events, over a facade that answers from a list, and a real socket."""

import json
import re
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from bot.api import create_app, streaming
from storage.errors import StorageFull, StorageUnavailable
from tests.bot.fakes import FixedParley
from tests.bot.test_api import assert_problem, chat


@pytest.fixture
def parley(tmp_path):
    return FixedParley(tmp_path)


@pytest.fixture
def client(parley):
    return TestClient(create_app(parley), raise_server_exceptions=False)


@pytest.fixture
def server(parley):
    """The address of a real server over the facade."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(parley), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    yield bound.getsockname()
    server.should_exit = True
    thread.join(30)


def events_of(text):
    """(name, data) of each event of a stream; comments are left out."""
    events = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line[:1] not in ("", ":")]
        if lines:
            name, data = lines
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def streamed(client, **changes):
    response = chat(client, stream=True, **changes)
    assert response.status_code == 200, response.text
    return events_of(response.text)


def start_stream(address, message="something calm"):
    """A raw connection on which a streamed turn was asked for, and a file of what comes."""
    body = json.dumps({"user_id": "ann", "message": message, "stream": True}).encode()
    head = f"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    connection = socket.create_connection(address, timeout=20)
    connection.sendall(head.encode() + b"\r\n\r\n" + body)
    return connection, connection.makefile("rb")


def read_until(file, words):
    while words not in (line := file.readline()):
        assert line, "the stream ended"


def test_the_events_come_in_their_order_and_hold_the_whole_answer(client):
    """What was meant, what was found, each sentence, and at the end all of it."""
    events = streamed(client, message="a \u2028 line\nbreak")

    assert [name for name, _ in events] == ["intent", "recommendations", *["text"] * 4, "done"]
    intent, listed, *texts, done = [data for _, data in events]
    assert intent["intent"]["query"] == "a \u2028 line\nbreak"
    assert (intent["session_id"], intent["turn_id"]) == (done["session_id"], done["turn_id"])
    assert [one["explanation"] for one in listed["recommendations"]] == ["", "", ""]
    assert [one["item_id"] for one in listed["recommendations"]] == [one["item_id"] for one in texts[1:]]
    assert texts[0] == {"text": done["reply"], "item_id": None}
    assert [one["text"] for one in texts[1:]] == [one["explanation"] for one in done["recommendations"]]
    assert done["stopped"] is False


def test_the_end_is_what_a_plain_answer_is(client):
    """To the letter, but for the ids of its own turn."""
    done = streamed(client)[-1][1]
    plain = chat(client).json()
    assert set(done) == set(plain)
    own = {"session_id", "turn_id"}
    assert {k: v for k, v in done.items() if k not in own} == {k: v for k, v in plain.items() if k not in own}


def test_the_description_names_each_event_and_what_it_holds(client):
    """In OpenAPI, beside the plain answer; every schema that is named is there."""
    described = client.get("/openapi.json").json()
    content = described["paths"]["/chat"]["post"]["responses"]["200"]["content"]

    assert set(content) == {"application/json", "text/event-stream"}
    events = {
        one["properties"]["event"]["const"]: one["properties"]["data"]["contentSchema"]["$ref"]
        for one in content["text/event-stream"]["itemSchema"]["oneOf"]
    }
    assert set(events) == {"intent", "recommendations", "text", "done", "error"}
    assert events["done"] == content["application/json"]["schema"]["$ref"]
    assert set(re.findall(r"#/components/schemas/(\w+)", str(described))) <= set(
        described["components"]["schemas"]
    )
    assert content["text/event-stream"]["example"].startswith("event: intent")


def test_the_headers_keep_everything_between_from_waiting(client):
    headers = chat(client, stream=True).headers
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-request-id"]


def test_what_fails_before_the_first_step_has_a_status(client):
    """As if nothing had been streamed."""
    assert_problem(chat(client, stream=True, session_id="nowhere", retry_of="x"), 404)
    assert_problem(chat(client, stream=True, message=" "), 422, "empty")
    assert_problem(chat(client, stream=True, message="x" * 4001), 422, "too long")
    assert_problem(chat(client, stream=True, message="explode"), 500, "request_id")
    session = chat(client).json()["session_id"]
    assert_problem(chat(client, stream=True, session_id=session, user_id="bob"), 404, session)


def test_what_fails_on_the_way_is_an_event(client, parley):
    """The last one; what was inside a surprise stays there."""

    def broken():
        raise RuntimeError("a secret of the inside")

    parley.between = broken
    events = streamed(client)

    assert [name for name, _ in events] == ["intent", "recommendations", "error"]
    problem = events[-1][1]
    assert problem["status"] == 500
    assert problem["type"] == "urn:parley:problem:internal-server-error"
    assert problem["request_id"]
    assert "secret" not in str(events)


def test_a_full_disk_is_named(client, parley):
    """On the way by an event, before it by a status; a database that is away says when to come back."""

    def full():
        raise StorageFull("disk I/O error")

    parley.between = full
    name, problem = streamed(client)[-1]
    assert (name, problem["status"]) == ("error", 507)
    assert problem["type"] == "urn:parley:problem:storage-full"
    assert "no space left" in problem["detail"]
    assert_problem(chat(client), 507, "no space left")

    def away():
        raise StorageUnavailable("connection refused")

    parley.between = away
    assert_problem(chat(client), 503, "try again")
    assert int(chat(client).headers["retry-after"]) > 0


def test_a_turn_is_answered_anew(client, parley):
    """The latest one of its session; it is replaced."""
    first = chat(client).json()
    again = streamed(client, session_id=first["session_id"], retry_of=first["turn_id"])[-1][1]

    turns = client.get(f"/sessions/{first['session_id']}", params={"user_id": "ann"}).json()["turns"]
    assert [one["turn_id"] for one in turns] == [again["turn_id"]]
    assert parley.calls[-1]["retry_of"] == first["turn_id"]


def test_streamed_turns_are_counted(client):
    streamed(client)
    streamed(client, message="fall back")
    counted = client.get("/metrics").text
    assert 'parley_turns_total{variant="full"} 2.0' in counted
    assert "parley_fallbacks_total 1.0" in counted


def test_each_sentence_comes_when_it_is_there(server, parley):
    """Not when all of them are."""
    gate = threading.Semaphore(0)
    parley.between = lambda: gate.acquire(timeout=20)
    connection, file = start_stream(server)
    with connection, file:
        read_until(file, b"event: recommendations")
        for _ in range(4):
            gate.release()
            read_until(file, b"event: text")
        read_until(file, b"event: done")


def test_a_client_that_leaves_stops_the_turn(server, parley):
    """Within a second; what had been said by then is what is kept, and counted."""
    gate = threading.Semaphore(1)
    asked = threading.Event()

    def wait():
        if not gate.acquire(timeout=0.05):
            asked.wait(20)

    parley.between = wait
    connection, file = start_stream(server)
    with file:
        read_until(file, b"event: text")
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    time.sleep(0.5)  # the server notices
    asked.set()
    deadline = time.monotonic() + 5
    while not (turns := parley.held["session1"]["turns"]) and time.monotonic() < deadline:
        time.sleep(0.02)

    assert turns[0].stopped
    assert turns[0].reply == "You said: something calm"
    held = httpx.get(f"http://127.0.0.1:{server[1]}/sessions/session1", params={"user_id": "ann"}).json()
    assert held["turns"][0]["payload"]["stopped"] is True
    assert "parley_turns_total" in httpx.get(f"http://127.0.0.1:{server[1]}/metrics").text


def test_a_quiet_stream_is_kept_open(server, parley, monkeypatch):
    """By comments, which no client shows."""
    monkeypatch.setattr(streaming, "QUIET_SECONDS", 0.05)
    gate = threading.Event()
    parley.between = lambda: gate.wait(20)
    connection, file = start_stream(server)
    with connection, file:
        for _ in range(3):
            read_until(file, b": waiting")
        gate.set()
        read_until(file, b"event: done")


def test_there_is_room_for_so_many_turns(server, parley):
    """One more is asked to come back; other requests go on; then there is room again."""
    gate = threading.Event()
    parley.between = lambda: gate.wait(20)
    most = parley.settings.server.max_turns
    streams = [start_stream(server) for _ in range(most)]
    read_until(streams[0][1], b"event: intent")
    url = f"http://127.0.0.1:{server[1]}"
    for _ in range(30):  # the others wait and say nothing yet; whoever is answered now came after them
        httpx.get(f"{url}/health/live")
    body = {"user_id": "bob", "message": "hello"}

    for stream in (False, True):
        refused = httpx.post(f"{url}/chat", json=body | {"stream": stream})
        assert refused.status_code == 503
        assert refused.json()["type"] == "urn:parley:problem:busy"
        assert int(refused.headers["retry-after"]) > 0
    event = {"user_id": "bob", "item_id": "lamp", "action": "like"}
    assert httpx.post(f"{url}/feedback", json=event).status_code == 201
    gate.set()
    for connection, file in streams:
        read_until(file, b"event: done")
        file.close()
        connection.close()
    assert httpx.post(f"{url}/chat", json=body).status_code == 200
