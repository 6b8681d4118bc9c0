"""Spans to typed wishes and item ids, over the demo catalogues."""

import pytest

SHOWN = ("parasite-2019", "inception-2010", "toy-story-1995")


def test_words_become_typed_wishes(films):
    """Genres by meaning, people by their part, years and lengths as bounds."""
    wishes = films.wishes(
        "a funny one from the 90s with Tom Hanks, by Spielberg, under two hours",
        want=["funny", "from the 90s", "Tom Hanks", "by Spielberg", "under two hours"],
    )

    assert wishes == [
        ("genres", "eq", "comedy"),
        ("year", "gte", 1990),
        ("year", "lte", 1999),
        ("cast", "eq", "Tom Hanks"),
        ("directors", "eq", "Steven Spielberg"),
        ("runtime", "lt", 120),
    ]


def test_or_makes_a_choice(films):
    """In spans of their own or in one; "and" stays two wishes."""
    assert films.wishes("thriller or horror", want=["thriller", "horror"]) == [
        ("genres", "in", ("thriller", "horror"))
    ]
    assert films.wishes("horror or comedy", want="horror or comedy") == [
        ("genres", "in", ("horror", "comedy"))
    ]
    assert len(films.wishes("horror and comedy", want=["horror", "comedy"])) == 2


def test_a_field_of_one_value_can_only_hold_a_choice(shop):
    """Nothing is red and blue where an item has one colour."""
    assert shop.wishes("red, blue", want=["red", "blue"]) == [("colour", "in", ("red", "blue"))]


def test_what_is_avoided_is_turned_round(films, shop):
    """Values, bounds, and whole decades; a negation that the span holds already counts once."""
    assert films.wishes("no horror", avoid="horror") == [("genres", "ne", "horror")]
    assert shop.wishes("not over $80", avoid="over $80") == [("price", "lte", 80)]
    assert shop.wishes("nothing over $80", avoid="nothing over $80") == [("price", "lte", 80)]
    assert films.wishes("not the 80s", avoid="the 80s") == [("year", "not_in", tuple(range(1980, 1990)))]


def test_degrees_are_relative_to_what_was_shown(films, shop):
    """ "Cheaper" than those, "shorter" than that one."""
    shown = ["fernway-22-daypack", "bramble-trail"]
    prices = [shop.retrieval.catalogue[item].fields["price"] for item in shown]
    intent = shop.ground("a cheaper one", "refine", shown=shown, want="a cheaper one")

    assert [(c.field, c.op, c.value) for c in intent.constraints] == [("price", "lt", sum(prices) / 2)]


def test_not_too_long_leaves_only_the_longest_out(films):
    """Said as a wish or as something to avoid."""
    (wish,) = films.wishes("not too long", want="not too long")
    (avoided,) = films.wishes("nothing too long", avoid="too long")

    assert wish == avoided
    assert wish[:2] == ("runtime", "lt")
    assert 100 < wish[2] < 180


def test_a_name_goes_before_a_degree(films):
    """New Zealand is a place, a new comedy is new."""
    assert films.wishes("from new zealand", want="new zealand") == [("country", "eq", "New Zealand")]
    assert [wish[:2] for wish in films.wishes("a new comedy", want="new comedy")] == [
        ("genres", "eq"),
        ("year", "gte"),
    ]


def test_a_bare_number_answers_the_question(shop):
    """After "what may it cost?" fifty is a budget."""
    assert shop.wishes("50 or less", asked="price", want="50 or less") == [("price", "lte", 50)]
    assert shop.wishes("50", asked="price", want="50") == [("price", "lte", 50)]


def test_hours_bound_no_price(shop, films):
    """A unit that no field has is left to the search; ninety of films are minutes."""
    assert shop.wishes("under two hours", want="under two hours") == []
    assert films.wishes("under 90", want="under 90") == [("runtime", "lt", 90)]


def test_flags_are_named(shop):
    """Yes-or-no fields are wished for by name."""
    assert shop.wishes("in stock", want="in stock") == [("in_stock", "eq", True)]


def test_titles_and_values_are_told_apart_in_likes(films):
    """A like is an item, a value, or only words."""
    intent = films.ground(
        "i like Heat, westerns and rainy days", "inform", like=["Heat", "westerns", "rainy days"]
    )

    assert [(like.item_id, like.field) for like in intent.likes] == [
        ("heat-1995", None),
        (None, "genres"),
        (None, None),
    ]


