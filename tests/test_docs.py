"""The documentation says what is so: links lead somewhere, examples run, names exist."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import typer.main
from markdown.extensions.toc import slugify

from benchmarks.serving import ROOT
from bot.api import create_app
from bot.cli import app as commands
from bot.settings import PREFIX, Settings, load_settings
from docs import reference
from tests.bot.fakes import FixedParley

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
MADE = {"site", "build", "runs"}
ROOMS = [one for one in ROOT.iterdir() if one.is_dir() and one.name[0] != "." and one.name not in MADE]
OTHERS = sorted(
    [*ROOT.glob("*.md"), *(page for room in ROOMS if room != DOCS for page in room.rglob("*.md"))]
)

FENCE = re.compile(
    r'^( *)```(?P<language>\w*)(?: title="(?P<title>[^"]*)")?\n(?P<text>.*?)^\1```$', re.M | re.S
)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\((?P<target>[^)\s]+)\)|<(?P<plain>https?://[^>\s]+)>")
HEADING = re.compile(r"^#+ +(.+?) *$", re.M)


def blocks(page: Path, language: str) -> list[str]:
    found = FENCE.finditer(page.read_text(encoding="utf-8"))
    return [block["text"] for block in found if block["language"] == language]


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def name_of(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else ""


def anchors(page: Path) -> set[str]:
    return {
        slugify(re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading), "-") for heading in HEADING.findall(prose(page))
    }


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=name_of)
def test_links_lead_somewhere(page):
    """Files and headings exist; addresses elsewhere are well formed. (mkdocs checks anchors within docs/.)"""
    for link in LINK.finditer(prose(page)):
        target = link["target"] or link["plain"]
        parts = urlsplit(target)
        if parts.scheme:
            assert parts.scheme in ("http", "https", "mailto"), target
            assert parts.scheme == "mailto" or parts.hostname, target
            continue
        file = (page.parent / parts.path).resolve() if parts.path else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        if parts.fragment and file.suffix == ".md" and page.parent != DOCS:
            assert parts.fragment in anchors(file), f"{page.name} links to {target}; no such heading"


def test_a_link_into_nothing_would_be_noticed(tmp_path):
    """The patterns above see links, and only outside of code."""
    page = tmp_path / "a.md"
    page.write_text("# One `two`\n[a](b.md#c) `[d](e.md)`\n```\n[f](g.md)\n```\n<https://example.com/>\n")
    assert [link["target"] or link["plain"] for link in LINK.finditer(prose(page))] == [
        "b.md#c",
        "https://example.com/",
    ]
    assert anchors(page) == {"one-two"}


@pytest.mark.parametrize(
    ("page", "text"), [(page, text) for page in PAGES for text in blocks(page, "yaml")], ids=name_of
)
def test_yaml_examples_can_be_loaded(page, text, tmp_path):
    """Whoever copies an example gets a configuration that is taken."""
    config = tmp_path / "example.yaml"
    config.write_text(text, encoding="utf-8")

    load_settings(config)


def code_of(page: Path) -> Iterator[str]:
    """What stands in code, a command a line."""
    for text in (*blocks(page, "bash"), *CODE.findall(prose(page))):
        yield from text.replace("\\\n", " ").splitlines()


def test_commands_and_their_options_exist():
    known = typer.main.get_command(commands).commands
    seen = set()
    for page in [*PAGES, *OTHERS]:
        for line in code_of(page):
            called = re.search(r"(?<![\w/-])(?:\.venv/bin/)?parley ([a-z]+)", line)
            if called is None:
                continue
            assert called[1] in known, f"{page.name}: {line}"
            options = {option for parameter in known[called[1]].params for option in parameter.opts}
            unknown = set(re.findall(r"(?<= )--[\w-]+", line[called.end() :])) - options - {"--help"}
            assert not unknown, f"{page.name}: {line}"
            seen.add(called[1])
    assert seen >= {"init", "ingest", "train", "serve", "chat", "demo", "doctor"}


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+)(?: [a-z-]+)*:", (ROOT / "Makefile").read_text(), re.M))
    for page in [*PAGES, *OTHERS]:
        for line in code_of(page):
            for target in re.findall(r"^make ([a-z-]+)", line):
                assert target in targets, f"{page.name}: {line}"


@pytest.fixture(scope="module")
def operations(tmp_path_factory):
    """(method, path) of everything that REST answers."""
    paths = create_app(FixedParley(tmp_path_factory.mktemp("state"))).openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_rest_page_lists_every_endpoint_and_no_other(operations):
    listed = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`", prose(DOCS / "rest.md"))

    assert set(listed) == operations


def test_every_curl_example_asks_for_an_endpoint(operations):
    served = [(method, re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))) for method, path in operations]
    count = 0
    for page in PAGES:
        for text in blocks(page, "bash"):
            for call in re.findall(r"\bcurl .*?(?=\bcurl |\Z)", text.replace("\\\n", " "), re.S):
                url = urlsplit(re.search(r"http://[^\s'\"]+", call)[0])
                given = re.search(r"-X (\w+)", call)
                method = given[1] if given else ("POST" if " -d " in call else "GET")
                assert any(method == m and re.fullmatch(p, url.path) for m, p in served), (
                    f"{page.name}: {call}"
                )
                count += 1
    assert count >= 20


def keys_of(schema: dict, node: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every setting, from pydantic's own schema."""
    for option in (node, *node.get("anyOf", ())):
        option = schema["$defs"][option["$ref"].rsplit("/", 1)[-1]] if "$ref" in option else option
        for name, inner in option.get("properties", {}).items():
            yield (*path, name)
            yield from keys_of(schema, inner, (*path, name))
        if isinstance(option.get("additionalProperties"), dict):
            yield from keys_of(schema, option["additionalProperties"], (*path, reference.ANY))


