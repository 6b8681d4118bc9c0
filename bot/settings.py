"""Every setting in one tree: a YAML file, under PARLEY_* environment variables, under the command line.

Gathers the configuration of each room; knows nothing of what they do with it. `load_settings` is the
one door: whatever cannot be used comes out of it as a SettingsError that names the key and where it
was set.
"""

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as SourceError,
)

from bot.configs import ModelConfig, TurnConfig
from bot.errors import SettingsError
from ranking.actions import ActionsConfig
from ranking.rank import RankingConfig
from retrieval.embedding import EncoderConfig
from retrieval.items import CatalogueConfig
from storage.engine import StorageConfig

PREFIX = "PARLEY_"


class ServerConfig(BaseModel):
    """The HTTP server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    """The address that is listened on; 0.0.0.0 opens the service to the network."""
    port: int = Field(default=8000, ge=0, le=65535)
    """The port; 0 takes any free one."""
    max_message_chars: PositiveInt = 4000
    """Longest message of a person."""
    max_body_bytes: PositiveInt = 1_000_000
    """Longest body of a request."""
    max_turns: PositiveInt = 64
    """Turns of the API in hand at once; whoever comes then is asked to come back (503)."""


class SimulateConfig(BaseModel):
    """Behaviour that `parley demo` makes up, marked as simulated wherever it shows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: PositiveInt = 200
    """How many people."""
    events_per_user: PositiveInt = 20
    """How many events each."""
    seed: NonNegativeInt = 7
    """Equal seeds make equal behaviour."""


class DataConfig(BaseModel):
    """What is ingested when no file is named; relative paths start at the YAML file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: Path | None = None
    """CSV, JSONL or Parquet of items."""
    events: Path | None = None
    """CSV, JSONL or Parquet of behaviour."""
    simulate: SimulateConfig | None = None
    """Make behaviour up where there is none."""


class Settings(BaseSettings):
    """All settings of one service."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        validate_default=False,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        protected_namespaces=(),
        hide_input_in_errors=True,  # a key may be among it
    )

    state_dir: Path = Path(".parley")
    """Folder of everything that the service writes."""
    data_dir: Path | None = None
    """Folder of datasets that are not shipped."""
    data: DataConfig = Field(default_factory=DataConfig)
    storage: StorageConfig = Field(default_factory=StorageConfig)
    catalogue: CatalogueConfig = Field(default_factory=CatalogueConfig)
    encoder: EncoderConfig = Field(default_factory=EncoderConfig)
    vectors_url: str | None = None
    """A Chroma server, such as `http://host:8000`; empty for one inside the state folder."""
    actions: ActionsConfig = Field(default_factory=ActionsConfig)
    ranking: RankingConfig = Field(default_factory=RankingConfig)
    model: ModelConfig = Field(default_factory=ModelConfig)
    turn: TurnConfig = Field(default_factory=TurnConfig)
    server: ServerConfig = Field(default_factory=ServerConfig)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # load_settings merges the sources itself, to be able to say which of them a bad value is from.
        return (init_settings,)


def load_settings(path: Path | None = None, **overrides: Any) -> Settings:
    """Read `path` (defaults when None), the environment over it and `overrides` over both.

    An override may name a nested setting as the environment does: `server__port=0`; None says nothing.
    Raises SettingsError.
    """
    file = _read_yaml(path) if path is not None else {}
    _refuse_key(file, path)
    environment = _read_environment()
    given = _nested({key: value for key, value in overrides.items() if value is not None})
    merged = _merge(_merge(file, environment), given)
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        raise SettingsError(_explain(error.errors()[0], path, environment)) from error
    except TypeError as error:  # a key that is not a string
        raise SettingsError(f"{path}: every setting's name must be a word ({error})") from error
    return settings if path is None else _anchored(settings, path.parent)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = f"{error.strerror or error}; name a file with --config"
        raise SettingsError(f"config {str(path)!r} cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"config {str(path)!r} is not text in UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise SettingsError(f"config {str(path)!r}{where} is not YAML: {problem}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"config {str(path)!r} must be a list of `setting: value` lines")
    return content


def _refuse_key(file: Mapping[str, Any], path: Path | None) -> None:
    model = file.get("model")
    if isinstance(model, Mapping) and "api_key" in model:
        raise SettingsError(
            f"config {str(path)!r}: setting 'model.api_key' is not taken from a file, which others may read; "
            "remove it and set the environment variable PARLEY_MODEL__API_KEY"
        )


def _read_environment() -> dict[str, Any]:
    """What the environment sets; a PARLEY_ variable that is no setting is refused, like a key of the file."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        if variable.startswith(f"{PREFIX}TEST_"):
            continue  # what tests run against
        if variable.startswith(PREFIX) and variable.split("__")[0] not in known:
            hint = _suggestion(variable, sorted(known))
            raise SettingsError(f"environment variable {variable} is no setting{hint}; unset it")
    try:
        return dict(EnvSettingsSource(Settings)())
    except SourceError as error:
        raise SettingsError(f"the environment cannot be used: {error}") from error


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *parents, last = key.split("__")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[last] = value
    return tree


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(under, value)
        else:
            merged[key] = value
    return merged


def _explain(error: ErrorDetails, path: Path | None, environment: Mapping[str, Any]) -> str:
    location = error["loc"]
    name = ".".join(map(str, location))
    where = f"config {str(path)!r}" if path is not None else "the command line"
    if _holds(environment, location):
        where = f"environment variable {PREFIX}{'__'.join(map(str, location)).upper()}"
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown setting {name!r}{_suggestion(str(location[-1]), _siblings(location))}"
    return f"{where}: setting {name!r}: {error['msg'].removeprefix('Value error, ')}"


def _holds(tree: Any, location: Sequence[int | str]) -> bool:
    for step in location:
        if not isinstance(tree, Mapping) or step not in tree:
            return False
        tree = tree[step]
    return True


def _siblings(location: Sequence[int | str]) -> list[str]:
    """The names that would have been right where an unknown one stands."""
    model: Any = Settings
    for step in location[:-1]:
        field = getattr(model, "model_fields", {}).get(step)
        model = field.annotation if field is not None else None
    return list(getattr(model, "model_fields", {}))


def _suggestion(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Data paths made absolute: relative ones start at `folder`, the YAML file's."""
    anchored = {
        name: (folder / path).resolve()
        for name, path in (("items", settings.data.items), ("events", settings.data.events))
        if path is not None
    }
    return settings.model_copy(update={"data": settings.data.model_copy(update=anchored)})
