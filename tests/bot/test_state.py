"""How utterances add up."""

import json

from bot.intent import Intent, Mention
from bot.state import DialogueState, Wish, apply
from retrieval.filters import Constraint

HORROR = Constraint("genres", "eq", "horror", "scary")
COMEDY = Constraint("genres", "eq", "comedy", "comedy")
FROM_1990 = Constraint("year", "gte", 1990, "from the 90s")
TO_1999 = Constraint("year", "lte", 1999, "from the 90s")
NINETIES = (FROM_1990, TO_1999)


def plenty(_constraints):
    return 10


def after(*intents, count=plenty):
    state = DialogueState()
    for intent in intents:
        state = apply(state, intent, count)
    return state


def asked(query, *constraints, acts=("request",), **more):
    return Intent(acts, query, constraints=constraints, **more)


SCARY_NINETIES = asked("scary films from the 90s", HORROR, *NINETIES)


def test_wishes_add_up():
    """A refinement keeps what was asked before."""
    state = after(asked("scary films", HORROR), asked("from the 90s", *NINETIES, acts=("refine",)))

    assert state.constraints == (HORROR, *NINETIES)
    assert state.query == "scary films from the 90s"


def test_a_new_request_starts_afresh():
    """What was wished for a moment ago is not wished now."""
    assert after(asked("scary films", HORROR), asked("a comedy", COMEDY)).constraints == (COMEDY,)


def test_more_of_the_same_changes_nothing():
    """ "Three more of those" has no wish in it."""
    before = after(asked("scary films", HORROR))

    for words in ("more", "three more of those", "something else", "another one please", ""):
        assert after(asked("scary films", HORROR), asked(words)).wishes == before.wishes


def test_a_number_replaces_the_number_before():
    """Cheaper again is one bound, not two."""
    first, second = Constraint("price", "lt", 50, "under 50"), Constraint("price", "lt", 30, "under 30")

    assert after(asked("bags", first), asked("", second, acts=("refine",))).constraints == (second,)


def test_an_opposite_replaces_its_wish():
    """ "No horror after all" ends the horror."""
    never = Constraint("genres", "ne", "horror", "horror")

    assert after(asked("scary films", HORROR), asked("", never, acts=("refine",))).constraints == (never,)


def test_wishes_that_leave_nothing_give_way_to_the_latest():
    """ "Actually a blue one" means not the red one."""
    red, blue = Constraint("colour", "eq", "red", "red"), Constraint("colour", "eq", "blue", "blue")
    state = after(
        asked("red", red), asked("blue", blue, acts=("refine",)), count=lambda wishes: int(len(wishes) < 2)
    )

    assert state.constraints == (blue,)


def test_a_decade_is_taken_back():
    """By the words that named it; the rest stands."""
    state = after(
        SCARY_NINETIES,
        asked("", acts=("refine",), retracts=("the 90s",)),
    )

    assert state.constraints == (HORROR,)
    assert "90s" not in state.query


def test_a_value_is_taken_back_by_its_name():
    """Scary was horror."""
    state = after(
        SCARY_NINETIES,
        asked("", acts=("refine",), retracts=("horror",)),
    )

    assert state.constraints == NINETIES
    assert state.query == "films from the 90s"


def test_taking_back_cuts_no_words_in_two():
    """ "War" is not in "award"."""
    assert (
        after(asked("award winning films"), asked("", acts=("refine",), retracts=("war",))).query
        == "award winning films"
    )


def test_starting_over_forgets_all_wishes():
    """A request that takes back what no wish names."""
    state = after(asked("scary films", HORROR), asked("", retracts=("everything",)))

    assert not state.has_request


def test_models_and_the_unwanted_are_kept():
    """Items named as examples guide; items disliked are left out."""
    state = after(Intent(("request",), likes=(Mention("Heat", "heat"),), dislikes=(Mention("Up", "up"),)))

    assert state.models == ("heat",)
    assert state.excluded == ("up",)


def test_a_state_survives_being_stored():
    """As JSON, and an empty one too."""
    choice = Constraint("genres", "in", ("horror", "comedy"), "horror or comedy")
    state = after(asked("films", choice, *NINETIES, references=("heat",), count=3))

    assert DialogueState.from_json(json.loads(json.dumps(state.as_json()))) == state
    assert DialogueState.from_json({}) == DialogueState()


def test_a_state_with_a_request_knows_it():
    """Wishes or models make one."""
    assert DialogueState(wishes=(Wish("x"),)).has_request
    assert not DialogueState().has_request


NO_MUSICALS = Constraint("genres", "ne", "musical", "musicals")


def disliked(text, *constraints):
    return Intent(("inform",), dislikes=(Mention(text, None, "genres"),), constraints=constraints)


def test_a_disliked_kind_stays_away_from_later_requests():
    state = after(disliked("musicals", NO_MUSICALS), asked("a comedy", COMEDY))

    assert set(state.constraints) == {COMEDY, NO_MUSICALS}
    assert DialogueState.from_json(json.loads(json.dumps(state.as_json()))) == state


def test_a_taste_can_be_taken_back():
    """By its words, and by the opposite."""
    loved = Intent(("inform",), likes=(Mention("comedies", None, "genres"),))

    assert after(loved, Intent(("refine",), retracts=("the comedies",))).tastes == ()
    assert after(loved, disliked("comedies")).tastes == ()


def test_only_whole_words_are_taken_back():
    """ "Award winners" are no war films."""
    war = Constraint("genres", "eq", "war", "war")

    assert after(asked("war films", war), Intent(("refine",), retracts=("award winners",))).constraints == (
        war,
    )


def test_a_model_that_is_disliked_is_one_no_more():
    like_heat = asked("something", COMEDY, likes=(Mention("Heat", "heat"),))
    state = after(like_heat, Intent(("inform",), dislikes=(Mention("Heat", "heat"),)))

    assert (state.models, state.excluded) == ((), ("heat",))
