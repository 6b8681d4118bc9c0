"""Who is looking at the page."""

import stat

import pytest
from fastapi.testclient import TestClient

from bot.errors import SettingsError
from tests.bot.fakes import FixedParley
from ui.server import build_server
from ui.visitor import COOKIE, Visitors


@pytest.fixture
def client(tmp_path):
    with TestClient(build_server(FixedParley(tmp_path))) as client:
        yield client


def test_opening_the_page_gives_a_cookie_that_scripts_cannot_read(client):
    """And opening it again with the cookie does not give another."""
    header = client.get("/ui/").headers["set-cookie"]

    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/ui" in header
    assert "set-cookie" not in client.get("/ui/").headers


def test_a_forged_cookie_is_nobody(tmp_path):
    """An id counts only with this service's signature."""
    ours, theirs = Visitors(tmp_path / "ours"), Visitors(tmp_path / "theirs")
    signed = ours.cookie("visitor-1", secure=False).split(";")[0]

    assert ours.read(signed) == "visitor-1"
    assert theirs.read(signed) is None
    assert ours.read(f"{COOKIE}=visitor-1") is None
    assert ours.read(signed.replace("visitor-1", "visitor-2")) is None
    assert ours.read("") is None
    assert ours.read("\x00=;;;") is None


def test_the_key_is_kept_and_is_this_users_alone(tmp_path):
    path = tmp_path / "page.key"
    cookie = Visitors(path).cookie("visitor-1", secure=True).split(";")[0]

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Visitors(path).read(cookie) == "visitor-1"
    path.write_bytes(b"short")
    with pytest.raises(SettingsError, match="damaged"):
        Visitors(path)


def test_one_can_start_as_someone_new_but_not_be_made_to(client):
    """A new cookie for the page itself; another site's form gets nothing."""
    client.get("/ui/")
    before = client.cookies[COOKIE]

    refused = client.post("/ui/new", headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert client.post("/ui/new").status_code == 204
    assert client.cookies[COOKIE] != before


def test_the_page_may_ask_no_other_host(client):
    page = client.get("/ui/")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "fonts.googleapis" not in page.text
    assert "connect-src 'self'" in page.headers["content-security-policy"]
