"""The homes of storage, real servers in each, one per demo catalogue and run, and the browser."""

import os
from contextlib import ExitStack

import pytest

from benchmarks.serving import ROOT
from benchmarks.shared import ChromaServer
from tests import homes
from tests.browser.pages import CHROMIUM, QUIET, no_browser

# The service refuses variables that look like its settings and are none, so ours leave the environment.
OPTIONS = {name: os.environ.pop(name, None) for name in ("PARLEY_REPORT", "PARLEY_SCREENSHOTS")}


@pytest.fixture(scope="session", params=homes.KINDS)
def home_kind(request):
    """Runs whatever asks for it on SQLite with an embedded Chroma and on PostgreSQL with a Chroma server."""
    return request.param


@pytest.fixture(scope="session")
def chroma(tmp_path_factory):
    """Gives the Chroma server of this run, started when it is first asked for."""
    server = ChromaServer(tmp_path_factory.mktemp("chroma") / "data")
    started = []

    def running():
        if not started:
            started.append(server.start())
        return server

    yield running
    server.kill()


@pytest.fixture
def home(home_kind, chroma, tmp_path):
    """An empty home of the test's own."""
    with homes.home(home_kind, tmp_path / "state", chroma) as opened:
        yield opened


@pytest.fixture
def engine(home):
    """The empty storage of `home`."""
    engine = home.open()
    yield engine
    engine.dispose()


@pytest.fixture
def small_disk():
    """Mounts a disk of so many megabytes."""
    with ExitStack() as disks:
        yield lambda megabytes: disks.enter_context(homes.mounted(megabytes))


def _served(config, kind, folder, chroma):
    with homes.home(kind, folder / "state", chroma) as home:
        server = homes.HomeServer(ROOT / "configs" / config, home)
        server.start("demo")
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def films(home_kind, chroma, tmp_path_factory):
    yield from _served("demo.yaml", home_kind, tmp_path_factory.mktemp("films"), chroma)


@pytest.fixture(scope="session")
def shop(home_kind, chroma, tmp_path_factory):
    yield from _served("shop.yaml", home_kind, tmp_path_factory.mktemp("shop"), chroma)


@pytest.fixture(scope="session")
def browser():
    """The one browser of a run."""
    missing = no_browser()
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def options():
    """What the environment asked of this run: PARLEY_REPORT (a file), PARLEY_SCREENSHOTS (anything)."""
    return OPTIONS
