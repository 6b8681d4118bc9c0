"""Names, aliases and strengths of actions."""

import pytest
from invented_shop import act
from pydantic import ValidationError

from ranking.actions import ActionsConfig
from ranking.errors import InvalidValue, UnknownAction
from ranking.events import strengths


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("browse", "view"),
        ("浏览", "view"),
        ("点击", "click"),
        ("收藏", "like"),
        ("购买", "purchase"),
        (" BUY ", "purchase"),
    ],
)
def test_aliases_in_english_and_chinese_are_known(actions, word, name):
    assert actions.canonical(word) == name


def test_an_unknown_action_is_refused_with_the_known_ones_named(actions):
    with pytest.raises(UnknownAction, match=r"'poke'.*purchase"):
        actions.canonical("poke")


@pytest.mark.parametrize(("value", "strength"), [(5, 1), (4, 0.5), (3, 0), (1, -1), (0.5, -1)])
def test_a_rating_counts_by_its_distance_from_the_midpoint(actions, value, strength):
    assert actions.strength("rating", value) == pytest.approx(strength)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_rating_needs_a_finite_value(actions, value):
    with pytest.raises(InvalidValue, match="rating"):
        actions.check("rating", value)


def test_declared_actions_join_the_defaults():
    """A shop that adds one action does not lose the others."""
    actions = ActionsConfig.model_validate({"actions": {"rent": {"weight": 0.8, "aliases": ["hire"]}}})

    assert actions.canonical("hire") == "rent"
    assert actions.canonical("like") == "like"


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"rent": {"weight": 1, "aliases": ["buy"]}}, "'buy' names both"),
        ({"retract": {"weight": 1}}, "reserved"),
        ({"rent": {"weight": -1}}, "greater than or equal to 0"),
        ({"rent": {"weight": 1, "colour": "red"}}, "colour"),
        ({"rent": {"weight": 1, "sentence": "rented it"}}, "has no {title}"),
    ],
)
def test_a_wrong_declaration_is_refused(declared, message):
    with pytest.raises(ValidationError, match=message):
        ActionsConfig.model_validate({"actions": declared})


def test_events_read_as_sentences(actions):
    assert actions.sentence("purchase", None, "Blue Backpack") == "bought Blue Backpack"
    assert actions.sentence("rating", 1.0, "Blue Backpack") == "did not enjoy Blue Backpack"


def test_acts_add_up_and_a_later_opinion_replaces_an_earlier_one(actions):
    events = [
        act("ann", "rug-1", "view", 0),
        act("ann", "rug-1", "dislike", 1),
        act("ann", "rug-1", "like", 2),
        act("ann", "rug-2", "rating", 3, value=5),
        act("ann", "rug-2", "rating", 4, value=1),
    ]

    assert strengths(events, actions) == pytest.approx({"rug-1": 1.2, "rug-2": -1.0})
