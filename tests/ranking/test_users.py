"""A person as the ranker sees them."""

import numpy as np
import pytest
from invented_shop import act, shelf_of, shop_items

from ranking.snapshot import untrained
from ranking.users import UserReader, UsersConfig
from retrieval.items import Item


@pytest.fixture
def read(shelf, actions):
    reader = UserReader(shelf.catalogue, shelf.matrix, shelf.encoder, actions, UsersConfig())
    snapshot = untrained(shelf.catalogue, {})
    return lambda events, said=(): reader.read("ann", events, said, snapshot)


def closeness(shelf, user, kind):
    return float(
        np.mean([shelf.matrix[shelf.catalogue.position(f"{kind}-{n}")] @ user.semantic for n in range(9)])
    )


def test_nobody_knows_a_newcomer(read):
    user = read([])

    assert not user.semantic.any()
    assert (user.n_behaviour, user.consumed, user.hidden, user.liked) == (0, frozenset(), frozenset(), ())


def test_one_event_is_enough_for_a_taste(read, shelf):
    user = read([act("ann", "rug-1", "like")])

    assert np.linalg.norm(user.semantic) == pytest.approx(1, abs=1e-5)
    assert closeness(shelf, user, "rug") > closeness(shelf, user, "kettle")


def test_one_sentence_is_enough_for_a_taste(read, shelf):
    user = read([], said=["a kettle"])

    assert closeness(shelf, user, "kettle") > closeness(shelf, user, "rug")


def test_a_dislike_points_away(read, shelf):
    user = read([act("ann", "rug-1", "dislike")])

    assert closeness(shelf, user, "rug") < 0


def test_recent_events_weigh_more(read, shelf):
    likes = [act("ann", f"rug-{n}", "like", n) for n in range(9)]
    likes += [act("ann", f"kettle-{n}", "like", 10 + n) for n in range(9)]

    user = read(likes)

    assert closeness(shelf, user, "kettle") > closeness(shelf, user, "rug")


def test_seen_owned_and_liked_items_are_consumed_rejected_and_disliked_ones_hidden(read):
    user = read(
        [
            act("ann", "rug-1", "seen"),
            act("ann", "rug-2", "purchase"),
            act("ann", "rug-3", "rating", value=1),
            act("ann", "rug-4", "reject"),
            act("ann", "rug-5", "dislike"),
            act("ann", "rug-6", "skip"),
            act("ann", "rug-7", "like"),
        ]
    )

    assert user.consumed == {"rug-1", "rug-2", "rug-3", "rug-7"}
    assert user.hidden == {"rug-4", "rug-5"}


def test_pending_items_bar_but_do_not_count(read):
    user = read([act("ann", "sofa", "dislike")])

    assert user.hidden == {"sofa"}
    assert user.n_behaviour == 0
    assert not user.semantic.any()


def test_liked_items_come_strongest_first(read):
    user = read([act("ann", "rug-1", "view"), act("ann", "rug-2", "purchase"), act("ann", "rug-3", "skip")])

    assert user.liked == (("rug-2", 1.5), ("rug-1", 0.2))


def test_what_the_encoder_cannot_read_is_left_out(actions):
    shelf = shelf_of([*shop_items(), Item("lamp", "灯笼灯笼灯笼灯笼灯笼灯笼灯笼", "灯笼")])
    reader = UserReader(shelf.catalogue, shelf.matrix, shelf.encoder, actions, UsersConfig())

    assert not reader.semantic_vector([act("ann", "lamp", "like")], ["一个灯笼"]).any()


def test_a_long_history_with_few_sentences_still_has_a_vector(read):
    events = [act("ann", f"rug-{n % 10}", "view", n) for n in range(1000)]

    assert np.linalg.norm(read(events).semantic) == pytest.approx(1, abs=1e-5)
