"""REST on the real server: a stream and its end, who owns what, the same events through every door."""

import http.client
import json
import threading
import time
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CALM = "a calm drama from the 1980s"
SAME = ("item_id", "action", "value")
"""Of an event, whichever door it came through."""


class Stream:
    """A streamed turn, read event by event from a connection that can be closed at any time."""

    def __init__(self, server, user_id, message, **more):
        self._connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=120)
        body = {"user_id": user_id, "message": message, "stream": True, **more}
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/chat", json.dumps(body), headers)
        self.response = self._connection.getresponse()

    def event(self):
        """The next (name, data); None at the end."""
        lines = []
        while line := self.response.readline().decode():
            if line == "\n" and lines:
                name, data = lines
                return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))
            if line != "\n" and not line.startswith(":"):
                lines.append(line.removesuffix("\n"))
        return None

    def events(self):
        return list(iter(self.event, None))

    def leave(self):
        self.response.close()
        self._connection.close()


def session_of(server, user_id, session_id):
    held = server.client.get(f"/sessions/{session_id}", params={"user_id": user_id})
    held.raise_for_status()
    return held.json()


def events_of(server, user_id):
    return server.client.get(f"/users/{user_id}").raise_for_status().json()["events"]


def recommended(server, user_id, k=100):
    found = server.client.get("/recommendations", params={"user_id": user_id, "k": k}).raise_for_status()
    return [one["item_id"] for one in found.json()["recommendations"]]


def test_a_stream_tells_the_turn_that_is_kept(films):
    """The sentences are those of the answer; the end is what is in the transcript."""
    stream = Stream(films, "streamer", CALM, k=3)
    events = stream.events()
    names = [name for name, _ in events]

    assert names[:2] == ["intent", "recommendations"]
    assert set(names[2:-1]) == {"text"}
    assert names[-1] == "done"
    intent, listed, done = events[0][1], events[1][1], events[-1][1]
    said = [data for name, data in events if name == "text"]
    assert all(one["text"] in done["reply"] for one in said)
    explained = {one["item_id"]: one["text"] for one in said if one["item_id"]}
    assert explained == {one["item_id"]: one["explanation"] for one in done["recommendations"]}
    assert [one["item_id"] for one in listed["recommendations"]] == list(explained)
    assert intent["intent"] == done["intent"]
    kept = session_of(films, "streamer", done["session_id"])["turns"][-1]
    assert (kept["turn_id"], kept["reply"]) == (done["turn_id"], done["reply"])
    assert kept["payload"]["stopped"] is False


def test_whoever_leaves_stops_the_writing(films):
    """The turn is kept, cut short; the conversation can go on."""
    whole = films.ask("patient", CALM, k=60)
    stream = Stream(films, "leaver", CALM, k=60)
    opened = stream.event()[1]
    assert stream.event()[0] == "recommendations"
    stream.leave()
    deadline = time.monotonic() + 60
    while not (turns := _turns(films, "leaver", opened["session_id"])) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert [turn["turn_id"] for turn in turns] == [opened["turn_id"]]
    assert turns[0]["payload"]["stopped"] is True
    assert whole["stopped"] is False
    assert len(turns[0]["reply"]) < len(whole["reply"])
    assert films.ask("leaver", "more, please", session_id=opened["session_id"])["recommendations"]


def _turns(server, user_id, session_id):
    held = server.client.get(f"/sessions/{session_id}", params={"user_id": user_id})
    return held.json()["turns"] if held.status_code == 200 else []


