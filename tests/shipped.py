"""A demo catalogue behind the shipped model, in this process."""

from contextlib import contextmanager

from benchmarks.serving import ROOT
from bot.prepare import Preparation
from bot.service import Parley
from bot.settings import load_settings


@contextmanager
def opened(config, folder):
    """The service of one of `configs/`, without made-up behaviour."""
    settings = load_settings(ROOT / "configs" / config, state_dir=folder / "state")
    preparation = Preparation(settings)
    preparation.items(settings.data.items)
    preparation.close()
    parley = Parley.open(settings)
    try:
        yield parley
    finally:
        parley.close()
