"""The behaviour log on PostgreSQL, by the same code and migrations as on SQLite."""

import os
import uuid

import pytest
from sqlalchemy import create_engine, insert, make_url, text

from ranking.actions import ActionsConfig
from ranking.events import EventLog
from retrieval.items import ItemRow
from storage.base import utcnow
from storage.engine import StorageConfig, open_storage, writing

URL = os.environ.get("PARLEY_TEST_POSTGRES_URL")

pytestmark = pytest.mark.skipif(URL is None, reason="PARLEY_TEST_POSTGRES_URL names no PostgreSQL")


@pytest.fixture
def engine(tmp_path):
    """A storage in a schema of its own, dropped afterwards."""
    schema = f"parley_{uuid.uuid4().hex}"
    admin = create_engine(URL)
    with admin.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(URL).update_query_dict({"options": f"-csearch_path={schema}"})
    opened = open_storage(tmp_path, StorageConfig(url=url.render_as_string(hide_password=False)))
    yield opened
    opened.dispose()
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


def test_feedback_is_kept_once_and_can_be_taken_back(engine):
    """Acknowledged, found again, the same for the same key, gone after a retraction."""
    item = {
        "item_id": "lamp", "title": "Lamp", "description": "", "fields": {}, "aliases": [], "digest": "1",
        "added_at": utcnow(),
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(ItemRow), [item])
    log = EventLog(engine, ActionsConfig())

    event, created = log.feedback("ada", "lamp", "like", key="once")
    again, repeated = log.feedback("ada", "lamp", "like", key="once")

    assert (created, repeated) == (True, False)
    assert again.event_id == event.event_id
    assert [one.action for one in log.of_user("ada")] == ["like"]
    log.retract(event.event_id)
    assert log.of_user("ada") == []
