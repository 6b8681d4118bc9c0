"""What is shown of what a model drafts: held to the record, in varied words, plain where nothing holds."""

import pytest
from langchain_core.outputs import Generation, LLMResult

from bot.claims import ClaimChecker, Record
from bot.configs import ModelConfig
from bot.facts import Fact
from bot.writing import SURE, UNSURE, Order, Writer
from retrieval.catalogue import Catalogue
from retrieval.items import CatalogueConfig, FieldSpec, Item

FIELDS = {
    "year": FieldSpec(type="int", unit="year"),
    "genres": FieldSpec(type="list"),
    "directors": FieldSpec(type="list"),
}
HEAT = Item("heat", "Heat", "", {"year": 1995, "genres": ["crime"], "directors": ["Michael Mann"]})
RONIN = Item("ronin", "Ronin", "", {"year": 1998, "genres": ["action"], "directors": ["John Frankenheimer"]})
PERSON = Record(words=("something tense",))


class Model:
    """Answers each prompt from a list, with a sureness; `layout` says whether it knows our layout."""

    def __init__(self, drafts, *, layout=True):
        self.config = ModelConfig()
        self.knows_layout = layout
        self._drafts = iter(drafts)

    def generate(self, prompts, *, ask):
        for row in range(len(prompts)):
            ask.finished(row, *next(self._drafts, ("", UNSURE)))
        return LLMResult(generations=[[Generation(text="")] for _ in prompts])


@pytest.fixture
def write():
    catalogue = Catalogue(CatalogueConfig(noun="film", nouns="films", fields=FIELDS), [HEAT, RONIN])

    def with_model(model, *orders):
        return Writer(model, "film", ClaimChecker(catalogue)).write(orders, PERSON, 1)

    return with_model


def order(item, **more):
    facts = (
        Fact("TITLE", item.title),
        Fact("WISH", "“something tense”"),
        Fact("YEAR", str(item.fields["year"])),
    )
    return Order("item", facts, "[TITLE]: [YEAR].", ("TITLE", "WISH"), items=(item,), **more)


def test_a_draft_whose_claims_hold_is_shown(write):
    """With its facts in place."""
    drafts = [("For [WISH], try [TITLE] from [YEAR].", SURE + 0.1)] * 3

    (said,) = write(Model(drafts), order(HEAT))

    assert said.text == "For “something tense”, try Heat from 1995."
    assert said.failure is None


def test_free_words_are_held_to_the_record(write):
    """Another model may say facts itself: true ones are shown, others are not, whatever it is sure of."""
    false = ("For [WISH], try Heat, a comedy by Michael Mann.", 0.0)
    true = ("For [WISH], try Heat, a crime film by Michael Mann.", -0.5)

    (said,) = write(Model([false, false, true], layout=False), order(HEAT))

    assert said.text == "For “something tense”, try Heat, a crime film by Michael Mann."


def test_nothing_unchecked_is_shown(write):
    """A plain sentence stands in, and it is said which claim did not hold."""
    false = ("For [WISH], try Heat, which won two Oscars.", 0.0)

    (said,) = write(Model([false] * 100, layout=False), order(HEAT))

    assert said.text == "Heat: 1995."
    assert said.failure is not None
    assert "outside the record" in said.failure


def test_sentences_begin_in_different_ways(write):
    """Where a draft as sure begins otherwise, it is taken."""
    same = "For [WISH], try [TITLE] from [YEAR]."
    other = "How about [TITLE] from [YEAR]? It goes with [WISH]."
    drafts = [(same, SURE), (same, SURE), (same, SURE), (same, SURE + 0.3), (other, SURE), (same, SURE)]

    first, second = write(Model(drafts), order(HEAT), order(RONIN))

    assert first.draft == same
    assert second.draft == other


def test_an_unsure_draft_is_not_shown(write):
    """Words that the model itself would hardly have chosen."""
    (said,) = write(Model([("For [WISH], try [TITLE] from [YEAR].", UNSURE - 1)] * 100), order(HEAT))

    assert said.text == "Heat: 1995."
    assert said.failure == "the model is not sure of its words"
