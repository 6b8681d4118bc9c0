"""Which question is asked back, and when: on catalogues small enough to reckon by hand, and on the demo's."""

from math import log

import numpy as np
import pytest

from bot.asking import Asker, Question, says_nothing
from bot.configs import TurnConfig
from bot.intent import Intent, Mention
from bot.state import DialogueState, Wish
from retrieval.catalogue import Catalogue
from retrieval.filters import Constraint, mask
from retrieval.items import CatalogueConfig, FieldSpec, Item

FIELDS = {
    "genres": FieldSpec(type="list"),
    "language": FieldSpec(type="category"),
    "year": FieldSpec(type="int"),
    "price": FieldSpec(type="float", unit="USD"),
    "cast": FieldSpec(type="list"),
    "runtime": FieldSpec(type="int"),
}
NOTHING = DialogueState()
SHOWN = DialogueState(wishes=(Wish("a comedy"),), shown=("a", "b"), offered=("a", "b"))

WAR = Mention("war")


def means_nothing(texts):
    """Vectors that are near to none."""
    return np.zeros((len(texts), 1), dtype=np.float32)


def asker(*records, **settings):
    """Over items of these fields, called 0, 1, 2..."""
    items = [Item(str(place), f"Item {place}", "", fields) for place, fields in enumerate(records)]
    return Asker(Catalogue(CatalogueConfig(fields=FIELDS), items), TurnConfig(**settings), means_nothing)


def alike(count):
    return np.full(count, 1 / count)


def by_field(weighed):
    return {one.question.field: one for one in weighed}


def test_likelihood_follows_the_scores():
    """By a softmax over what is not ruled out; the temperature says how closely."""
    scores = np.array([log(3.0), 0.0, -np.inf])

    assert asker(question_temperature=1.0).likelihoods(scores) == pytest.approx([0.75, 0.25, 0.0])
    assert asker(question_temperature=0.5).likelihoods(scores) == pytest.approx([0.9, 0.1, 0.0])
    assert not asker().likelihoods(np.full(3, -np.inf)).any()


def test_an_answer_tells_as_much_as_it_splits():
    """Four items in two halves: one bit, and each half's best is in a list of one."""
    genres = asker(*({"genres": [one]} for one in ("war", "war", "crime", "crime")))

    (one,) = genres.weighed(alike(4), (), k=1)

    assert one.information == pytest.approx(log(2))
    assert one.found == pytest.approx(0.5)


def test_an_item_of_several_genres_answers_any_of_them():
    """Of two items with the same two genres, the answer tells nothing; of half the items, half as much."""
    same = asker({"genres": ["war", "crime"]}, {"genres": ["war", "crime"]})
    mixed = asker({"genres": ["war"]}, {"genres": ["war", "crime"]})

    assert same.weighed(alike(2), (), k=1)[0].information == pytest.approx(0)
    (one,) = mixed.weighed(alike(2), (), k=1)
    # War is answered by 3/4 of all, crime by 1/4; the second item's own choice of two tells nothing.
    assert one.information == pytest.approx(-0.75 * log(0.75) - 0.25 * log(0.25) - 0.5 * log(2))
    assert one.question.options == ("war", "crime")
    assert one.question.examples == (0, 1)
    assert one.found == pytest.approx(0.5 + 0.25)  # after "war" the first, after "crime" the second


def test_what_is_likely_decides_what_is_asked():
    """Where all that is likely has one genre, the genre need not be asked."""
    kinds = (
        ("war", "French"),
        ("war", "German"),
        ("war", "French"),
        ("crime", "French"),
        ("western", "French"),
    )
    records = [{"genres": [genre], "language": language} for genre, language in kinds]
    some = asker(*records)

    assert some.question(alike(5), (), k=1).field == "genres"
    assert some.question(np.array([0.4, 0.4, 0.1, 0.05, 0.05]), (), k=1) is None, "two lists will do"
    weighed = by_field(some.weighed(np.array([0.33, 0.33, 0.32, 0.01, 0.01]), (), k=1))
    assert weighed["language"].information > weighed["genres"].information


def test_a_question_must_be_worth_more_than_two_lists():
    """Few items left are shown; and how much more is a setting."""
    records = [
        {"genres": [genre]} for genre in "abcd" for _ in range(3)
    ]  # after the answer 4 of 12 are found

    assert asker(*records).question(alike(12), (), k=1) == Question("genres", ("a", "b", "c"), (0, 3))
    assert asker(*records).question(alike(12), (), k=2)
    assert asker(*records).question(alike(12), (), k=6) is None
    assert asker(*records, question_worth=2.0).question(alike(12), (), k=2) is None


def test_nothing_is_asked_that_is_settled_or_that_nobody_knows():
    """Neither runtime nor cast, nor a field that was asked about, nor one that all items share."""
    records = [
        {"genres": [genre], "cast": [f"Actor {place}"], "runtime": 60 + place, "language": "French"}
        for place, genre in enumerate("abcdefgh")
    ]
    some = asker(*records)

    assert [one.question.field for one in some.weighed(alike(8), (), k=1)] == ["genres"]
    assert some.question(alike(8), ("genres",), k=1) is None


