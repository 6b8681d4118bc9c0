"""Events grouped by person and item."""

import pytest
from invented_shop import act

from ranking.actions import ActionsConfig
from ranking.events import strengths
from ranking.interactions import gather

IDS = ["rug-1", "rug-2", "rug-3"]


def rows(interactions):
    return {
        (int(user), interactions.item_ids[item]): strength
        for user, item, strength in zip(
            interactions.users, interactions.items, interactions.strength, strict=True
        )
    }


def test_strengths_join_as_those_of_one_person_do(actions):
    events = [
        act("ann", "rug-1", "dislike", 3),
        act("ann", "rug-1", "view", 1),
        act("ann", "rug-1", "like", 4),
        act("ann", "rug-2", "skip", 2),
        act("ann", "rug-3", "click", 5),
        act("ann", "rug-3", "click", 6),
    ]
    alone = strengths(sorted(events, key=lambda event: event.timestamp), actions)

    together = rows(gather(events, actions, IDS))

    assert together == pytest.approx(
        {(0, item): strength for item, strength in alone.items() if strength > 0}
    )


def test_unknown_items_and_people_who_are_for_nothing_take_no_row(actions):
    events = [act("ann", "sofa", "like"), act("bob", "rug-1", "dislike"), act("cid", "rug-2", "like")]

    interactions = gather(events, actions, IDS)

    assert (interactions.n_users, interactions.item_ids, interactions.n_events) == (1, ("rug-2",), 2)


def test_no_events_are_no_rows():
    interactions = gather([], ActionsConfig(), IDS)

    assert (interactions.n_users, interactions.item_ids) == (0, ())
