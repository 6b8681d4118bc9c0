"""Any LangChain chat model in the place of ours: checked in what it says, replaced where it fails."""

import json
import threading
import time

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableLambda
from pydantic import PrivateAttr

from bot.chat import AT_ONCE, ChatModel
from bot.configs import ModelConfig
from bot.errors import ModelError, ModelStopped, ModelTooSlow
from bot.instructing import SCHEMA
from bot.model import Ask
from bot.reply import Said
from bot.service import Parley
from bot.understanding import read
from tests.bot.scripted import REQUEST, reads, well


class Scripted(BaseChatModel):
    """Answers each prompt with what `say` makes of it."""

    model_name: str = "scripted-1"
    _say: object = PrivateAttr()

    def __init__(self, say):
        super().__init__()
        self._say = say

    @property
    def _llm_type(self):
        return "scripted"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        (message,) = messages
        assert message.type == "human"
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self._say(message.content)))])


class Structured(Scripted):
    """Says what it is asked to hold its answer to, and holds it to what `holds` gives."""

    holds: object = None

    def with_structured_output(self, schema, *, include_raw=False, **kwargs):
        assert schema == SCHEMA
        assert include_raw
        return RunnableLambda(lambda prompt: self.holds(prompt))


class Refused(Exception):
    status_code = 422


def chat_model(say, **config):
    return ChatModel(Scripted(say), ModelConfig(**config))


@pytest.fixture(scope="module")
def world(films):
    """Parley over the demo's films, with a chat model given by the program; and that model."""
    chat = Scripted(well)
    parley = Parley.open(films.settings, model=chat)
    yield parley, chat
    parley.close()


@pytest.fixture
def saying(world):
    """The same, saying what the test gives."""
    parley, chat = world

    def saying(say):
        chat._say = say
        return parley

    return saying


def test_a_chat_model_drops_into_a_turn(saying):
    """It reads and writes, its name is reported, and every sentence comes as it is ready."""
    parley, heard = saying(well), []

    turn = parley.chat("ada", "a thriller", k=3, tell=heard.append)

    assert turn.model.name == parley.health()["model"] == "scripted-1"
    assert not turn.model.fallback, turn.model.reason
    assert [one.item_id for one in heard if isinstance(one, Said) and one.item_id] == [
        one.item_id for one in turn.recommendations
    ]
    for one in turn.recommendations:
        assert "thriller" in parley.item(one.item_id).fields["genres"]
        assert one.explanation.startswith(f"You might like {one.title}")


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("I won my fight with <b>JSON</b>", "JSON"),
        ('{"spans": []}', "JSON"),
        (ValueError("secret"), "ValueError"),
        (Refused("secret"), "422"),
    ],
)
def test_a_model_that_fails_gives_a_plain_reply(saying, says, reason):
    """Found by the words alone; the reason names the model, and nothing of what a library said."""

    def fail(prompt):
        if isinstance(says, Exception):
            raise says
        return says

    turn = saying(fail).chat("ada", "a heist in space", k=3)

    assert turn.model.fallback
    assert reason in turn.model.reason
    assert "scripted-1" in turn.model.reason
    assert "secret" not in turn.model.reason
    assert len(turn.recommendations) == 3
    assert all(one.title in turn.reply for one in turn.recommendations)
    assert "<b>" not in turn.reply


@pytest.mark.parametrize(
    "sentence",
    [
        "It won eleven Oscars.",
        "[TITLE] is at http://evil.example/now and [WISH].",
        "[NOPE] [TITLE] [WISH]",
        "",
        "\ufffd [TITLE] [WISH] here it is",
    ],
)
def test_what_it_invents_is_not_shown(saying, sentence):
    """A plain sentence stands in."""
    turn = saying(lambda prompt: REQUEST if reads(prompt) else sentence).chat("ada", "a thriller", k=2)

    assert turn.model.fallback
    for word in ("Oscar", "evil", "NOPE", "\ufffd"):
        assert word not in turn.reply
    assert all(one.title in one.explanation for one in turn.recommendations)


def test_a_slow_model_is_not_waited_for(films):
    """Neither in reading nor in writing; the process is not held up by what still runs."""
    over = threading.Event()
    hurried = films.settings.model_copy(update={"model": ModelConfig(read_seconds=0.3, write_seconds=0.3)})
    parley = Parley.open(hurried, model=Scripted(lambda prompt: str(over.wait(60))))

    began = time.monotonic()
    turn = parley.chat("ada", "a thriller", k=3)
    took = time.monotonic() - began
    waiting = [thread for thread in threading.enumerate() if thread.name == "chat"]
    over.set()
    parley.close()

    assert turn.model.fallback
    assert "in time" in turn.model.reason
    assert len(turn.recommendations) == 3
    assert took < 10
    assert waiting
    assert all(thread.daemon for thread in waiting)


