"""Training on the whole log: factors, what goes together, popularity; then the pointer moves."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from ranking.actions import ActionsConfig
from ranking.artefacts import BehaviourModel, point_at, remove_old, save_model
from ranking.errors import RankingError
from ranking.events import BehaviourEvent, EventLog
from ranking.factors import train_factors
from ranking.interactions import gather
from ranking.open import origin_of
from ranking.rank import RankingConfig
from ranking.sources import cooccurrence, popularity
from retrieval.open import Retrieval
from storage.engine import writing

EVENTS_PER_REPORT = 10_000


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What was trained on, and what came of it."""

    version: str
    users: int
    """People with something that they are for."""
    items: int
    """Items that somebody is for; the others get their factors from text."""
    events: int
    seconds: float


def train(
    engine: Engine,
    state_dir: Path,
    retrieval: Retrieval,
    actions: ActionsConfig | None = None,
    config: RankingConfig | None = None,
    progress: Callable[[int], None] = lambda _events: None,
    without: Collection[str] = (),
) -> TrainReport:
    """Train on every event that was not taken back, and make the result the current version.

    The people `without` did not agree to be learned from beyond their sessions.
    `progress` hears the events read since it last did. `RankingError` when nobody is for anything yet.
    """
    started = time.perf_counter()
    actions, config = actions or ActionsConfig(), config or RankingConfig()
    events = _reported(EventLog(engine, actions).all_effective(without), progress)
    interactions = gather(events, actions, retrieval.catalogue.ids)
    if not interactions.item_ids:
        raise RankingError("there is nothing to train on: no event speaks for an item; ingest events first")
    embeddings = retrieval.matrix[retrieval.catalogue.positions(interactions.item_ids)]
    model = BehaviourModel(
        train_factors(interactions, embeddings, config.factors),
        cooccurrence(interactions, config.sources),
        popularity(interactions, config.sources),
        origin_of(retrieval),
    )
    version = save_model(state_dir, model)
    with writing(engine) as connection:
        point_at(connection, version)
    remove_old(state_dir, version)
    return TrainReport(
        version,
        interactions.n_users,
        len(interactions.item_ids),
        interactions.n_events,
        time.perf_counter() - started,
    )


def _reported(events: Iterator[BehaviourEvent], progress: Callable[[int], None]) -> Iterator[BehaviourEvent]:
    count = 0
    for count, event in enumerate(events, start=1):
        yield event
        if count % EVENTS_PER_REPORT == 0:
            progress(EVENTS_PER_REPORT)
    progress(count % EVENTS_PER_REPORT)
