"""The demo catalogues behind the real encoder, opened once; a reading is built from words by hand."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.grounding import Grounder
from bot.prepare import Preparation
from bot.settings import Settings, load_settings
from bot.understanding import Reading, Span
from retrieval.open import Retrieval
from tests import homes

CONFIGS = Path(__file__).parents[2] / "configs"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """A catalogue opened, and the grounder over it."""

    settings: Settings
    engine: Engine
    retrieval: Retrieval
    grounder: Grounder

    def ground(self, text, acts="request", *, shown=(), focus=(), asked=None, **slots):
        """The intent of `text` where the model would have read these acts and spans."""
        read = reading(text, acts, **slots)
        return self.grounder.ground(read, text, shown=shown, focus=focus, asked=asked, now=NOW)

    def wishes(self, text, **slots):
        """(field, op, value) of each constraint."""
        return [(c.field, c.op, c.value) for c in self.ground(text, **slots).constraints]


def reading(text, acts, **slots):
    """A Reading of `text`: acts in one string, and the words of each slot, one or a list."""
    spans = []
    for slot, words in slots.items():
        for one in [words] if isinstance(words, str) else words:
            start = text.index(one)
            spans.append(Span(slot, one, start, start + len(one)))
    return Reading(tuple(acts.split()), tuple(spans))


@contextmanager
def _world(config, kind, folder, chroma):
    with homes.home(kind, folder / "state", chroma) as home:
        settings = load_settings(CONFIGS / config, **home.overrides)
        preparation = Preparation(settings)
        preparation.items(settings.data.items)
        retrieval = preparation.embed()
        yield World(settings, preparation.engine, retrieval, Grounder(retrieval))
        preparation.close()


@pytest.fixture(scope="session")
def films(home_kind, chroma, tmp_path_factory):
    with _world("demo.yaml", home_kind, tmp_path_factory.mktemp("films"), chroma) as world:
        yield world


@pytest.fixture(scope="session")
def shop(home_kind, chroma, tmp_path_factory):
    with _world("shop.yaml", home_kind, tmp_path_factory.mktemp("shop"), chroma) as world:
        yield world
