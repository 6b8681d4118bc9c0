"""Errors of the joined service.

ParleyError
    BotError
        SettingsError        a setting that cannot be used, named with the way out
        ModelError           the language model cannot be loaded or used
            ModelTooSlow     it did not finish before the turn's deadline
            ModelStopped     it was told to stop, because nobody waits for the answer any more
        MessageError         a message that cannot be taken (empty, too long)
        UnknownSession       no such session, or another user's
        UnknownTurn          the turn to answer anew is not the latest of its session
        ForeignTurn          no such turn of this user, or not in this session
        UnknownBelief        nothing of that key is believed of this user
"""

from storage.errors import ParleyError


class BotError(ParleyError):
    """Anything the joined service raises on purpose."""


class SettingsError(BotError):
    """A setting that cannot be used."""


class ModelError(BotError):
    """The language model cannot be loaded or used."""


class ModelTooSlow(ModelError):
    """The language model did not finish before the turn's deadline."""


class ModelStopped(ModelError):
    """The language model was told to stop writing."""


class MessageError(BotError):
    """A message that cannot be taken."""


class UnknownSession(BotError):
    def __init__(self, session_id: str) -> None:
        super().__init__(f"there is no session {session_id!r} of this user")
        self.session_id = session_id


class UnknownTurn(BotError):
    def __init__(self, turn_id: str) -> None:
        super().__init__(
            f"{turn_id!r} is not the latest turn of this session; only that one can be answered anew"
        )
        self.turn_id = turn_id


class ForeignTurn(BotError):
    def __init__(self, turn_id: str) -> None:
        super().__init__(f"there is no turn {turn_id!r} of this user in that session")
        self.turn_id = turn_id


class UnknownBelief(BotError):
    def __init__(self, key: str) -> None:
        super().__init__(f"nothing is held under {key!r} for this user")
        self.key = key
