"""Bringing data in and training on it, as the command line does before anything is served.

Every step can be run again: what is there already is left as it is. `track` hears the name of the step
and how much more of it is done.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, select

from bot.errors import SettingsError
from bot.profile import Profiles
from bot.settings import Settings, SimulateConfig
from ranking.artefacts import current_version
from ranking.events import EventLog
from ranking.ingest import EventsReport, ingest_events
from ranking.simulator import simulate
from ranking.train import TrainReport, train
from retrieval.catalogue import Catalogue
from retrieval.embedding import UNKNOWN_LIMIT, TextEncoder
from retrieval.ingest import IngestReport, ingest_items
from retrieval.items import ItemRow
from retrieval.open import Retrieval, open_retrieval
from storage.engine import open_storage

Track = Callable[[str, int], None]

CARDS_LOOKED_AT = 200


class Preparation:
    """The steps before serving, over one state folder."""

    def __init__(self, settings: Settings, track: Track = lambda _step, _more: None) -> None:
        self.settings = settings
        self.engine: Engine = open_storage(settings.state_dir, settings.storage)
        self._track = track

    def close(self) -> None:
        self.engine.dispose()

    def is_empty(self) -> bool:
        """Whether the catalogue has no item yet."""
        with self.engine.connect() as connection:
            return connection.scalar(select(ItemRow.item_id).limit(1)) is None

    def items(self, path: Path) -> IngestReport:
        """Ingest a catalogue. Raises IngestError."""
        advance = partial(self._track, f"reading {path.name}")
        return ingest_items(self.engine, self.settings.catalogue, path, self._rejects(path), advance)

    def events(self, path: Path) -> EventsReport:
        """Ingest a behaviour log. Raises IngestError."""
        known = Catalogue.load(self.engine, self.settings.catalogue).ids
        advance = partial(self._track, f"reading {path.name}")
        return ingest_events(self.engine, self.settings.actions, known, path, self._rejects(path), advance)

    def embed(self) -> Retrieval:
        """Bring the vectors up to date with the catalogue."""
        self._track("embedding items", 0)  # the encoder takes a while to load
        return open_retrieval(
            self.engine,
            self.settings.state_dir,
            self.settings.catalogue,
            self.settings.encoder,
            self.settings.vectors_url,
            progress=partial(self._track, "embedding items"),
        )

    def simulate(self, config: SimulateConfig, retrieval: Retrieval) -> int:
        """Add made-up behaviour; the number of events."""
        made = simulate(
            retrieval.catalogue, retrieval.matrix, config.users, config.events_per_user, config.seed
        )
        EventLog(self.engine, self.settings.actions).append(None, made)
        self._track("simulating behaviour", len(made))
        return len(made)

    def train(self, retrieval: Retrieval) -> TrainReport:
        """Train on the whole log and make the result current."""
        settings = self.settings
        advance = partial(self._track, "training on events")
        return train(
            self.engine, settings.state_dir, retrieval, settings.actions, settings.ranking, advance,
            without=Profiles(self.engine).session_only(),
        )  # fmt: skip

    def demo(self) -> None:
        """All that the configured data still lacks, up to a trained service."""
        data = self.settings.data
        if data.items is None:
            raise SettingsError("the config names no catalogue: set `data.items`")
        report = self.items(data.items)
        if data.events is not None:
            self.events(data.events)
        retrieval = self.embed()
        log = EventLog(self.engine, self.settings.actions)
        if data.simulate is not None and not log.users_count():
            self.simulate(data.simulate, retrieval)
        with self.engine.connect() as connection:
            trained = current_version(connection) is not None
        # A catalogue that moved on needs new factors; a log without anyone in it has none to give.
        if (report.added or report.changed or not trained) and log.users_count():
            self.train(retrieval)

    def _rejects(self, path: Path) -> Path:
        return self.settings.state_dir / "rejects" / f"{path.name}.rejects.csv"


def language_warning(encoder: TextEncoder, catalogue: Catalogue) -> str | None:
    """What to say when the encoder cannot read the catalogue's language."""
    some = catalogue.items[:: max(1, len(catalogue) // CARDS_LOOKED_AT)]
    cards = [catalogue.card_text(item) for item in some]
    foreign = sum(encoder.unknown_share(card) > UNKNOWN_LIMIT for card in cards)
    if not foreign:
        return None
    return (
        f"the text encoder cannot read {foreign} of {len(cards)} items looked at: they are found by words, "
        "fields and behaviour, not by meaning; name a multilingual encoder's folder with `encoder.path`"
    )
