"""Everything that this room serves, opened together, and swapped whole when new artefacts are pointed at."""

import logging
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from sqlalchemy import Engine

from ranking.actions import ActionsConfig
from ranking.artefacts import Origin, current_version, load_model
from ranking.errors import ArtefactError
from ranking.events import BehaviourEvent, EventLog
from ranking.factors import Factors
from ranking.interactions import gather
from ranking.rank import Ranker, RankingConfig
from ranking.snapshot import FloatArray, Snapshot, align, untrained
from ranking.sources import popularity
from ranking.users import UserReader, UserState
from retrieval.open import Retrieval

logger = logging.getLogger(__name__)


class Ranking:
    """The log, the ranker and the current model of behaviour. Safe to share between threads."""

    def __init__(
        self,
        engine: Engine,
        state_dir: Path,
        retrieval: Retrieval,
        actions: ActionsConfig,
        config: RankingConfig,
    ) -> None:
        self.engine = engine
        self.state_dir = state_dir
        self.retrieval = retrieval
        self.config = config
        self.log = EventLog(engine, actions)
        self.ranker = Ranker(retrieval.catalogue, retrieval.matrix, config)
        self.reader = UserReader(
            retrieval.catalogue, retrieval.matrix, retrieval.encoder, actions, config.users
        )
        self.origin = origin_of(retrieval)
        self._refreshing = Lock()
        version = self._pointer()
        self._seen_version = version
        self.snapshot = self._untrained() if version is None else self._load(version)

    @property
    def factors(self) -> Factors | None:
        """The current factors, or None before the first training."""
        return self.snapshot.factors

    @property
    def popularity(self) -> FloatArray:
        """How popular each item is, in catalogue order (n,)."""
        return self.snapshot.popularity

    def user(self, user_id: str, said: Sequence[str] = ()) -> UserState:
        """The person as the log knows them now, with the wishes `said` in this conversation.

        Never cached: an event that was acknowledged, by whichever worker, is in the next state.
        """
        return self.state_of(user_id, self.log.of_user(user_id), said)

    def state_of(self, user_id: str, events: Sequence[BehaviourEvent], said: Sequence[str] = ()) -> UserState:
        """The person as `events` (oldest first) show them, whatever the log holds."""
        self.refresh()
        return self.reader.read(user_id, events, said, self.snapshot)

    def refresh(self) -> bool:
        """Load the version that the pointer names, if it moved; whether it was loaded.

        A version that cannot be used is logged once, and the one before goes on serving.
        """
        version = self._pointer()
        if version is None or version == self._seen_version:
            return False
        if not self._refreshing.acquire(blocking=False):
            return False  # another thread is loading it; this turn goes on with the one before
        try:
            self.snapshot = self._load(version)
        except ArtefactError as error:
            logger.warning("%s; version %s goes on serving", error, self.snapshot.version)
            return False
        finally:
            self._seen_version = version
            self._refreshing.release()
        return True

    def _pointer(self) -> str | None:
        with self.engine.connect() as connection:
            return current_version(connection)

    def _load(self, version: str) -> Snapshot:
        model = load_model(self.state_dir, version, self.origin)
        return align(version, model, self.retrieval.catalogue, self.retrieval.matrix)

    def _untrained(self) -> Snapshot:
        catalogue = self.retrieval.catalogue
        interactions = gather(self.log.all_effective(), self.log.actions, catalogue.ids)
        counts = popularity(interactions, self.config.sources)
        return untrained(catalogue, dict(zip(interactions.item_ids, counts.tolist(), strict=True)))


def open_ranking(
    engine: Engine,
    state_dir: Path,
    retrieval: Retrieval,
    actions: ActionsConfig | None = None,
    config: RankingConfig | None = None,
) -> Ranking:
    """Open the room on the current artefacts, or on popularity alone before the first training.

    `ArtefactError` when the current artefacts are damaged, missing or another catalogue's.
    """
    return Ranking(engine, state_dir, retrieval, actions or ActionsConfig(), config or RankingConfig())


def origin_of(retrieval: Retrieval) -> Origin:
    """What a model trained on `retrieval` is good for."""
    return Origin(retrieval.catalogue.config.name, retrieval.encoder.digest)
