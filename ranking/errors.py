"""What can go wrong in the ranking room.

ParleyError
  RankingError
    UnknownAction        an action that no setting names
    UnknownItem          feedback on an item that the catalogue does not hold
    UnknownEvent         a retraction of an event that the user does not have
    InvalidValue         a value that its action cannot use
    IdempotencyConflict  one key used for two different requests
    ArtefactError        trained files that are missing, damaged or from elsewhere
"""

from collections.abc import Collection

from storage.errors import ParleyError


class RankingError(ParleyError):
    """Behaviour could not be recorded or used."""


class UnknownAction(RankingError):
    """An action that is neither a configured name nor an alias."""

    def __init__(self, action: str, known: Collection[str]) -> None:
        super().__init__(
            f"unknown action {action!r}: use one of {', '.join(sorted(known))}, "
            "or add it (or an alias) under `actions` in the config"
        )
        self.action = action


class UnknownItem(RankingError):
    """An item that the catalogue does not hold."""

    def __init__(self, item_id: str) -> None:
        super().__init__(f"unknown item {item_id!r}: the catalogue does not hold it")
        self.item_id = item_id


class UnknownEvent(RankingError):
    """An event that does not exist, or belongs to someone else (which is not told apart)."""

    def __init__(self, event_id: str) -> None:
        super().__init__(f"unknown event {event_id!r}")
        self.event_id = event_id


class InvalidValue(RankingError):
    """A value that is missing where its action needs one, or is not a finite number."""

    def __init__(self, action: str, value: object) -> None:
        super().__init__(f"action {action!r} needs a finite number as its value, not {value!r}")
        self.action = action


class IdempotencyConflict(RankingError):
    """An idempotency key that came back with another body."""

    def __init__(self, key: str) -> None:
        super().__init__(f"idempotency key {key!r} was already used for a different request: send a new key")
        self.key = key


class ArtefactError(RankingError):
    """Trained files that cannot be used; says why and how to make new ones."""

    def __init__(self, version: str, reason: str) -> None:
        super().__init__(
            f"trained behaviour model {version!r} {reason}; run `parley train` to make a new one"
        )
        self.version = version