def test_items_without_a_value_are_found_as_they_would_be_anyway():
    """Who means one of them cannot answer."""
    some = asker({"genres": ["war"]}, {"genres": ["crime"]}, {}, {})

    (one,) = some.weighed(np.array([0.2, 0.2, 0.5, 0.1]), (), k=1)

    assert one.found == pytest.approx(0.2 + 0.2 + 0.5)
    assert one.information == pytest.approx(0.4 * log(2))


def test_years_are_asked_by_decade_and_prices_by_thirds():
    """In words that grounding reads as these bounds."""
    years = asker(*({"year": year} for year in (1871, 1899, 1984, 1985, 1991)))
    amounts = (8.0, 12.5, 15.0, 30.0, 31.0, 44.0, 60.5, 72.0, 90.0, 95.0)
    prices = asker(*({"price": price} for price in amounts))

    assert years.weighed(alike(5), (), k=1)[0].question.options == ("before 1900", "the 1980s", "the 1990s")
    (one,) = prices.weighed(alike(10), (), k=1)
    assert one.question.options == ("under $30", "over $60", "$30 to $60")


def test_every_answer_is_read_as_it_is_meant(films, shop):
    """Grounding the words of an answer leaves the items that would give it, of the demo's catalogues."""
    asked = {}
    for world in (films, shop):
        catalogue = world.retrieval.catalogue
        some, likely = Asker(catalogue, TurnConfig(), means_nothing), alike(len(catalogue))
        asked |= {one.question.field: world for one in some.weighed(likely, (), k=5)}
        for field in [field for field, other in asked.items() if other is world]:
            answers = some.answers(field, likely)
            for place, words in enumerate(answers.words):
                intent = world.ground(words, "inform", asked=field, want=words)
                meant = answers.shares[:, [place]].toarray().ravel() > 0
                wished = [one for one in intent.constraints if one.field == field]
                assert wished, (field, words)
                assert (mask(catalogue, wished) == meant).all(), (field, words, wished)

    assert asked.keys() >= {"genres", "year", "language", "category", "price", "colour"}


@pytest.mark.parametrize(
    ("message", "intent", "before", "state", "newcomer", "expected"),
    [
        ("What should I watch?", Intent(("request",)), NOTHING, NOTHING, True, True),
        ("What should I watch?", Intent(("request",)), NOTHING, NOTHING, False, False),
        ("Three films", Intent(("request",), count=3), NOTHING, NOTHING, True, False),
        ("A comedy", Intent(("request",), "a comedy"), NOTHING, SHOWN, True, False),
        ("I don't mind", Intent(("inform",)), DialogueState(pending="genres"), NOTHING, True, False),
        ("None", Intent(("reject",), references=("a", "b")), SHOWN, SHOWN, False, True),
        ("Not a", Intent(("reject",), references=("a",)), SHOWN, SHOWN, False, False),
        ("More", Intent(("request",)), SHOWN, SHOWN, False, False),
        ("None, newer", Intent(("reject",), "newer", references=("a", "b")), SHOWN, SHOWN, False, False),
        ("None. War", Intent(("reject",), likes=(WAR,), references=("a", "b")), SHOWN, SHOWN, False, False),
    ],
)  # fmt: skip
def test_when_a_question_is_welcome(message, intent, before, state, newcomer, expected):
    """To a vague newcomer and after a list turned down whole; not to whoever said what they want."""
    assert asker().may_ask(message, intent, before, state, newcomer=newcomer) is expected


@pytest.mark.parametrize(
    ("message", "welcome"),
    [
        ("Surprise us", False),
        ("whatever you think", False),
        ("you decide", False),
        ("Just show me some of them", False),
        ("dont really know what i want", True),
        ("I can't decide what to watch", True),
        ("recommend me something good", True),
    ],
)
def test_whoever_leaves_the_choice_is_not_asked(films, message, welcome):
    """By what is meant: no wording of it is listed."""
    retrieval = films.retrieval
    some = Asker(retrieval.catalogue, TurnConfig(), retrieval.encoder.encode)

    assert some.may_ask(message, Intent(("request",)), NOTHING, NOTHING, newcomer=True) is welcome


def test_a_session_holds_so_many_questions():
    """Two by default; none where they are switched off."""
    intent = Intent(("request",))
    once, twice = DialogueState(asked=("genres",)), DialogueState(asked=("genres", "year"))

    assert asker().may_ask("hi", intent, NOTHING, once, newcomer=True)
    assert not asker().may_ask("hi", intent, NOTHING, twice, newcomer=True)
    assert not asker(questions=0).may_ask("hi", intent, NOTHING, NOTHING, newcomer=True)


@pytest.mark.parametrize("words", ["something good for tonight", "a nice film", "present", ""])
def test_words_that_fit_everything_say_nothing(words):
    """They tell no item from another."""
    assert says_nothing(DialogueState(wishes=(Wish(words),) if words else ()))


@pytest.mark.parametrize(
    "state",
    [
        DialogueState(wishes=(Wish("something for a rainy evening"),)),
        DialogueState(wishes=(Wish("film", (Constraint("genres", "eq", "war", "war"),)),)),
        DialogueState(models=("heat",)),
        DialogueState(tastes=("slow westerns",)),
    ],
)
def test_wishes_models_and_tastes_say_something(state):
    """Enough for a list."""
    assert not says_nothing(state)
