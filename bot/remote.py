"""A model at the address of an OpenAI-compatible server. The one file that knows langchain-openai.

Nothing but `model.url` is asked, and nothing but `model.api_key` is shown to it: the variables that OpenAI's
own client reads (OPENAI_API_KEY and its kin) are for others.
"""

import time
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.chat import ChatModel
from bot.configs import ModelConfig
from bot.errors import ModelError
from bot.model import Ask

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

PATIENCE = 5.0
"""Seconds that a server is given to say that it is there."""
GRACE = 0.5
"""A request is given up so many seconds after its deadline, when nobody waits any more."""
_WAYS_OUT = {
    401: "set PARLEY_MODEL__API_KEY to a key that it takes",
    403: "set PARLEY_MODEL__API_KEY to a key that it takes",
    404: "correct `model.url` (which often ends in /v1) or `model.name`",
    429: "it has too much to do: ask again later",
}


class RemoteModel(ChatModel):
    """The model `config.name` at `config.url`.

    Raises:
        ModelError: the package that talks to such servers is not installed.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(_client(config), config, name=config.name)

    def _options(self, ask: Ask, row: int) -> dict[str, Any]:
        seed = self.config.seed if ask.seed is None else ask.seed
        options: dict[str, Any] = {
            "max_tokens": ask.tokens,
            "temperature": self.config.temperature if ask.sample else 0.0,
            "seed": (seed + row) % 2**31,  # drafts of one sentence are to differ
        }
        if ask.deadline is not None:
            options["timeout"] = max(0.0, ask.deadline - time.monotonic()) + GRACE
        return options

    def _held(self, prompt: str, options: dict[str, Any], schema: dict[str, Any]) -> str:
        from openai import LengthFinishReasonError

        try:
            return super()._held(prompt, options, schema)
        except LengthFinishReasonError as cut:  # what is there can be read all the same
            return cut.completion.choices[0].message.content or ""

    def _reason(self, error: Exception) -> str:
        return _reason(error, self.config)

    def _lateness(self) -> str:
        return f"{super()._lateness()} at {self.config.url}"


def reach(config: ModelConfig) -> None:
    """Raises ModelError when nothing answers at `config.url`, or it does not take the key."""
    chat = _client(config)
    try:
        chat.root_client.models.list(timeout=PATIENCE)
    except Exception as error:
        if getattr(error, "status_code", None) != 404:  # it is there, and has no list of its models
            raise ModelError(_reason(error, config)) from error


def _client(config: ModelConfig) -> "ChatOpenAI":
    try:
        from langchain_openai import ChatOpenAI
        from openai import DefaultHttpxClient
    except ImportError as error:
        raise ModelError(
            "`model.url` needs the package langchain-openai; run `pip install '.[remote]'` in Parley's folder"
        ) from error
    return ChatOpenAI(
        model=config.name or "",
        base_url=config.url,
        api_key=config.api_key or SecretStr("none"),  # left out, OPENAI_API_KEY would be sent
        max_retries=0,
        use_responses_api=False,
        # A proxy would hear what is said to this machine; a redirect could lead anywhere.
        http_client=DefaultHttpxClient(trust_env=config.leaves_machine, follow_redirects=False),
    )


def _reason(error: Exception, config: ModelConfig) -> str:
    """What the server did, and the way out; never in its own words, which may hold anything."""
    from openai import APIConnectionError, APIStatusError

    if isinstance(error, APIStatusError):
        way_out = _WAYS_OUT.get(error.status_code, "see the server's own log")
        return f"the model server {config.url} answered with status {error.status_code}; {way_out}"
    if isinstance(error, APIConnectionError):
        return f"the model server {config.url} cannot be reached; start it, or correct `model.url`"
    return (
        f"the model server {config.url} does not answer as an OpenAI-compatible one does "
        f"({type(error).__name__}); correct `model.url`, which often ends in /v1"
    )
