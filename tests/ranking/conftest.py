"""The invented shop in a real database."""

import pytest
from invented_shop import put_items, shelf_of, shop_items

from ranking.actions import ActionsConfig
from ranking.events import EventLog


@pytest.fixture
def engine(engine):
    put_items(engine, shop_items())
    return engine


@pytest.fixture
def actions():
    return ActionsConfig()


@pytest.fixture
def log(engine, actions):
    return EventLog(engine, actions)


@pytest.fixture
def shelf():
    return shelf_of(shop_items())