def test_every_setting_is_explained():
    """Each key of the tree stands in the reference, with words, or is the heading of those below it."""
    written = reference.settings_reference()
    explained = dict(re.findall(r'<code id="([^"]+)">.*\n: +(.*?)<br>', written))
    headings = set(re.findall(r"^## (.+)$", written, re.M))

    schema = Settings.model_json_schema()
    keys = {".".join(key) for key in keys_of(schema, schema)}

    parents = {key.rpartition(".")[0] for key in keys}
    assert keys - set(explained) - headings - parents == set()
    assert [key for key, words in explained.items() if not words] == []
    assert set(explained) <= keys


def test_documented_variables_set_what_they_say(monkeypatch):
    """Every variable of the reference with a default is taken, and lands on its key."""
    pattern = r'<code id="([^"]+)">.*\n.*\n.*default `([^`]+)`; `(\w+)`'
    for key, default, variable in re.findall(pattern, reference.settings_reference()):
        monkeypatch.setenv(variable, default)
        found = load_settings(None)
        monkeypatch.delenv(variable)
        for step in key.split("."):
            found = getattr(found, step)
        shown = f"{found:g}" if isinstance(found, float) else str(found)
        assert shown.lower() == default.lower(), variable
        assert variable.startswith(PREFIX)


def test_actions_are_listed_with_their_words():
    table = reference.actions_reference()

    assert "| `purchase` | +1.5 |" in table
    assert "`购买`" in table


@pytest.mark.slow
def test_examples_run(films, tmp_path):
    """Every curl of three pages, in order, against the real server."""
    pages = [DOCS / name for name in ("quick-start.md", "rest.md", "privacy.md")]
    script = "".join(text for page in pages for text in blocks(page, "bash") if "curl" in text)
    script = script.replace("http://127.0.0.1:8000", films.url).replace("ada", "reader-of-the-docs")
    head = 'set -euo pipefail\ncurl() { command curl --noproxy "*" --fail-with-body "$@"; }\n'
    if shutil.which("jq") is None:
        pick = "import json, sys; print(json.load(sys.stdin)[sys.argv[1][1:]])"
        head += f"jq() {{ {sys.executable} -c '{pick}' \"$2\"; }}\n"

    ran = subprocess.run(["bash", "-c", head + script], capture_output=True, text=True, timeout=300)

    assert ran.returncode == 0, ran.stdout[-500:] + ran.stderr[-500:]
    events = re.findall(r"event: (\w+)\n", ran.stdout)
    assert events[0] == "intent"
    assert events[-1] == "done"
    assert set(events) <= {"intent", "recommendations", "text", "done"}


@pytest.mark.slow
def test_own_data_example_goes_as_it_is_told(tmp_path):
    """The teas of the page: `parley init` writes that configuration, `parley ingest` says those lines."""
    text = (DOCS / "own-data.md").read_text(encoding="utf-8")
    shown = {block["title"]: block["text"] for block in FENCE.finditer(text) if block["title"]}
    for name in ("teas.csv", "events.csv"):
        (tmp_path / name).write_text(shown[name], encoding="utf-8")
    outer = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}

    def parley(*arguments, said=""):
        ran = subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            cwd=tmp_path, env=outer | {"COLUMNS": "300"}, input=said, capture_output=True, text=True,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    # Title, id, description, one, several, currency, a column to change, behaviour, the file to write.
    parley("init", "teas.csv", said="\n".join(["", "", "", "", "", "EUR", "", "", ""]) + "\n")
    assert (tmp_path / "teas.yaml").read_text(encoding="utf-8") == shown["teas.yaml"]

    told = re.findall(r"^(?:items|events): .*$", text, re.M)
    ingest = ("ingest", "--config", "teas.yaml")
    assert [*parley(*ingest).splitlines(), *parley(*ingest).splitlines()] == told


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built documentation, served."""
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    made = subprocess.run(
        build, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr[-2000:]
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
def test_site_asks_nothing_of_other_hosts(site, browser):
    """Every page opened in a real browser loads from its own host alone, without errors; search finds."""
    folder, address = site
    asked, trouble = [], []
    page = browser.new_page()
    page.set_default_timeout(120_000)  # a busy machine is no fault of the site
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: trouble.append(str(error)))

    for file in sorted(folder.rglob("index.html")):
        page.goto(f"{address}/{file.parent.relative_to(folder)}/")
    page.get_by_role("textbox", name="Search").fill("idempotency")
    page.wait_for_selector(".md-search-result__item a[href*='rest/']")
    page.close()

    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert trouble == []
