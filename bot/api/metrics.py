"""What `/metrics` tells Prometheus. Each app counts in a registry of its own."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from bot.reply import Turn
from ranking.events import BehaviourEvent

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts turns and events; whichever door serves one tells it here."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._stages = Histogram(
            "parley_turn_seconds",
            "Time of a turn by stage",
            ["stage"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._turns = Counter(
            "parley_turns", "Turns answered, by variant", ["variant"], registry=self.registry
        )
        self._fallbacks = Counter(
            "parley_fallbacks", "Turns whose reply the model did not write", registry=self.registry
        )
        self._events = Counter(
            "parley_events", "Behaviour recorded", ["source", "action"], registry=self.registry
        )

    def turn(self, turn: Turn) -> None:
        """Count one answered turn, with the events that it carried."""
        for stage, milliseconds in turn.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)
        self._turns.labels(turn.variant).inc()
        if turn.model.fallback:
            self._fallbacks.inc()
        for event in turn.events:
            self.event(event)

    def event(self, event: BehaviourEvent) -> None:
        """Count one new event."""
        self._events.labels(event.source, event.action).inc()

    def page(self) -> bytes:
        """Everything counted, in Prometheus' text format."""
        return generate_latest(self.registry)
