"""What may be shown of what was written."""

import pytest

from bot.drafts import check, check_free, fill
from bot.facts import Fact

TITLE, YEAR, DIRECTOR = Fact("TITLE", "Heat"), Fact("YEAR", "1995"), Fact("DIRECTOR", "Michael Mann")
FACTS = [TITLE, YEAR, DIRECTOR]


def verdict(draft, required=("TITLE",), kind="film"):
    return check(draft, FACTS, required, kind)


@pytest.mark.parametrize(
    "draft",
    [
        "How about [TITLE], directed by [DIRECTOR]?",
        "You might enjoy [TITLE].",
        "[TITLE] is from [YEAR].",
        "The director of [TITLE] is [DIRECTOR].",
    ],
)
def test_plain_sentences_with_facts_hold(draft):
    """Every claim in them is a placeholder."""
    assert verdict(draft).holds, verdict(draft).reason


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        ("[TITLE] won an Oscar.", "may be a claim"),
        ("[TITLE] is from 1996.", "a number"),
        ("[TITLE] costs [PRICE].", "no fact"),
        ("You might enjoy it.", "is not said"),
        ("[TITLE], directed by [YEAR].", "role"),
        ("The director of [TITLE] is [YEAR].", "role"),
        ("The maker is [YEAR], for [TITLE].", "role"),
        ("[TITLE]", "short"),
        ("[TITLE] is a film with a film with a film.", "twice"),
        ("[TITLE] is not by [DIRECTOR].", "denies"),
        ("I can't offer [TITLE].", "denies"),
        ("[TITLE] is a good book to read.", "book"),
        ("", "is not said"),
    ],
)
def test_a_claim_of_its_own_does_not_hold(draft, why):
    """Invented words, numbers, roles and denials are refused, and it is said why."""
    found = verdict(draft)

    assert not found.holds
    assert why in found.reason


@pytest.mark.parametrize(
    "draft",
    [
        "See [TITLE] at https://evil.example now.",
        "See [TITLE] at www.evil.example now.",
        "See [TITLE] at Evil.Example/now for more.",
        "See <b>[TITLE]</b> now, please.",
        "See `[TITLE]` now, please.",
    ],
)
def test_free_words_hold_no_markup_and_no_address(draft):
    """Whoever puts one into a record or a message must not have it told as ours."""
    assert not check_free(draft, FACTS, ("TITLE",), "film").holds
    assert check_free("See [TITLE] now, e.g. with Mr. T.", FACTS, ("TITLE",), "film").holds


def test_a_title_that_looks_like_an_address_may_be_told():
    """It is a fact."""
    facts = [Fact("TITLE", "Feardot.com <3>")]

    assert check_free("See Feardot.com <3> for a laugh.", facts, ("TITLE",), "film").holds


def test_facts_fill_their_places():
    """Articles and capitals are mended."""
    assert (
        fill("try [TITLE], a [GENRE] film .", [TITLE, Fact("GENRE", "action")]) == "Try Heat, an action film."
    )
    assert fill("a [GENRE] one", [Fact("GENRE", "“epic”")]) == "An “epic” one"


def test_a_fact_may_look_like_a_place():
    """What a person typed is filled in as it is."""
    assert (
        fill("You asked for a [WISH].", [Fact("WISH", "“[NOPE] a [TITLE]”")])
        == "You asked for a “[NOPE] a [TITLE]”."
    )


def test_a_sentence_within_ends_the_sentence():
    """One full stop, and a title keeps its own."""
    assert fill("[TITLE]: [ABOUT].", [TITLE, Fact("ABOUT", "A heist.")]) == "Heat: A heist."
    assert fill("See [TITLE] now.", [Fact("TITLE", "If...")]) == "See If... now."
