"""The settings of the model and of the conversation, apart from what they configure.

Their rooms load torch and more; settings are read, and the port is taken, before any of that.
"""

import ipaddress
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
    model_validator,
)


class ModelConfig(BaseModel):
    """The language model that reads and writes."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    path: str | None = None
    """A model folder or a hub id; the shipped model when not set. A hub id is downloaded by transformers."""
    url: str | None = None
    """The base URL of an OpenAI-compatible server to ask instead, such as `http://127.0.0.1:8001/v1`."""
    name: str | None = None
    """What the model is called at `model.url`."""
    api_key: SecretStr | None = None
    """The key for `model.url`, where it wants one. Taken from the environment only, never from a file."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where accelerate puts the weights; auto takes a GPU where there is one."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Number format of the weights; auto is float32 on a CPU and the file's own on a GPU."""
    int8: bool = True
    """On a CPU, quantise the decoder's linear layers to int8 at load (about twice as fast)."""
    digest: str | None = None
    """SHA-256 that `model.safetensors` must have; not checked when not set."""
    seed: int = 7
    """Seed of the writer's sampling."""
    temperature: float = 0.7
    """Of the writer's sampling; reading is always greedy."""
    read_seconds: float = 4.0
    """Longest time for reading one utterance before a plain reply is given."""
    write_seconds: float = 6.0
    """Longest time for writing one reply before a plain reply is given."""
    threads: PositiveInt | None = None
    """CPU threads of torch; its own choice when not set."""

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number, or half an IPv6 address
            usable = False
        if not usable:
            raise ValueError("must be the address of a server, such as http://127.0.0.1:8001/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            # It is shown when the server fails, and in health; a key must not stand in it.
            raise ValueError(
                "must hold no password, query or fragment; a key goes into PARLEY_MODEL__API_KEY"
            )
        return url.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _is_key(cls, key: SecretStr | None) -> SecretStr | None:
        words = "" if key is None else key.get_secret_value().strip()
        if not (words.isascii() and words.isprintable()):
            raise ValueError("must be plain ASCII characters in one line")
        return SecretStr(words) if words else None

    @model_validator(mode="after")
    def _is_one_model(self) -> Self:
        if self.url is not None and self.path is not None:
            raise ValueError("`path` and `url` name two models; set one of them")
        if (self.url is None) != (self.name is None):
            raise ValueError("`url` and `name` go together: the server, and what it calls the model")
        return self

    @property
    def leaves_machine(self) -> bool:
        """Whether what people say is sent to another machine."""
        host = urlsplit(self.url or "").hostname or "localhost"
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host != "localhost"


class TurnConfig(BaseModel):
    """The conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: PositiveInt = 200
    """How many items the text search hands to the ranker."""
    questions: NonNegativeInt = 2
    """How many questions back a session may hold; 0 asks none."""
    question_worth: NonNegativeFloat = 1.0
    """How many times likelier a question must make it that what is meant is in the next list, against showing
    this list and the next without asking. Raise it to ask less."""
    question_temperature: PositiveFloat = 2.0
    """Of the softmax that turns the ranker's scores into how likely each item is what is meant."""
    welcome: PositiveInt = 3
    """How many spread-out items a newcomer is greeted with."""
    welcome_diversity: float = Field(default=0.7, ge=0, le=1)
    """How far those are spread."""
