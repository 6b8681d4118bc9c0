"""The words that models are asked with: one file each, no logic beyond reading them."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent
_SHIPPED = ("layout.yaml", "read.txt", "write.txt")


@cache
def text(name: str) -> str:
    """The text of one template file, for example `read.txt`."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def layout() -> dict[str, Any]:
    """The shipped model's layout, as written in `layout.yaml`."""
    loaded: dict[str, Any] = yaml.safe_load(text("layout.yaml"))
    return loaded


@cache
def layout_digest() -> str:
    """SHA-256 over the shipped layout's files; the weights carry it and a mismatch is refused."""
    return hashlib.sha256("\x00".join(text(name) for name in _SHIPPED).encode()).hexdigest()
