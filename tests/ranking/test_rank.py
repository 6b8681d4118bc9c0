"""Whole lists, from the log to the ranking."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from invented_shop import KINDS, act, fans, put_items, shelf_of, shop_items

from ranking.open import open_ranking
from ranking.rank import RankingConfig
from ranking.train import train
from retrieval.filters import Constraint
from retrieval.items import Item
from retrieval.search import Candidate


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def ranking(engine, state, shelf, log):
    log.append(None, fans())
    train(engine, state, shelf)
    return open_ranking(engine, state, shelf)


def listed(ranking, user="ann", candidates=(), **wishes):
    return [one.item_id for one in ranking.ranker.rank(ranking.user(user), candidates, **wishes)]


def kinds(item_ids):
    return [item_id.split("-")[0] for item_id in item_ids]


def test_a_like_changes_the_very_next_list(ranking):
    before = kinds(listed(ranking, k=10))
    for number in range(3):
        ranking.log.feedback("ann", f"puzzle-{number}", "like")

    after = kinds(listed(ranking, k=10))

    assert after.count("puzzle") > before.count("puzzle")
    assert after.count("puzzle") >= 6


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_likes_count_by_text_alone_and_by_factors_alone(engine, state, shelf, ranking, alpha):
    config = RankingConfig.model_validate({"fusion": {"alpha": alpha}})
    one_sided = open_ranking(engine, state, shelf, config=config)
    for number in range(3):
        one_sided.log.feedback("ann", f"rug-{number}", "like")

    assert kinds(listed(one_sided, k=5, diversity=0.0)).count("rug") >= 3  # of seven that are left


@pytest.mark.parametrize("action", ["seen", "purchase", "reject", "dislike", "accept", "like"])
def test_what_was_seen_owned_liked_rejected_or_disliked_never_comes_back(
    engine, state, shelf, ranking, action
):
    """Not by text, not by taste, not after a restart and a retrain."""
    ranking.log.feedback("ann", "rug-1", action)
    by_text = [Candidate("rug-1", 9.0, 1.0, 9.0), Candidate("rug-2", 1.0)]
    query = shelf.matrix[shelf.catalogue.position("rug-1")]

    train(engine, state, shelf)
    for room in (ranking, open_ranking(engine, state, shelf)):
        assert "rug-1" not in listed(room, candidates=by_text, query_vector=query, k=100)
        assert "rug-1" not in listed(room, k=100)


def test_an_item_asked_for_by_name_may_come_back(ranking):
    ranking.log.feedback("ann", "rug-1", "seen")

    assert "rug-1" in listed(ranking, k=100, candidates=[Candidate("rug-1", 1.0)], allowed={"rug-1"})


def test_excluded_items_stay_out_even_when_allowed(ranking):
    found = listed(ranking, k=100, excluded={"rug-1", "sofa"}, allowed={"rug-1"})

    assert "rug-1" not in found


def test_a_retraction_brings_an_item_back(ranking):
    event, _ = ranking.log.feedback("ann", "rug-1", "reject")
    ranking.log.retract(event.event_id, "ann")

    assert "rug-1" in listed(ranking, k=100)


def test_every_item_fulfils_the_constraints_wherever_it_came_from(ranking):
    wish = Constraint("price", "lt", 30)
    found = listed(ranking, "fan-of-rug-0", [Candidate("rug-9", 9.0)], constraints=[wish], k=100)

    assert found
    assert all(ranking.retrieval.catalogue[one].fields["price"] < 30 for one in found)


def test_a_request_outranks_habit(ranking, shelf):
    """A lover of rugs who asks for a kettle gets kettles."""
    query = shelf.encoder.encode(["a kettle"])[0]
    candidates = [Candidate(f"kettle-{n}", 1.0, 0.9) for n in range(10)]

    found = listed(ranking, "fan-of-rug-0", candidates, query_vector=query, k=4)

    assert kinds(found) == ["kettle"] * 4


def test_a_request_that_the_encoder_cannot_read_outranks_habit_by_its_words(ranking):
    candidates = [Candidate(f"kettle-{n}", 1.0, 0.0, 4.0) for n in range(10)]

    assert kinds(listed(ranking, "fan-of-rug-0", candidates, k=4)) == ["kettle"] * 4


def test_a_newcomers_list_is_spread_out(ranking):
    assert len(set(kinds(listed(ranking, "new", k=4, diversity=0.9)))) == len(KINDS)


def test_ranks_count_from_one_and_scores_say_what_counted(ranking, shelf):
    user = ranking.user("fan-of-rug-0")
    place = next(shelf.catalogue.position(f"rug-{n}") for n in range(10) if f"rug-{n}" not in user.consumed)
    new = shelf.catalogue.ids[place]
    query = shelf.encoder.encode(["a rug"])[0]
    ranked = ranking.ranker.rank(user, [Candidate(new, 1.0, 0.9, 2.5)], query_vector=query, k=40)

    assert [one.rank for one in ranked] == list(range(1, len(ranked) + 1))
    assert len({one.item_id for one in ranked}) == len(ranked)
    rug = next(one for one in ranked if one.item_id == new)
    assert rug.scores.lexical == 2.5
    assert rug.scores.mf == pytest.approx(float(user.snapshot.item_factors[place] @ user.mf), abs=1e-5)
    assert rug.scores.semantic > 0.5


@pytest.mark.parametrize("k", [0, -1])
def test_no_items_for_no_count(ranking, k):
    assert listed(ranking, k=k) == []


def test_unknown_candidates_are_passed_over(ranking):
    assert "sofa" not in listed(ranking, candidates=[Candidate("sofa", 9.0)], k=100)


def test_neighbours_are_what_the_same_people_took(ranking):
    ranking.log.feedback("ann", "rug-1", "like")

    near = [item_id for item_id, _ in ranking.user("ann").neighbours]

    assert kinds(near[:4]) == ["rug"] * 4
    assert "rug-1" not in near


def test_before_training_popularity_and_text_serve(engine, state, shelf, log):
    log.append(None, [act(f"user-{n}", "lantern-3", "like") for n in range(5)])
    ranking = open_ranking(engine, state, shelf)

    assert ranking.factors is None
    assert listed(ranking, k=1) == ["lantern-3"]
    ranking.log.feedback("ann", "rug-1", "like")
    assert kinds(listed(ranking, k=3, diversity=0.0)).count("rug") == 3


def test_an_item_newer_than_the_factors_is_recommended_by_its_text(engine, state, ranking):
    new = Item("rug-new", "rug new", "a rug", {"kind": "rug", "price": 5})
    put_items(engine, [new])
    wider = open_ranking(engine, state, shelf_of([new, *shop_items()]))

    scores = {
        one.item_id: one.scores
        for one in wider.ranker.rank(wider.user("fan-of-rug-0"), [], k=100, diversity=0.0)
    }

    assert scores["rug-new"].mf > np.median([scores[one].mf for one in scores if "rug" not in one])


def test_a_pending_event_joins_when_its_item_arrives(engine, state, ranking):
    ranking.log.append(None, [act("ann", "rug-new", "like")])
    assert ranking.user("ann").n_behaviour == 0

    wider = open_ranking(engine, state, shelf_of([*shop_items(), Item("rug-new", "rug new", "a rug")]))

    assert wider.user("ann").liked == (("rug-new", 1.0),)


def test_a_moved_pointer_is_followed_and_a_turn_keeps_its_snapshot(engine, state, shelf, ranking):
    old = ranking.user("fan-of-rug-0")
    version = train(engine, state, shelf).version

    assert ranking.user("fan-of-rug-0").snapshot.version == version
    assert old.snapshot.version != version
    assert ranking.ranker.rank(old, [], k=3)


def test_a_broken_refresh_leaves_the_old_version_serving(engine, state, shelf, ranking, caplog):
    before = ranking.snapshot.version
    version = train(engine, state, shelf).version
    (state / "behaviour" / version / "arrays.safetensors").write_bytes(b"half a file")

    assert listed(ranking, "fan-of-rug-0")
    assert ranking.snapshot.version == before
    assert version in caplog.text


def test_a_user_is_folded_in_exactly_from_the_whole_history_in_any_order(ranking):
    """Adds and retractions leave no trace: only the effective history counts."""
    kept = [act("ann", f"rug-{n}", "like", n) for n in range(4)]
    ranking.log.append(None, kept[2:])
    stray, _ = ranking.log.feedback("ann", "kettle-1", "like")
    ranking.log.append(None, kept[:2])
    ranking.log.retract(stray.event_id)
    ranking.log.append(None, [act("bob", event.item_id, "like", n) for n, event in enumerate(kept)])

    np.testing.assert_allclose(ranking.user("ann").mf, ranking.user("bob").mf, atol=1e-5)


def test_threads_get_what_one_thread_gets(ranking):
    users = [f"fan-of-{kind}-{n}" for kind in KINDS for n in range(8)]
    alone = [listed(ranking, user) for user in users]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda user: listed(ranking, user), users)) == alone


def test_an_empty_catalogue_has_nothing_to_rank(engine, tmp_path):
    empty = open_ranking(engine, tmp_path / "elsewhere", shelf_of([]))

    assert listed(empty) == []
