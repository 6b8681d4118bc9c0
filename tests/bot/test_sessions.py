"""Conversations at rest."""

import dataclasses

import pytest

from bot.errors import UnknownSession, UnknownTurn
from bot.intent import Intent
from bot.layout import Message
from bot.reply import Evidence, ModelReport, Recommendation, Turn
from bot.sessions import HISTORY, Opened, Sessions
from bot.state import DialogueState, Wish
from ranking.rank import Scores
from storage.engine import writing

STATE = DialogueState(wishes=(Wish("tense films"),), shown=("heat",))
HEAT = Recommendation("heat", "Heat", 1, "Tense.", (Evidence("year", 1995),), Scores(0.1, 0.0, 0.0, 0.0, 0.1))


@pytest.fixture
def sessions(engine):
    return Sessions(engine)


def log(sessions, opened=None, turn="t1", message="hello", user="ada", state=STATE, redo=lambda state: state):
    """One turn in the session `opened`; a new one, s1, when not given."""
    opened = opened or Opened("s1")
    said = Turn(
        opened.session_id, turn, f"re: {message}", Intent(("request",)), (HEAT,), (), "default",
        ModelReport("fixed"), {},
    )  # fmt: skip
    with writing(sessions.engine) as connection:
        sessions.log(connection, opened, said, user_id=user, message=message, state=state, redo=redo)
    return opened


def again(sessions, number, **more):
    """One more turn in s1."""
    log(sessions, sessions.load("s1", "ada"), f"t{number}", f"message {number}", **more)


def delete(sessions, session_id, user):
    with writing(sessions.engine) as connection:
        sessions.delete(session_id, user, connection)


def messages(sessions):
    return [turn["message"] for turn in sessions.transcript("s1", "ada")["turns"]]


def test_a_session_comes_back_with_its_state_and_words(sessions):
    """As the turn left it."""
    log(sessions)
    found = sessions.load("s1", "ada")

    assert found.state == STATE
    assert found.history == (Message("user", "hello"), Message("assistant", "re: hello"))
    assert found.position == 1


def test_only_the_latest_words_come_back(sessions):
    """Oldest first among them."""
    log(sessions)
    for number in range(2, 8):
        again(sessions, number)

    history = sessions.load("s1", "ada").history

    assert len(history) == HISTORY
    assert history[-1].text == "re: message 7"


def test_the_latest_turn_can_be_answered_anew(sessions):
    """From the state before it; it is replaced, with its impressions."""
    log(sessions)
    again(sessions, 2, state=dataclasses.replace(STATE, shown=("alien",)))

    opened = sessions.load("s1", "ada", retry_of="t2")
    log(sessions, opened, "t3", "message 2")

    assert opened.state == STATE
    assert [message.text for message in opened.history] == ["hello", "re: hello"]
    assert messages(sessions) == ["hello", "message 2"]
    assert [one["turn_id"] for one in sessions.impressions("ada")] == ["t1", "t3"]
    assert sessions.load("s1", "ada", retry_of="t3").state == STATE


@pytest.mark.parametrize("turn", ["t1", "t9"])
def test_no_other_turn_can(sessions, turn):
    """Neither an earlier one nor one that never was."""
    log(sessions)
    again(sessions, 2)

    with pytest.raises(UnknownTurn):
        sessions.load("s1", "ada", retry_of=turn)


def test_two_tabs_on_one_session_lose_nothing(sessions):
    """The second to be written adds its share to what the first left, and both are in the transcript."""
    log(sessions)
    one, other = sessions.load("s1", "ada"), sessions.load("s1", "ada")

    def excluding(item):
        return lambda state: dataclasses.replace(state, excluded=(*state.excluded, item))

    log(sessions, one, "t2", "not Heat", state=excluding("heat")(STATE), redo=excluding("heat"))
    log(sessions, other, "t3", "not Alien", state=excluding("alien")(STATE), redo=excluding("alien"))

    assert sessions.load("s1", "ada").state.excluded == ("heat", "alien")
    assert messages(sessions) == ["hello", "not Heat", "not Alien"]
    assert [turn["position"] for turn in sessions.transcript("s1", "ada")["turns"]] == [0, 1, 2]


def test_a_session_deleted_during_a_turn_does_not_come_back(sessions):
    """What was deleted stays so."""
    log(sessions)
    opened = sessions.load("s1", "ada")
    delete(sessions, "s1", "ada")

    with pytest.raises(UnknownSession):
        log(sessions, opened, "t2")
    assert sessions.of_user("ada") == []


def test_a_long_transcript_comes_in_pages(sessions):
    """The latest first, each page oldest first."""
    log(sessions)
    for number in range(2, 7):
        again(sessions, number)

    latest = sessions.transcript("s1", "ada", limit=2)
    earlier = sessions.transcript("s1", "ada", limit=3, before=latest["turns"][0]["position"])

    assert [turn["message"] for turn in latest["turns"]] == ["message 5", "message 6"]
    assert [turn["message"] for turn in earlier["turns"]] == ["message 2", "message 3", "message 4"]
    assert latest["turns_count"] == 6


def test_another_users_session_does_not_exist(sessions):
    """For no verb."""
    log(sessions)

    for verb in (sessions.load, sessions.transcript, lambda *ids: delete(sessions, *ids)):
        with pytest.raises(UnknownSession):
            verb("s1", "bob")
    with pytest.raises(UnknownSession):
        sessions.rename("s1", "bob", "mine")
    assert sessions.of_user("bob") == []


def test_a_session_is_named_by_its_first_message_until_renamed(sessions):
    """The title is short."""
    log(sessions, message="x" * 500)
    assert sessions.of_user("ada")[0]["title"] == "x" * 60

    sessions.rename("s1", "ada", "Evening")
    again(sessions, 2)

    assert [one["title"] for one in sessions.of_user("ada")] == ["Evening"]


def test_history_of_elsewhere_comes_before_the_first_turn(sessions):
    """Each message in its part."""
    log(sessions, opened := sessions.new([Message("user", "before"), Message("assistant", "then")]))

    turns = sessions.transcript(opened.session_id, "ada")["turns"]

    assert [(turn["message"], turn["reply"]) for turn in turns] == [
        ("before", ""),
        ("", "then"),
        ("hello", "re: hello"),
    ]


def test_a_deleted_session_is_gone(sessions):
    """The user's other one stays."""
    log(sessions)
    log(sessions, Opened("s2"), "t2")

    delete(sessions, "s1", "ada")

    assert [one["session_id"] for one in sessions.of_user("ada")] == ["s2"]


def test_erasing_a_person_leaves_the_others(sessions):
    """Rows are counted by table."""
    log(sessions)
    log(sessions, Opened("s2"), "t2", user="bob")

    with writing(sessions.engine) as connection:
        erased = sessions.erase("ada", connection)

    assert erased == {"impressions": 1, "turns": 1, "sessions": 1}
    assert sessions.of_user("ada") == []
    assert len(sessions.of_user("bob")) == 1
