"""Words to values of catalogue fields."""

import pytest


def found(world, words, before=""):
    return [(match.field, *match.values) for match in world.grounder.values.find(words, before)]


@pytest.mark.parametrize(
    ("words", "genre"),
    [
        ("sci-fi", "science fiction"),
        ("funny", "comedy"),
        ("hilarious", "comedy"),
        ("scary", "horror"),
        ("a scary movie", "horror"),
        ("animated", "animation"),
        ("cartoon", "animation"),
        ("romantic", "romance"),
        ("thrillers", "thriller"),
        ("comedies", "comedy"),
        ("detective", "crime"),
        ("family friendly", "family"),
        ("biopic", "biography"),
    ],
)
def test_a_word_means_a_genre(films, words, genre):
    """By name, by plural, by synonym and by meaning."""
    assert found(films, words) == [("genres", genre)]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("lamp", ("category", "lighting")),
        ("rain jacket", ("category", "jackets")),
        ("earphones", ("category", "headphones")),
        ("wooden", ("material", "wood")),
        ("gray", ("colour", "grey")),
        ("navy", ("colour", "blue")),
        ("Brindle and Co", ("brand", "Brindle & Co")),
    ],
)
def test_a_word_means_a_value_of_a_product(shop, words, value):
    """A second domain needs no code of its own."""
    assert found(shop, words) == [value]


@pytest.mark.parametrize(
    "words", ["sad", "dark", "clever", "heist", "true story", "superhero", "european", "black and white"]
)
def test_a_mood_is_no_value(films, words):
    """What no value means is left to the search."""
    assert found(films, words) == []


@pytest.mark.parametrize("words", ["leather", "gold", "gift", "rucksack tag", "sturdy"])
def test_a_neighbour_is_not_the_same(shop, words):
    """Gold is near silver and leather near nylon; neither is what was asked for."""
    assert found(shop, words) == []


def test_a_romcom_is_both(films):
    """A word may ask for two values."""
    assert found(films, "rom-com") == [("genres", "comedy"), ("genres", "romance")]


def test_a_last_name_is_enough(films):
    """People are called by their last names."""
    assert found(films, "by Nolan") == [("directors", "Christopher Nolan")]
    assert found(films, "Tom Hanks") == [("cast", "Tom Hanks")]


def test_by_and_with_tell_makers_from_players(films):
    """One who directs and plays is meant as the word before says."""
    values = films.retrieval.catalogue.values
    both = next(str(name) for name in values("directors") if name in values("cast"))

    assert found(films, both, before="something by") == [("directors", both)]
    assert found(films, both, before="something with") == [("cast", both)]


def test_degrees_speak_of_a_field(films, shop):
    """ "Cheaper" is about the price, where there is one."""
    assert shop.grounder.values.degree("something cheaper") == ("price", -1, "cheaper")
    assert films.grounder.values.degree("a newer one") == ("year", 1, "newer")
    assert films.grounder.values.degree("cheaper") is None


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("who directed it", "directors"),
        ("who made it", "directors"),
        ("who stars in that", "cast"),
        ("is it long", "runtime"),
        ("how many minutes", "runtime"),
        ("when did it come out", "year"),
        ("is it in english", "language"),
        ("which country", "country"),
        ("what's it about", "description"),
        ("is it scary", "description"),
        ("what happens", "description"),
        ("is it on netflix", None),
        ("how much did it make", None),
        ("any awards", None),
        ("what is the meaning of life", None),
    ],
)
def test_a_question_asks_for_a_field(films, question, field):
    """Or for what no record holds."""
    assert films.grounder.values.field_asked(question) == field


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("how much is it", "price"),
        ("does it come in red", "colour"),
        ("is it leather", "material"),
        ("who makes it", "brand"),
        ("is it in stock", "in_stock"),
        ("how heavy is it", None),
        ("warranty", None),
    ],
)
def test_a_question_asks_about_a_product(shop, question, field):
    """The same phrasings serve another catalogue."""
    assert shop.grounder.values.field_asked(question) == field


def test_a_preposition_names_no_field(films):
    """ "With" is an alias of the cast, but not in every sentence."""
    assert films.grounder.values.field_named("can I watch it with my mum") is None
    assert films.grounder.values.field_named("who's the director?") == "directors"


def test_an_everyday_surname_is_a_name_where_it_is_written_as_one(films):
    """Doris Day is meant by her whole name, by a capital, or behind a word that leads to people."""
    assert found(films, "rainy day") == []
    assert [match.values for match in films.grounder.values.find("Doris Day")]


@pytest.mark.parametrize("words", ["Celine Sciamma", "Céline Sciamma", "celine sciamma"])
def test_a_name_is_known_without_its_accents(films, words):
    assert found(films, words) == [("directors", "Céline Sciamma")]
