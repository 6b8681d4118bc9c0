"""One server over the fixed facade, for all browser tests."""

import pytest

from benchmarks.serving import ROOT
from tests.browser.pages import FixedServer

SCREENS = ROOT / "docs" / "screens"


@pytest.fixture(scope="session")
def one_server(tmp_path_factory):
    server = FixedServer(tmp_path_factory.mktemp("fixed"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def fixed(one_server):
    """The fixed server; what a test does between two sentences is undone."""
    one_server.parley.between = lambda: None
    yield one_server
    one_server.parley.between = lambda: None


@pytest.fixture
def screen(options):
    """Keeps a picture of a page under docs/screens when PARLEY_SCREENSHOTS is set."""

    def keep(page, name):
        if options["PARLEY_SCREENSHOTS"]:
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.wait_for_timeout(600)
            page.screenshot(path=SCREENS / f"{name}.png")

    return keep
