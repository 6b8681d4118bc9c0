"""Conversations at rest."""

import pytest

from bot.errors import UnknownSession
from bot.layout import Message
from bot.reply import Evidence, Recommendation
from bot.sessions import HISTORY, Sessions
from bot.state import DialogueState, Wish
from ranking.rank import Scores
from storage.engine import StorageConfig, open_storage, writing

STATE = DialogueState(wishes=(Wish("tense films"),), shown=("heat",))
HEAT = Recommendation("heat", "Heat", 1, "Tense.", (Evidence("year", 1995),), Scores(0.1, 0.0, 0.0, 0.0, 0.1))


@pytest.fixture
def sessions(tmp_path):
    engine = open_storage(tmp_path, StorageConfig())
    yield Sessions(engine)
    engine.dispose()


def log(sessions, turn="t1", message="hello", session="s1", user="ada", **more):
    with writing(sessions.engine) as connection:
        sessions.log(
            connection,
            session_id=session,
            turn_id=turn,
            user_id=user,
            message=message,
            reply=f"re: {message}",
            intent={},
            payload={},
            state=STATE,
            recommendations=[HEAT],
            variant="default",
            **more,
        )


def test_a_session_comes_back_with_its_state_and_words(sessions):
    """As the turn left it."""
    log(sessions)

    assert sessions.load("s1", "ada") == (
        STATE,
        [Message("user", "hello"), Message("assistant", "re: hello")],
    )


def test_only_the_latest_words_come_back(sessions):
    """Oldest first among them."""
    for number in range(6):
        log(sessions, f"t{number}", f"message {number}")

    _, history = sessions.load("s1", "ada")

    assert len(history) == HISTORY
    assert history[-1].text == "re: message 5"


def test_another_users_session_does_not_exist(sessions):
    """For no verb."""
    log(sessions)

    for verb in (sessions.load, sessions.transcript, sessions.delete):
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
    log(sessions, "t2")

    assert [one["title"] for one in sessions.of_user("ada")] == ["Evening"]


def test_history_of_elsewhere_comes_before_the_first_turn(sessions):
    """Each message in its part."""
    log(sessions, imported=[Message("user", "before"), Message("assistant", "then")])

    turns = sessions.transcript("s1", "ada")["turns"]

    assert [(turn["message"], turn["reply"]) for turn in turns] == [
        ("before", ""),
        ("", "then"),
        ("hello", "re: hello"),
    ]


def test_a_deleted_session_is_gone(sessions):
    """The user's other one stays."""
    log(sessions)
    log(sessions, "t2", session="s2")

    sessions.delete("s1", "ada")

    assert [one["session_id"] for one in sessions.of_user("ada")] == ["s2"]


def test_erasing_a_person_leaves_the_others(sessions):
    """Rows are counted by table."""
    log(sessions)
    log(sessions, "t2", session="s2", user="bob")

    with writing(sessions.engine) as connection:
        erased = sessions.erase("ada", connection)

    assert erased == {"impressions": 1, "turns": 1, "sessions": 1, "profiles": 0}
    assert sessions.of_user("ada") == []
    assert len(sessions.of_user("bob")) == 1