def test_a_reaction_without_pointing_is_about_the_focus(films):
    """And about nothing where it could be any of three."""
    assert films.ground("seen it", "seen", shown=SHOWN, focus=SHOWN[1:2]).references == SHOWN[1:2]
    assert films.ground("already watched", "seen", shown=SHOWN).references == ()
    assert films.ground("no thanks", "reject", shown=SHOWN).references == SHOWN


def test_a_reference_that_fits_nothing_is_not_replaced(films):
    """ "The western" among none is no other film."""
    assert films.ground("i hate the western", "reject", shown=SHOWN, ref="the western").references == ()


def test_counts_are_read_within_bounds(films):
    """A thousand is more than anyone reads."""
    assert films.ground("three films", count="three").count == 3
    assert films.ground("1000 films", count="1000").count is None


def test_the_language_is_told_by_the_script(films):
    """Or by the locale for Latin letters."""
    assert films.ground("推荐一部电影").language == "zh"
    assert films.ground("ערב טוב").language == "he"
    assert films.ground("hello").language == "en"


def test_the_query_is_the_need_once(films):
    """A need within a need is not said twice."""
    intent = films.ground("slow films about trains", need=["slow films about trains", "trains"])

    assert intent.query == "slow films about trains"


def test_what_is_pointed_at_can_be_liked(films):
    """ "I love the first one"; a pronoun that points nowhere is no film called so."""
    liked = films.ground(
        "i love the first one", "inform", shown=SHOWN, ref="the first one", like="the first one"
    )
    nowhere = films.ground("i loved it", "inform", ref="it", like="it")

    assert tuple(mention.item_id for mention in liked.likes) == SHOWN[:1]
    assert [mention.item_id for mention in nowhere.likes] == [None]
    assert nowhere.unresolved == ("it",)


def test_a_disliked_kind_is_not_wanted(films):
    intent = films.ground("i can't stand musicals", "inform", dislike="musicals")

    assert [(c.field, c.op, c.value) for c in intent.constraints] == [("genres", "ne", "musical")]


def test_one_is_turned_down_and_another_taken(films):
    """In one breath."""
    intent = films.ground(
        "not the first one, i'll take the second",
        "accept reject",
        shown=SHOWN,
        ref=["the first one", "the second"],
    )

    assert (intent.turned_down, intent.taken) == (SHOWN[:1], SHOWN[1:2])


def test_why_not_asks(films):
    """It denies nothing."""
    assert films.wishes("why not a comedy?", want="comedy") == [("genres", "eq", "comedy")]


def test_an_er_elsewhere_makes_no_comparison(shop):
    """ "Cheap leather" is cheap, not cheaper than what was shown."""
    shown = ["fernway-22-daypack", "bramble-trail"]
    compared = shop.ground("cheaper", "refine", shown=shown, want="cheaper").constraints
    plain = shop.ground("cheap leather", "refine", shown=shown, want="cheap leather").constraints

    assert {c.op for c in compared if c.field == "price"} == {"lt"}
    assert {c.op for c in plain if c.field == "price"} == {"lte"}


def test_taking_what_is_denied_is_turning_it_down(films):
    """However the act was read."""
    intent = films.ground("not the second one please", "accept", shown=SHOWN, ref="the second one")

    assert (intent.acts, intent.turned_down, intent.taken) == (("reject",), SHOWN[1:2], ())


def test_a_denied_wish_is_quoted_with_its_denial(films):
    (wish,) = films.ground("something funny, nothing too long", avoid="too long").constraints

    assert wish.text == "nothing too long"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("any colour but pink", "colour but pink"),
        ("anything but pink", "pink"),
        ("everything except for pink", "pink"),
    ],
)
def test_all_but_one_value_denies_it(shop, text, want):
    """Whether the words that deny stand before the span or in it."""
    (wish,) = shop.ground(text, want=want).constraints

    assert (wish.field, wish.op, wish.value) == ("colour", "ne", "pink")


def test_a_span_that_cuts_a_title_is_widened_to_it(films):
    """And the number in it counts nothing."""
    intent = films.ground("Something like 12 Angry Men", like="Angry", count="12")

    assert [(like.text, like.item_id is None) for like in intent.likes] == [("12 Angry Men", False)]
    assert intent.count is None


def test_a_person_named_in_full_within_a_need_is_a_wish(films):
    """Whether or not the name was read as one."""
    assert films.wishes("more funny films with Tom Hanks", need="funny films with Tom Hanks", want="funny")[
        -1
    ] == ("cast", "eq", "Tom Hanks")
