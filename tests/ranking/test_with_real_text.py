"""The room on the real encoder and the real vector store."""

import numpy as np
import pytest
from invented_shop import put_items

from ranking.open import open_ranking
from ranking.simulator import simulate
from ranking.train import train
from retrieval.embedding import EncoderConfig
from retrieval.items import CatalogueConfig, Item
from retrieval.open import open_retrieval
from tests import homes

pytestmark = pytest.mark.slow

THINGS = {
    "kite": "A stunt kite with two lines for windy beaches",
    "raft": "An inflatable raft for slow rivers and lakes",
    "tent": "A light tent for two, made for walking in the hills",
    "stove": "A gas stove that boils water on a campsite in minutes",
    "oboe": "A student oboe of resin with a soft case",
    "cello": "A small cello for children who start to play",
    "drum": "A hand drum with a goatskin head and a warm sound",
    "flute": "A wooden flute in D, played in folk music",
}


@pytest.fixture(scope="module")
def ranking(home_kind, chroma, tmp_path_factory):
    with homes.home(home_kind, tmp_path_factory.mktemp("things") / "state", chroma) as home:
        yield from _trained(home)


def _trained(home):
    engine, state = home.open(), home.state_dir
    put_items(engine, [Item(name, name.capitalize(), text) for name, text in THINGS.items()])
    retrieval = open_retrieval(
        engine, state, CatalogueConfig(name="things"), EncoderConfig(), home.vectors_url
    )
    ranking = open_ranking(engine, state, retrieval)
    ranking.log.append(None, simulate(retrieval.catalogue, retrieval.matrix, 20, 5, 0))
    train(engine, state, retrieval)
    yield ranking
    engine.dispose()


def test_a_person_is_known_from_the_first_sentence(ranking):
    user = ranking.user("ann", said=["I play in an orchestra"])
    candidates = ranking.retrieval.retriever.retrieve("", vector=user.semantic)

    found = [one.item_id for one in ranking.ranker.rank(user, candidates, k=3, diversity=0.0)]

    assert set(found) <= {"oboe", "cello", "drum", "flute"}


def test_one_like_pulls_its_like_and_is_used_by_the_next_turn(ranking):
    def outdoors():
        user = ranking.user("bob")
        ranked = ranking.ranker.rank(user, [], k=8, diversity=0.0)
        places = [one.rank for one in ranked if one.item_id in {"kite", "raft", "stove", "tent"}]
        return np.mean(places)

    before = outdoors()
    ranking.log.feedback("bob", "tent", "like")
    ranking.log.feedback("bob", "stove", "like")

    assert outdoors() < before


def test_words_that_the_encoder_does_not_know_leave_no_taste(ranking):
    assert not ranking.user("cid", said=["我想要一个风筝"]).semantic.any()