def test_many_streams_at_once_are_all_told_to_the_end(films):
    """Sixteen people, each with their own turn."""
    ends = {}

    def run(user):
        ends[user] = Stream(films, user, CALM, k=2).events()[-1]

    threads = [threading.Thread(target=run, args=(f"crowd-{place}",)) for place in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [name for name, _ in ends.values()] == ["done"] * 16
    assert len({done["session_id"] for _, done in ends.values()}) == 16


def test_a_turn_is_answered_anew(films):
    """In the place of the latest one, which is gone; an earlier one cannot be."""
    first = films.ask("again", CALM, k=2)
    more = {"session_id": first["session_id"], "k": 2}
    second = films.ask("again", "only comedies", **more)
    anew = films.ask("again", "only comedies", retry_of=second["turn_id"], **more)

    turns = session_of(films, "again", first["session_id"])["turns"]
    assert [turn["message"] for turn in turns] == [CALM, "only comedies"]
    assert turns[-1]["reply"] == anew["reply"]
    body = {"user_id": "again", "message": CALM, "retry_of": first["turn_id"], **more}
    assert films.client.post("/chat", json=body).status_code == 404


def test_another_users_things_do_not_exist(films):
    """Sessions, turns and beliefs, whatever is asked of them."""
    mine = films.ask("owner", CALM, k=2)
    session, turn = mine["session_id"], mine["turn_id"]
    thief = {"user_id": "thief"}
    event = thief | {"item_id": mine["recommendations"][0]["item_id"], "action": "like"}
    films.client.post("/feedback", json=event | {"user_id": "owner"}).raise_for_status()
    (belief,) = films.client.get("/users/owner/beliefs").json()["beliefs"][:1]
    answers = [
        films.client.get(f"/sessions/{session}", params=thief),
        films.client.patch(f"/sessions/{session}", json=thief | {"title": "mine now"}),
        films.client.delete(f"/sessions/{session}", params=thief),
        films.client.post("/chat", json=thief | {"message": "hello", "session_id": session}),
        films.client.post("/chat", json=thief | {"message": "hello", "session_id": session, "stream": True}),
        films.client.post(
            "/chat", json=thief | {"message": "hello", "session_id": session, "retry_of": turn}
        ),
        films.client.post("/feedback", json=event | {"session_id": session}),
        films.client.post("/feedback", json=event | {"turn_id": turn}),
        films.client.delete(f"/users/thief/beliefs/{belief['key']}"),
    ]

    assert [one.status_code for one in answers] == [404] * len(answers)
    assert {one.headers["content-type"] for one in answers} == {"application/problem+json"}
    assert events_of(films, "thief") == []
    assert session_of(films, "owner", session)["title"] != "mine now"


@pytest.mark.parametrize(
    ("word", "action"), [("I love the first one", "like"), ("I have seen the first one already", "seen")]
)
def test_a_word_and_the_api_give_the_same_events(films, word, action):
    """The item and what was done to it; taken back, both leave no trace in what is recommended.

    That a button of the page gives it, too, is tested in the browser.
    """
    by_word, by_api = f"word-{action}", f"api-{action}"
    asked = {user: films.ask(user, CALM, k=3) for user in (by_word, by_api)}
    first = asked[by_word]["recommendations"][0]["item_id"]
    assert asked[by_api]["recommendations"][0]["item_id"] == first
    before = recommended(films, by_word)
    assert first in before
    said = films.ask(by_word, word, session_id=asked[by_word]["session_id"])["events"]
    assert (first, action) in [(one["item_id"], one["action"]) for one in said]
    where = {key: asked[by_api][key] for key in ("session_id", "turn_id")}
    for one in said:  # a word may tell two things: what is loved has been seen
        body = {"user_id": by_api, "item_id": one["item_id"], "action": one["action"]}
        films.client.post("/feedback", json=body | where).raise_for_status()
    held = {user: events_of(films, user) for user in (by_word, by_api)}
    told, sent = ([{key: one[key] for key in SAME} for one in held[user]] for user in (by_word, by_api))
    after = recommended(films, by_word)

    assert told == sent
    assert [one["event_id"] for one in held[by_word]] == [one["event_id"] for one in said]
    assert (_stances(films, by_word), first in after) == (_stances(films, by_api), False)
    assert recommended(films, by_api) == after
    for user in (by_word, by_api):
        for one in held[user]:
            assert films.client.delete(f"/feedback/{one['event_id']}").status_code == 200
        assert events_of(films, user) == []
        assert recommended(films, user) == before


def _stances(server, user_id):
    beliefs = server.client.get(f"/users/{user_id}/beliefs").raise_for_status().json()["beliefs"]
    return sorted((one["stance"], one["item_id"]) for one in beliefs)


def test_a_profile_is_obeyed_by_the_next_answer(films):
    """A hidden item is not shown, in a list or in a talk; shown again when it is taken from the list."""
    first = films.ask("hider", CALM, k=1)["recommendations"][0]["item_id"]
    profile = {"tastes": {"likes": [], "dislikes": []}, "hidden": [first], "consent": "personalise"}
    films.client.put("/users/hider/profile", json=profile).raise_for_status()

    assert first not in [one["item_id"] for one in films.ask("hider", CALM, k=20)["recommendations"]]
    assert first not in recommended(films, "hider")
    films.client.put("/users/hider/profile", json=profile | {"hidden": []}).raise_for_status()
    assert first in [one["item_id"] for one in films.ask("hider", CALM, k=20)["recommendations"]]


def test_history_of_elsewhere_begins_a_session(films):
    """Both roles, in their order, before the first turn; two hundred of them at most."""
    history = [
        {"role": role, "text": f"{role} {place}"} for place in range(100) for role in ("user", "assistant")
    ]
    answer = films.ask("mover", "a western, please", history=history)
    turns = session_of(films, "mover", answer["session_id"])["turns"]
    said = [turn[side] for turn in turns for side in ("message", "reply") if turn[side]]

    assert said == [*(one["text"] for one in history), "a western, please", answer["reply"]]
    assert [turn["payload"]["imported"] for turn in turns] == [True] * (len(turns) - 1) + [False]
    assert films.ask("mover", "hello", history=[])["reply"]
    body = {"user_id": "mover", "message": "hello", "history": [*history, history[0]]}
    assert films.client.post("/chat", json=body).status_code == 422
    body = {"user_id": "mover", "message": "hello", "history": history, "session_id": answer["session_id"]}
    assert films.client.post("/chat", json=body).status_code == 422


def test_items_like_one_are_close_to_it(films):
    """The item itself is not among them; each says what it is close to."""
    found = films.client.get("/items/alien-1979/similar", params={"k": 5}).raise_for_status().json()
    ids = [one["item_id"] for one in found["recommendations"]]

    assert len(ids) == 5
    assert "alien-1979" not in ids
    for one in found["recommendations"]:
        assert one["evidence"] == [{"field": "similar_to", "value": "alien-1979"}]
    assert films.client.get("/items/no-such-film/similar").status_code == 404
