"""The settings of the model and of the conversation, apart from what they configure.

Their rooms load torch and more; settings are read, and the port is taken, before any of that.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt


class ModelConfig(BaseModel):
    """The language model that reads and writes."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    path: str | None = None
    """A model folder or a hub id; the shipped model when not set. A hub id is downloaded by transformers."""
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


class TurnConfig(BaseModel):
    """The conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidates: PositiveInt = 200
    """How many items the text search hands to the ranker."""
    questions: NonNegativeInt = 2
    """How many questions back a session may hold."""
    welcome: PositiveInt = 3
    """How many spread-out items a newcomer is greeted with."""
    welcome_diversity: float = Field(default=0.7, ge=0, le=1)
    """How far those are spread."""
