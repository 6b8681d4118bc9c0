"""The API does what its OpenAPI description says, tried by schemathesis with all its checks.

A real server with the real model and the demo films, asked what the description allows and what it forbids:
examples, boundaries of every schema, invented data, and chains of requests that feed each other.
"""

import subprocess
import sys

import pytest

from benchmarks.serving import ROOT, Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

EXAMPLES = 10
"""Of invented data per operation; the boundaries are tried beside them, a thousand requests in all."""
OPTIONS = f"""
color = false
suppress-health-check = ["all"]
request-timeout = 120

[generation]
max-examples = {EXAMPLES}
deterministic = true
database = "none"

[phases.stateful]
max-steps = 6
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(ROOT / "configs" / "demo.yaml", tmp_path_factory.mktemp("described") / "state")
    server.start("demo")
    yield server
    server.stop()


def test_the_api_keeps_to_its_description(server, tmp_path):
    """No failure and no error; the server goes on as if nothing had been."""
    config = tmp_path / "schemathesis.toml"
    config.write_text(OPTIONS, encoding="utf-8")
    described = f"{server.url}/openapi.json"
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", described],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    assert "Tested: " in run.stdout
    assert "Traceback" not in server.output()
    assert server.ask("after", "a calm drama")["reply"]
