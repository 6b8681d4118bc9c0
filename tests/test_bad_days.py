"""Real servers with a catalogue that nobody would wish for, on days when something under them fails."""

import json
import shutil
from contextlib import ExitStack

import pytest
import yaml

from benchmarks.serving import Server, parley
from benchmarks.shared import ChromaServer, variables
from tests import homes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

TITLES = {
    "script": "<script>alert('gotcha')</script>",
    "image": "<img src=x onerror=alert(1)> & </div></body>",
    "markdown": "**Bold** _and_ [a link](javascript:alert(1)) `code` # heading | table",
    "long": "A very long title " + "that goes on and on " * 14 + "to the end",
    "template": "{{ value }} ${1+1} %(name)s {0} $HOME `id`",
    "placeholder": "[TITLE] [GENRE] [LIKED] <|endoftext|> </s>",
    "quotes": '\'; DROP TABLE items; -- "quoted" \\ back\\slash',
    "turned": "\u202eereht thgir\u202c \u200bzero\u200bwidth",
    "owl": "猫头鹰 🦉 الأمير الصغير",
    "marks": "???!…",
    "number": "300",
    "lines": "One line\nand another\tand a tab",
    "bare": "An item without a description",
    "yes": "Yes",
}
DESCRIPTION = "A quiet drama about <b>two</b> neighbours & a **dog**. {{ value }}"
CONFIG = {
    "data": {"items": "items.jsonl"},
    "catalogue": {
        "name": "nasty",
        "noun": "thing",
        "nouns": "things",
        "fields": {"genres": {"type": "list"}, "year": {"type": "int"}},
    },
}
MESSAGES = (
    "a drama, please",
    "<script>alert(1)</script> a drama",
    "**a** [drama](javascript:alert(1))",
    "{{ value }} ${1+1} drama",
    "a drama like '; DROP TABLE items; --",
    "Yes",
    "300",
    "???",
    "🦉",
    "x" * 3_900,
)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """The catalogue of such items, and a configuration of it."""
    folder = tmp_path_factory.mktemp("nasty")
    rows = [
        {
            "item_id": name,
            "title": title,
            "description": "" if name == "bare" else DESCRIPTION * (200 if name == "lines" else 1),
            "genres": ["drama", f"<i>{name}</i>"],
            "year": 1950 + place,
        }
        for place, (name, title) in enumerate(TITLES.items())
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "items.jsonl").write_text(text, encoding="utf-8")
    (folder / "nasty.yaml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    return folder / "nasty.yaml"


@pytest.fixture(scope="module")
def embedded(config):
    """A server whose state is on a small disk of its own."""
    with homes.mounted(48) as disk, ExitStack() as after:
        server = Server(config, disk.folder / "state")
        after.callback(server.stop)
        server.start("demo")
        server.disk = disk
        yield server


@pytest.fixture(scope="module")
def shared(config, tmp_path_factory):
    """A server on a PostgreSQL and a Chroma server that can be taken away from it."""
    homes.require_postgres()
    folder = tmp_path_factory.mktemp("shared")
    with homes.schema() as url, homes.gate_to_postgres() as gate, ExitStack() as after:
        chroma = ChromaServer(folder / "chroma")
        after.callback(chroma.kill)
        chroma.start()
        server = Server(config, folder / "state", variables(homes.through(gate, url), chroma.url))
        after.callback(server.stop)
        server.start("demo")
        server.gate, server.chroma = gate, chroma
        yield server


@pytest.fixture(params=homes.KINDS)
def served(request):
    return request.getfixturevalue(request.param)


def answers(server):
    """What is near each item: lists in which only the vectors have a say."""
    asked = [f"/items/{name}/similar?k=8" for name in TITLES]
    found = (server.client.get(path).raise_for_status().json() for path in asked)
    return [[one["item_id"] for one in answer["recommendations"]] for answer in found]


def feedback(server, key, **changes):
    body = {"user_id": "steady", "item_id": "owl", "action": "click"} | changes
    return server.client.post("/feedback", json=body, headers={"Idempotency-Key": key})


def chat(server, user="steady", **more):
    return server.client.post("/chat", json={"user_id": user, "message": "a drama, please", **more})


def held(server, user="steady"):
    """The events of the person, and their turns by session."""
    kept = server.client.get(f"/users/{user}").raise_for_status().json()
    turns = {one["session_id"]: [turn["turn_id"] for turn in one["turns"]] for one in kept["sessions"]}
    return [event["event_id"] for event in kept["events"]], turns


def assert_problem(response, status, words):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert words in response.json()["detail"]
    assert "\n" not in response.json()["detail"]


def test_whatever_a_title_holds_comes_back_as_it_was(served):
    """As data: in lists, beside reasons, alone."""
    listed = {one["item_id"]: one["title"] for one in chat(served, "reader", k=50).json()["recommendations"]}
    assert listed == TITLES

    for name, title in TITLES.items():
        item = served.client.get(f"/items/{name}").json()
        assert item["title"] == title
        assert item["description"].startswith(DESCRIPTION) or name == "bare"


@pytest.mark.parametrize("message", MESSAGES, ids=[message[:20] for message in MESSAGES])
def test_whatever_a_message_holds_is_answered(served, message):
    """And stands in the transcript as it was said."""
    answer = served.ask("writer", message)

    assert answer["reply"].strip()
    path = f"/sessions/{answer['session_id']}"
    [turn] = served.client.get(path, params={"user_id": "writer"}).json()["turns"]
    assert turn["message"] == message
    assert turn["reply"] == answer["reply"]


def test_every_item_can_be_liked_and_named(served):
    """By its id, and by its title in a message."""
    for name, title in TITLES.items():
        assert feedback(served, f"like-{name}", user_id="fan", item_id=name, action="like").status_code == 201
        assert served.ask("fan", f"I liked {title}".replace("\0", " "))["reply"].strip()
    assert len(held(served, "fan")[0]) >= len(TITLES)
    assert "Traceback" not in served.output()


def test_a_full_disk_is_said_and_nothing_is_half_written(embedded):
    """What was acknowledged stays, the turn that failed left nothing, and with room it works again."""
    session = chat(embedded).raise_for_status().json()["session_id"]
    before = held(embedded)
    embedded.disk.fill()
    kept = []
    for number in range(2_000):
        answer = feedback(embedded, f"full-{number}")
        if answer.status_code != 201:
            break
        kept.append(answer.json()["event_id"])

    assert_problem(answer, 507, "no space left")
    assert_problem(chat(embedded, session_id=session), 507, "no space left")
    assert_problem(chat(embedded), 507, "no space left")
    assert held(embedded) == ([*before[0], *kept], before[1])

    embedded.disk.free()
    assert feedback(embedded, f"full-{number}").status_code == 201
    turn = chat(embedded, session_id=session).raise_for_status().json()["turn_id"]
    events, turns = held(embedded)
    assert len(events) == len(set(events)) == len(before[0]) + len(kept) + 1
    assert turns == before[1] | {session: [*before[1][session], turn]}


def test_vectors_lost_while_serving_are_made_again_at_the_next_start(embedded):
    """Until then, and after it, the answers are the same."""
    before = answers(embedded)

    shutil.rmtree(embedded.state_dir / "chroma")
    assert answers(embedded) == before
    assert chat(embedded).status_code == 200
    embedded.stop()
    embedded.start()

    assert (embedded.state_dir / "chroma" / "chroma.sqlite3").exists()
    assert answers(embedded) == before


@pytest.mark.parametrize("harm", ["cut", "zeroed"])
def test_vectors_damaged_between_two_starts_are_made_again(embedded, harm):
    """Every file of Chroma's at once; each alone is tried in tests/retrieval/test_vectors.py."""
    before = answers(embedded)
    embedded.stop()
    for file in (embedded.state_dir / "chroma").rglob("*"):
        if file.is_file():
            size = file.stat().st_size
            file.write_bytes(file.read_bytes()[: size // 2] if harm == "cut" else bytes(size))

    embedded.start()

    assert answers(embedded) == before


def test_a_postgres_that_goes_away_and_comes_back(shared):
    """Its absence is said; nothing has to be started again; what was acknowledged is there once."""
    session = chat(shared).raise_for_status().json()["session_id"]
    first = feedback(shared, "before").json()["event_id"]
    before, pid = held(shared), shared.pid

    shared.gate.down()
    for _ in range(2):
        assert_problem(chat(shared, session_id=session), 503, "try again")
        assert_problem(feedback(shared, "during"), 503, "try again")
        assert_problem(shared.client.get("/users/steady"), 503, "try again")
    assert shared.client.get("/health/live").status_code == 200
    shared.gate.up()

    assert held(shared) == before
    assert feedback(shared, "before").json()["event_id"] == first
    assert feedback(shared, "during").status_code == 201
    assert chat(shared, session_id=session).status_code == 200
    assert shared.pid == pid


def test_turns_go_on_without_the_chroma_server(shared):
    """And with it again."""
    before = answers(shared)

    shared.chroma.kill()
    assert answers(shared) == before
    assert chat(shared).status_code == 200
    shared.chroma.start()

    assert answers(shared) == before


@pytest.mark.parametrize("missing", ["PARLEY_STORAGE__URL", "PARLEY_VECTORS_URL"])
def test_a_server_that_is_not_there_at_the_start_is_said_in_one_line(missing, config, tmp_path):
    """With the name of the setting, without the password, and with a status that is not zero."""
    homes.require_postgres()
    with homes.schema() as storage_url:
        gone = f"postgresql+psycopg://parley:secret@127.0.0.1:{homes.free_port()}/parley"
        urls = {
            "PARLEY_STORAGE__URL": gone if missing == "PARLEY_STORAGE__URL" else storage_url,
            "PARLEY_VECTORS_URL": f"http://parley:secret@127.0.0.1:{homes.free_port()}",
        }
        ended = parley("serve", "--config", str(config), "--port", "0", state_dir=tmp_path, extra=urls)

    assert ended.returncode != 0
    said = [line for line in (ended.stdout + ended.stderr).splitlines() if line.startswith("parley:")]
    assert len(said) == 1
    assert missing in said[0]
    assert "secret" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
