"""What is offered as a thing to say is read as it is meant, by the shipped model, on every demo catalogue."""

import pytest

from bot.asking import Question
from bot.policy import Plan
from bot.state import DialogueState
from bot.suggesting import Suggester
from tests.shipped import opened

pytestmark = pytest.mark.slow

MEANT = {
    "More like": ({"request", "refine"}, lambda intent: intent.likes or intent.references),
    "Something shorter": ({"request", "refine"}, lambda intent: _fields(intent) & {"runtime", "pages"}),
    "Something cheaper": ({"request", "refine"}, lambda intent: _fields(intent) & {"price"}),
    "Something newer": ({"request", "refine"}, lambda intent: _fields(intent) & {"year"}),
    "Something older": ({"request", "refine"}, lambda intent: _fields(intent) & {"year"}),
    "Why the first": ({"inquire"}, lambda intent: intent.references),
    "Who is in": ({"inquire"}, lambda intent: intent.references),
    "Who wrote": ({"inquire"}, lambda intent: intent.references),
    "What is the first": ({"inquire"}, lambda intent: intent.references),
    "I love the first": ({"inform", "accept"}, lambda intent: intent.likes or intent.references),
}


def _fields(intent):
    return {constraint.field for constraint in intent.constraints}


@pytest.fixture(scope="module", params=["demo.yaml", "shop.yaml", "books.yaml"])
def parley(request, tmp_path_factory):
    with opened(request.param, tmp_path_factory.mktemp("suggesting")) as parley:
        yield parley


def test_openings_are_read_and_find_something(parley):
    """A wish that the catalogue can fulfil, or an item that it has."""
    for text in parley.openings():
        intent = parley.understand(text)
        assert {"request", "refine", "inform"} & set(intent.acts), text
        assert intent.constraints or any(like.item_id for like in intent.likes) or intent.references, text


def test_follow_ups_are_read_as_they_are_meant(parley):
    """Each of them, whatever list stands before it."""
    shown = [(item.item_id, item.title) for item in parley.catalogue.items[:3]]
    ids = tuple(item_id for item_id, _ in shown)
    offered = {
        text
        for turn in range(8)
        for text in parley.parts.suggester.follow_ups(
            Plan(recommend=True), DialogueState(shown=ids), ids, turn
        )
    }
    assert len(offered) >= 5
    for text in offered:
        acts, holds = next(meant for start, meant in MEANT.items() if text.startswith(start))
        intent = parley.understand(text, shown=shown)
        assert acts & set(intent.acts), (text, intent)
        assert holds(intent), (text, intent)


def test_a_question_is_answered_by_its_options(parley):
    """Or by none of them."""
    plan = Plan(question=Question("genres", ("drama", "comedy")))
    suggester = Suggester(parley.catalogue)
    assert suggester.follow_ups(plan, DialogueState(), (), 0) == ("drama", "comedy", "I don't mind")