def test_drafts_are_asked_for_at_once_and_heard_as_they_come():
    """No more than so many at a time; each is told from the thread that asked, the quick ones first."""
    now, most, lock, here = 0, 0, threading.Lock(), threading.current_thread()

    def say(prompt):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.4 if prompt == "0" else 0.05)
        with lock:
            now -= 1
        return f"answer {prompt}"

    heard = []

    def finished(row, text, sureness):
        assert threading.current_thread() is here
        heard.append((row, text, sureness))

    prompts = [str(number) for number in range(4 * AT_ONCE)]
    result = chat_model(say).generate(prompts, ask=Ask(44, finished=finished))

    assert [one[0].text for one in result.generations] == [f"answer {number}" for number in prompts]
    assert sorted(row for row, _, _ in heard) == list(range(len(prompts)))
    assert heard[0][0] != 0
    assert most == AT_ONCE


def test_one_draft_that_fails_does_not_cost_the_others():
    """They are heard before the failure is told."""
    heard = []

    def say(prompt):
        if prompt == "1":
            raise Refused
        return prompt

    with pytest.raises(ModelError, match="422"):
        chat_model(say).generate(["0", "1", "2"], ask=Ask(44, finished=lambda row, *_: heard.append(row)))

    assert sorted(heard) == [0, 2]


def test_a_stopped_answer_asks_for_no_more():
    """What nobody waits for is not begun."""
    asked = []

    def say(prompt):
        asked.append(prompt)
        time.sleep(0.2)
        return prompt

    with pytest.raises(ModelStopped):
        chat_model(say).generate([str(n) for n in range(50)], ask=Ask(44, stopped=lambda: bool(asked)))
    time.sleep(0.5)

    assert len(asked) <= AT_ONCE


def test_a_deadline_that_is_over_is_kept():
    with pytest.raises(ModelTooSlow, match=r"scripted-1 .*model\.read_seconds"):
        chat_model(lambda _: time.sleep(5)).invoke("a", ask=Ask(1, deadline=time.monotonic() - 1))


def test_a_model_that_can_is_held_to_the_schema():
    """What it parsed is what was read."""
    chat = Structured(lambda _: pytest.fail("asked without"))
    chat.holds = lambda prompt: {"raw": AIMessage("-"), "parsed": json.loads(REQUEST), "parsing_error": None}

    reading = read(ChatModel(chat, ModelConfig()), [], "a thriller")

    assert [span.text for span in reading.spans] == ["a thriller", "thriller"]


def test_a_schema_that_was_not_kept_to_leaves_the_words():
    """Some servers take the wish for a schema and answer as they like."""
    chat = Structured(lambda _: pytest.fail("asked without"))
    chat.holds = lambda prompt: {"raw": AIMessage(f"Here: {REQUEST}"), "parsed": None, "parsing_error": None}

    assert read(ChatModel(chat, ModelConfig()), [], "a thriller").acts == ("request",)


def test_a_schema_that_is_refused_is_asked_for_once():
    """From then on the prompt alone asks for JSON."""
    tried = []

    def refuse(prompt):
        tried.append(prompt)
        raise Refused

    chat = Structured(lambda _: REQUEST)
    chat.holds = refuse
    model = ChatModel(chat, ModelConfig())

    for _ in range(3):
        assert read(model, [], "a thriller").acts == ("request",)
    assert len(tried) == 1


def test_another_failure_is_not_taken_for_a_refusal_of_the_schema():
    """A key that is not taken is not sent again."""

    class Unknown(Exception):
        status_code = 401

    def fail(prompt):
        raise Unknown

    chat = Structured(lambda _: pytest.fail("asked again"))
    chat.holds = fail
    with pytest.raises(ModelError, match="401"):
        read(ChatModel(chat, ModelConfig()), [], "a thriller")


def test_it_is_an_llm_of_langchain_too():
    """`invoke`, `batch`, `stop` and its callers' chains work."""
    model = chat_model(lambda prompt: f"<think>a\nb</think> {prompt}!")

    assert model.batch(["a", "b"]) == ["a!", "b!"]
    assert (model | str.upper).invoke("c") == "C!"
    assert repr(model).count("scripted-1") == 1
