"""Made-up people: repeatable, and with tastes that can be learned."""

import numpy as np

from ranking.simulator import simulate


def test_equal_seeds_make_equal_people(shelf):
    assert simulate(shelf.catalogue, shelf.matrix, 3, 5, 1) == simulate(
        shelf.catalogue, shelf.matrix, 3, 5, 1
    )
    assert simulate(shelf.catalogue, shelf.matrix, 3, 5, 1) != simulate(
        shelf.catalogue, shelf.matrix, 3, 5, 2
    )


def test_events_say_that_they_are_simulated_and_nobody_meets_an_item_twice(shelf):
    events = simulate(shelf.catalogue, shelf.matrix, 20, 12, 0)

    assert {event.source for event in events} == {"simulated"}
    assert len({(event.user_id, event.item_id) for event in events}) == len(events) == 240
    assert len({event.event_id for event in events}) == 240


def test_every_action_is_known_and_both_likes_and_dislikes_occur(shelf, actions):
    taken = {event.action for event in simulate(shelf.catalogue, shelf.matrix, 40, 12, 0)}

    assert {actions.canonical(action) for action in taken} == taken
    assert {"like", "dislike"} <= taken


def test_what_one_person_likes_is_more_alike_than_chance(shelf):
    liked = {}
    for event in simulate(shelf.catalogue, shelf.matrix, 60, 12, 0):
        if event.action == "like":
            liked.setdefault(event.user_id, []).append(shelf.catalogue.position(event.item_id))

    within = np.mean([(shelf.matrix[p] @ shelf.matrix[p].T).mean() for p in liked.values() if len(p) > 2])

    assert within > (shelf.matrix @ shelf.matrix.T).mean() + 0.1


def test_an_empty_catalogue_makes_nobody_do_anything(shelf):
    empty = type(shelf.catalogue)(shelf.catalogue.config, [])

    assert simulate(empty, shelf.matrix[:0], 3, 5, 0) == []
