"""Real servers, one per demo catalogue and run, for the tests that go through HTTP."""

import os

import pytest

from benchmarks.serving import ROOT, Server

# The service refuses variables that look like its settings and are none, so ours leave the environment.
OPTIONS = {name: os.environ.pop(name, None) for name in ("PARLEY_REPORT", "PARLEY_SCREENSHOTS")}


def _served(config, folder):
    server = Server(ROOT / "configs" / config, folder / "state")
    server.start("demo")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    yield from _served("demo.yaml", tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    yield from _served("shop.yaml", tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def options():
    """What the environment asked of this run: PARLEY_REPORT (a file), PARLEY_SCREENSHOTS (anything)."""
    return OPTIONS
