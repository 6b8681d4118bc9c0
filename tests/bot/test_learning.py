"""What an utterance teaches."""

import pytest

from bot.intent import Intent, Mention
from bot.learning import events_of


def learned(*acts, **parts):
    return [(event.item_id, event.action) for event in events_of(Intent(acts, **parts), "ada", "s", "t", 0)]


@pytest.mark.parametrize("act", ["accept", "reject", "seen"])
def test_a_reaction_is_an_event(act):
    """One for each item meant."""
    assert learned(act, references=("heat", "up")) == [("heat", act), ("up", act)]


def test_seen_and_loved_are_two_events():
    """ "Seen it, loved it": the opinion is read from its own words; "seen it, it was ok" is none."""
    liked = (Mention("it", "heat"),)
    assert learned("seen", "inform", references=("heat",), likes=liked) == [
        ("heat", "seen"),
        ("heat", "like"),
    ]
    assert learned("seen", "inform", references=("heat",)) == [("heat", "seen")]


def test_a_model_for_a_wish_is_no_taste():
    """ "Something like Heat" asks; "I love Heat, something like it?" also tells."""
    liked = (Mention("Heat", "heat"),)
    assert learned("request", likes=liked) == []
    assert learned("request", "inform", likes=liked) == [("heat", "like")]


def test_named_items_are_liked_disliked_and_seen():
    """Words that name no item teach nothing here."""
    found = learned(
        "inform",
        likes=(Mention("Heat", "heat"), Mention("rain")),
        dislikes=(Mention("Up", "up"),),
        seen=(Mention("It", "it"),),
    )

    assert found == [("it", "seen"), ("heat", "like"), ("up", "dislike")]


def test_a_question_teaches_nothing():
    """Asking about a film is no opinion of it."""
    assert learned("inquire", references=("heat",)) == []


def test_a_choice_before_a_question_counts():
    """ "I'll take the first; who directed the second?" """
    assert learned("accept", "inquire", references=("heat", "up")) == [("heat", "accept")]


def test_an_event_knows_its_turn():
    """So that it can be told where it came from, and once each."""
    (event,) = events_of(
        Intent(("seen",), references=("heat",), seen=(Mention("Heat", "heat"),)), "ada", "s", "t", 4
    )

    assert (event.user_id, event.session_id, event.turn_id, event.source) == ("ada", "s", "t", "turn")


def test_a_refused_one_beside_a_taken_one():
    """ "Not the first, I'll take the second." """
    found = learned("accept", "reject", references=("heat", "up"), denied=("heat",))

    assert found == [("heat", "reject"), ("up", "accept")]
