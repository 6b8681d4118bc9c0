"""The command line: what works, and the one line when it does not."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

import bot.cli
from bot.listening import listen
from bot.prepare import Preparation
from retrieval.items import ItemRow
from tests.bot.fakes import FixedParley

ITEMS = """item_id,title,description,year
lamp,The Lantern Keeper,A lighthouse and its last keeper.,1984
crumb,Crumbs,Two bakers fall out over a recipe.,1999
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.delenv("PARLEY_DATA_DIR", raising=False)
    monkeypatch.setenv("PARLEY_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    path = tmp_path / "parley.yaml"
    path.write_text("data: {items: items.csv}\ncatalogue: {fields: {year: {type: int}}}", encoding="utf-8")
    return path


@pytest.fixture
def fixed(monkeypatch, tmp_path):
    """Commands that open the service get a fixed one."""
    parley = FixedParley(tmp_path)
    monkeypatch.setattr(bot.cli, "_bring_in_missing", lambda settings: None)
    monkeypatch.setattr(bot.cli, "_open", lambda settings, tell=None: parley)
    return parley


def run(*arguments, **more):
    return CliRunner().invoke(bot.cli.app, list(map(str, arguments)), **more)


def assert_refused(result, *words):
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("parley: ")
    assert "Traceback" not in result.output
    for word in words:
        assert word in line


def test_help_is_quick_because_nothing_heavy_is_imported():
    heavy = ["torch", "numpy", "gradio", "fastapi", "chromadb"]
    code = f"import bot.cli, sys; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_every_verb_is_there():
    shown = run("--help").stdout
    for verb in ("init", "demo", "ingest", "train", "serve", "chat", "understand", "evaluate", "doctor"):
        assert verb in shown


def test_ingesting_twice_changes_nothing(config, tmp_path):
    """Six rows made by hand, aliases among them."""
    events = tmp_path / "events.csv"
    rows = [
        "ann,lamp,browse",
        "ann,lamp,click",
        "bob,crumb,购买",
        "bob,lamp,like",
        "cy,crumb,view",
        "cy,owl,like",
    ]
    events.write_text("user_id,item_id,action\n" + "\n".join(rows) + "\n", encoding="utf-8")

    first = run("ingest", "--config", config, "--events", events)
    again = run("ingest", "--config", config, "--events", events)

    assert first.exit_code == again.exit_code == 0, first.output
    assert "6 added" in first.stdout
    assert "0 added" in again.stdout
    assert "6 known" in again.stdout


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("dup.csv", "item_id,title\nx,A\n", "description"),
        ("bad.parquet", "no parquet", "bad.parquet"),
        ("bad.jsonl", "{broken", "bad.jsonl"),
        ("empty.csv", "item_id,title,description\n", "empty.csv"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_one_line(config, tmp_path, name, content, words):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert_refused(run("ingest", "--config", config, "--items", path), words)


def test_a_missing_file_is_one_line(config, tmp_path):
    assert_refused(run("ingest", "--config", config, "--items", tmp_path / "absent.csv"), "absent.csv")
    assert_refused(run("serve", "--config", tmp_path / "absent.yaml"), "absent.yaml")
    missing = run("understand", "--config", config, "--input", tmp_path / "absent.jsonl", "--output", "x")
    assert_refused(missing, "absent.jsonl")


def test_a_config_with_an_unknown_key_is_one_line(tmp_path):
    path = tmp_path / "typo.yaml"
    path.write_text("sever: {}", encoding="utf-8")
    for verb in ("demo", "serve", "train", "chat"):
        assert_refused(run(verb, "--config", path), "'sever'", "typo.yaml")


def test_a_port_in_use_is_one_line_before_anything_loads(config):
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        assert_refused(run("serve", "--config", config, "--port", port), str(port), "in use")


def test_a_host_that_is_not_ours_is_one_line(config):
    assert_refused(run("serve", "--config", config, "--port", 0, "--host", "192.0.2.1"), "192.0.2.1")


def test_a_state_folder_that_is_a_file_is_one_line(config, tmp_path):
    (tmp_path / "state").write_text("in the way")
    assert_refused(run("train", "--config", config), "state_dir")


def test_serving_builds_the_page_and_closes_after(config, fixed, monkeypatch):
    """The server is found by name, and gets the socket that was taken first."""
    served, steps = [], []

    def serve(opening, bound, ready):
        opened = opening(steps.append)
        served.append((opened.app, bound))
        opened.close()

    monkeypatch.setattr("bot.listening.serve", serve)

    result = run("serve", "--config", config, "--port", 0)

    assert result.exit_code == 0, result.output
    app, bound = served[0]
    assert isinstance(bound, socket.socket)
    assert "/chat" in {getattr(route, "path", "") for route in app.routes} or app.openapi()["paths"]["/chat"]
    assert steps == ["page"]
    assert fixed.closed


def talk(config, *lines):
    result = run("chat", "--config", config, input="".join(f"{line}\n" for line in lines))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_talk_in_the_terminal(config, fixed):
    """Markup in what is said or in a title is text; empty lines say nothing; a pipe sees no prompt."""
    shown = talk(config, "something [calm]", "", "more [/bold]")
    assert "You said: something [calm]" in shown
    assert "You said: more [/bold]" in shown
    assert "1. The Lantern Keeper" in shown
    assert "2. Crumbs <b>& Co</b> {{value}} ${1+1}" in shown
    assert "1984 · drama" in shown or "year 1984 · drama" in shown
    assert "you>" not in shown
    assert len(fixed.calls) == 2


def test_reactions_in_the_terminal_are_events_and_can_be_taken_back(config, fixed):
    """They name the item of the last list by its number, and carry the turn that showed it."""
    shown = talk(
        config, "/like 1", "calm", "/like 1", "/dislike 3", "/undo", "/seen", "/like 9", "/undo", "/undo"
    )

    assert "There is no list yet" in shown
    assert "You like The Lantern Keeper. /undo takes it back." in shown
    assert "Taken back: You dislike 猫头鹰 🦉." in shown
    assert shown.count("Which one? Give a number from 1 to 3.") == 2
    assert "Taken back: You like The Lantern Keeper." in shown
    assert "There is nothing to take back." in shown
    assert fixed.events == []


def test_an_event_of_the_terminal_knows_its_turn(config, fixed):
    talk(config, "calm", "/seen 2")
    (event,) = fixed.events
    assert (event.item_id, event.action, event.turn_id) == ("crumb", "seen", "session1-turn1")


def test_the_reasons_of_an_item_are_shown(config, fixed):
    shown = talk(config, "calm", "/why 1")
    assert "1984" in shown.split("/why", 1)[-1]
    assert "meaning of your words" in shown
    assert "popularity" in shown


def test_conversations_are_listed_begun_and_gone_on_with(config, fixed):
    lines = [
        "first", "/new", "second", "/sessions", "/open 1", "third", "/open 7", "/help", "/nonsense", "/quit",
        "never",
    ]  # fmt: skip

    shown = talk(config, *lines)

    assert len(fixed.held["session1"]["turns"]) == 2
    assert "A new conversation." in shown
    assert "2. untitled" in shown
    assert "/open takes a number from 1 to 2" in shown
    assert "There is no command /nonsense" in shown
    assert "/why N" in shown
    assert "never" not in shown


@pytest.mark.parametrize("word", ["/quit", "quit", "Exit"])
def test_a_word_ends_a_talk(config, fixed, word):
    assert "never" not in talk(config, "calm", word, "never")


def test_an_error_in_a_talk_does_not_end_it(config, fixed):
    shown = talk(config, "x" * 5000, "calm")
    assert "the message is too long" in shown
    assert "You said: calm" in shown


def test_ctrl_c_stops_the_answer_and_not_the_program(config, fixed):
    """The first sentence stands, the rest is not written, and the next message is answered whole."""
    pressed = iter([False, True])
    fixed.between = lambda: os.kill(os.getpid(), signal.SIGINT) if next(pressed, False) else None

    shown = talk(config, "slow one", "quick one")

    assert shown.count("(stopped)") == 1
    assert shown.count("1. The Lantern Keeper") == 1
    assert "You said: quick one" in shown


def test_control_sequences_of_an_item_do_not_reach_the_terminal(config, fixed):
    item = fixed.catalogue.items[0]
    fixed.catalogue.items[0] = replace(item, title="Sly\x1b[2J\x07 One")
    assert "1. Sly[2J One" in talk(config, "calm")


def test_a_talk_brings_the_data_in_first(config, monkeypatch, tmp_path):
    """Someone who has only made a config may begin with `chat`."""
    prepared = []

    def opened(settings, *_):
        with Preparation(settings).engine.connect() as connection:
            prepared.append(connection.scalar(select(func.count()).select_from(ItemRow)))
        return FixedParley(tmp_path)

    monkeypatch.setattr(bot.cli, "_open", opened)
    talk(config, "calm")
    assert prepared == [2]


def test_a_talk_about_nothing_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PARLEY_STATE_DIR", str(tmp_path / "state"))
    path = tmp_path / "empty.yaml"
    path.write_text("catalogue: {noun: film}", encoding="utf-8")
    assert_refused(run("chat", "--config", path), "empty", "parley ingest")


def test_utterances_become_intents(config, fixed, tmp_path):
    said = [
        {
            "text": "a calm one",
            "history": [{"role": "user", "text": "hi"}],
            "shown": [{"item_id": "owl", "title": "O"}],
        },
        {"text": "来一部"},
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(map(json.dumps, said)) + "\n", encoding="utf-8")

    result = run("understand", "--config", config, "--input", source, "--output", target)

    assert result.exit_code == 0, result.output
    written = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [one["query"] for one in written] == ["a calm one", "来一部"]
    assert fixed.calls[0]["shown"] == [("owl", "O")]


def test_a_broken_utterance_is_named_by_line(config, fixed, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "fine"}\n{"texd": "typo"}\n', encoding="utf-8")
    assert_refused(
        run("understand", "--config", config, "--input", source, "--output", tmp_path / "o"), "line 2"
    )


def test_an_unknown_suite_is_one_line(config):
    assert_refused(run("evaluate", "nothing", "--config", config), "nothing")


def test_the_doctor_names_what_is_broken(config, tmp_path):
    """A config that cannot be read is the first finding and the last."""
    (tmp_path / "state").write_text("in the way")
    result = run("doctor", "--config", config)
    assert result.exit_code == 1
    assert "state_dir" in result.stdout
    assert run("doctor", "--config", tmp_path / "absent.yaml").exit_code == 1
