"""What may be said of an item, and to whom."""

import re

import pytest
from conftest import NOW

from bot.facts import Reasons, field_fact, item_facts, said_yes_to, value_words
from bot.state import DialogueState, Wish
from ranking.events import BehaviourEvent
from ranking.open import open_ranking
from retrieval.filters import Constraint

SCARY = Constraint("genres", "eq", "horror", "scary")


@pytest.fixture(scope="module")
def person(films):
    ranking = open_ranking(films.engine, films.settings.state_dir, films.retrieval)

    def read(*liked):
        events = [BehaviourEvent(item, "ada", item, "like", None, NOW, "turn") for item in liked]
        return ranking.state_of("ada", events)

    return read


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (["crime", "drama", "war"], None, "crime, drama and war"),
        (118, "minutes", "118 minutes"),
        (49.0, "USD", "$49"),
        (49.5, "USD", "$49.50"),
        (1994, "year", "1994"),
        (True, None, "yes"),
        (4.0, "stars", "4 stars"),
    ],
)
def test_values_are_said_as_people_say_them(value, unit, words):
    """Lists, units, prices, years."""
    assert value_words(value, unit) == words


def test_a_fact_rests_on_the_record(films):
    """Each carries its field and value; silent fields make none."""
    alien = films.retrieval.catalogue["alien-1979"]

    names = {fact.name for fact in item_facts(films.retrieval.catalogue, alien)}

    assert names >= {"GENRE", "DIRECTOR", "YEAR", "RUNTIME"}
    assert field_fact(films.retrieval.catalogue, alien, "year").evidence.value == 1979


def test_a_wish_is_a_reason_only_where_it_holds(films, person):
    """Nothing scary is said of Toy Story."""
    reasons, catalogue = Reasons(films.retrieval), films.retrieval.catalogue
    state = DialogueState(wishes=(Wish("scary films", (SCARY,)),))

    wishes = {
        item: [fact.words for fact in reasons.personal(catalogue[item], state, person(), state.query)]
        for item in ("alien-1979", "toy-story-1995")
    }

    assert wishes == {"alien-1979": ["“scary”"], "toy-story-1995": []}


def test_a_liked_item_is_a_reason_for_one_like_it(films, person):
    """And for no stranger."""
    reasons, catalogue, user = Reasons(films.retrieval), films.retrieval.catalogue, person("toy-story-1995")

    def liked(item):
        facts = reasons.personal(catalogue[item], DialogueState(), user, "")
        return [fact.words for fact in facts if fact.name == "LIKED"]

    near = films.retrieval.retriever.retrieve("toys that come alive", excluded=["toy-story-1995"], limit=1)

    assert liked(near[0].item_id) == ["Toy Story"]
    assert liked("parasite-2019") == liked("toy-story-1995") == []


def test_a_taste_is_shared_by_whole_words(films, person):
    """War is in no Edward."""
    reasons, catalogue = Reasons(films.retrieval), films.retrieval.catalogue
    state = DialogueState(tastes=("war",))

    for item in catalogue.items:
        tastes = [fact for fact in reasons.personal(item, state, person(), "") if fact.name == "TASTE"]
        words = " ".join(str(value).lower() for value in item.fields.values())
        assert bool(tastes) == (re.search(r"\bwar", words) is not None), item.title


def test_a_seed_chooses_the_same_facts_again(films, person):
    """A repeated turn is worded from the same facts."""
    reasons, alien = Reasons(films.retrieval), films.retrieval.catalogue["alien-1979"]

    first, second = (reasons.chosen(alien, DialogueState(), person(), "", "7") for _ in range(2))

    assert first == second
    assert first[0].name == "TITLE"


def test_a_wish_of_two_bounds_holds_by_both(films, person):
    """Alien, of 1979, is not "from the 90s" for being before 2000."""
    nineties = (
        Constraint("year", "gte", 1990, "from the 90s"),
        Constraint("year", "lte", 1999, "from the 90s"),
    )
    reasons, catalogue = Reasons(films.retrieval), films.retrieval.catalogue
    state = DialogueState(wishes=(Wish("from the 90s", nineties),))

    def wishes(item):
        return [f.words for f in reasons.personal(catalogue[item], state, person(), "") if f.name == "WISH"]

    assert wishes("alien-1979") == []
    assert wishes("heat-1995") == ["“from the 90s”"]


def test_what_was_turned_down_later_is_no_reason(films):
    ranking = open_ranking(films.engine, films.settings.state_dir, films.retrieval)
    events = [
        BehaviourEvent(action, "ada", "heat-1995", action, None, NOW, "turn")
        for action in ("accept", "reject")
    ]

    assert said_yes_to(ranking.state_of("ada", events[:1])) == ["heat-1995"]
    assert said_yes_to(ranking.state_of("ada", events)) == []
