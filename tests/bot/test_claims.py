"""Free text held to the record, claim by claim."""

import pytest

from bot.claims import ClaimChecker, Record
from retrieval.catalogue import Catalogue
from retrieval.items import CatalogueConfig, FieldSpec, Item

FIELDS = {
    "year": FieldSpec(type="int", unit="year"),
    "genres": FieldSpec(type="list"),
    "directors": FieldSpec(type="list"),
    "cast": FieldSpec(type="list"),
    "runtime": FieldSpec(type="int", unit="minutes"),
    "language": FieldSpec(type="category"),
    "country": FieldSpec(type="list"),
    "price": FieldSpec(type="float", unit="USD"),
}
HEAT = Item(
    "heat", "Heat", "A master thief plans a last job while a detective studies him.",
    {
        "year": 1995, "genres": ["crime", "drama"], "directors": ["Michael Mann"],
        "cast": ["Al Pacino", "Robert De Niro"], "runtime": 170, "language": "English",
        "country": ["United States"], "price": 12.5,
    },
)  # fmt: skip
ALIEN = Item(
    "alien", "Alien", "A crew answers a signal and brings something back.",
    {
        "year": 1979, "genres": ["horror", "science fiction"], "directors": ["Ridley Scott"],
        "cast": ["Sigourney Weaver"], "runtime": 117, "language": "English", "country": ["United Kingdom"],
        "price": 9.0,
    },
)  # fmt: skip
AMELIE = Item(
    "amelie", "Amélie", "A waitress helps strangers in secret.",
    {
        "year": 2001, "genres": ["comedy", "romance"], "directors": ["Jean-Pierre Jeunet"],
        "cast": ["Audrey Tautou"], "runtime": 122, "language": "French", "country": ["France"], "price": 11.0,
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def checker():
    config = CatalogueConfig(noun="film", nouns="films", fields=FIELDS)
    return ClaimChecker(Catalogue(config, [HEAT, ALIEN, AMELIE]))


def record(*items, **more):
    return Record(items=items or (HEAT,), **more)


@pytest.mark.parametrize(
    "text",
    [
        "Heat is a crime drama from 1995, directed by Michael Mann.",
        "Michael Mann directs Al Pacino and Robert De Niro in this one.",
        "It runs 170 minutes, just under three hours, and costs $12.50.",
        "A nineties film in English, made in the United States.",
        "It isn't a comedy, and there is no Audrey Tautou in it.",
        "An American story of a thief and a detective.",
        "Not only a drama but a crime film, too.",
    ],
)
def test_what_the_record_says_holds(checker, text):
    """Facts in free wording, true denials among them."""
    assert checker.faults(text, record()) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Heat is directed by Al Pacino.", "Al Pacino"),
        ("Michael Mann stars in Heat.", "Michael Mann"),
        ("Heat isn't a crime film.", "crime"),
        ("Heat came out in 1996.", "1996"),
        ("An eighties film.", "eighties"),
        ("It won three awards.", "won"),
        ("Heat is a comedy.", "comedy"),
        ("It runs 190 minutes.", "190 minutes"),
        ("It is under two hours long.", "two hours"),
        ("You can have it for $20.", "$20"),
        ("A French film.", "French"),
        ("Audrey Tautou is in it.", "Audrey Tautou"),
        ("Amélie is about a thief.", "Amélie"),
        ("It stars Hannah Example in the lead.", "Hannah Example"),
        ("The sequel is even better.", "sequel"),
    ],
)
def test_what_it_does_not_say_is_named(checker, text, part):
    """The claim that does not hold is the one found."""
    faults = checker.faults(text, record())

    assert part in [claim.text for claim in faults]


def test_of_two_items_each_is_held_to_its_own_record(checker):
    """A claim belongs to the title before it."""
    both = record(HEAT, ALIEN)

    assert checker.faults("Heat is from 1995, while Alien is from 1979.", both) == []
    assert checker.faults("Heat is from 1979, while Alien is from 1995.", both) != []


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Heat is nearly an hour longer than Alien.", True),
        ("Heat is longer than Alien.", True),
        ("Heat is 20 minutes longer than Alien.", False),
        ("Heat is shorter than Alien.", False),
        ("Alien is the older of the two.", True),
        ("Alien is the newer of the two.", False),
        ("Alien is the cheapest of these.", True),
        ("Heat is the cheapest of these.", False),
        ("Heat is not shorter than Alien.", True),
    ],
)
def test_comparisons_are_calculated(checker, text, holds):
    """Direction and amount, by the numbers of both items."""
    assert (checker.faults(text, record(HEAT, ALIEN)) == []) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Since you loved Alien and wanted something tense, try Heat.", True),
        ("You asked for “something tense”, so here is Heat.", True),
        ("You turned down Amélie, so here is Heat.", True),
        ("You wanted a film under three hours.", True),
        ("Since you loved Amélie, try Heat.", False),
        ("You've seen Heat already.", False),
        ("You asked for “a musical”, so here is Heat.", False),
        ("You asked for a western.", False),
        ("You wanted a film under two hours.", False),
        ("Did you like Amélie?", True),
    ],
)
def test_what_is_said_of_the_person_is_held_to_their_words(checker, text, holds):
    """Likes, refusals and wishes; a question claims nothing."""
    person = record(
        liked=("alien",), disliked=("amelie",), words=("something tense", "less than 180 minutes")
    )

    assert (checker.faults(text, person) == []) is holds


def test_the_record_quoted_is_no_claim_of_the_writer(checker):
    """A description may name anything."""
    strange = Item("x", "Elsewhere", "It won a prize in 1931, says Nobody Known.", {})

    assert checker.faults(f"Elsewhere: {strange.description}", record(strange)) == []
    assert checker.faults("Elsewhere won a prize in 1931.", record(strange)) == []
    assert checker.faults("Elsewhere won a prize in 1932.", record(strange)) != []
