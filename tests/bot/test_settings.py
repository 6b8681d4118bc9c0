"""One tree of settings, and one line for whatever cannot be used in it."""

from pathlib import Path

import pytest

from bot.configs import ModelConfig
from bot.errors import SettingsError
from bot.settings import load_settings

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("PARLEY_STATE_DIR", "PARLEY_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "here" / "parley.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refused(path, *words):
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


def test_defaults_need_no_file():
    settings = load_settings()
    assert settings.state_dir == Path(".parley")
    assert settings.server.host == "127.0.0.1"


@pytest.mark.parametrize("name", ["demo", "shop", "movielens"])
def test_shipped_configs_can_be_used(name):
    """Each names its data by a path from its own folder."""
    settings = load_settings(CONFIGS / f"{name}.yaml")
    assert settings.data.items.is_absolute()
    assert settings.catalogue.fields


def test_the_environment_is_over_the_file_and_the_command_line_over_both(write, monkeypatch):
    path = write("server: {host: 0.0.0.0, port: 1111}\nstate_dir: a")
    monkeypatch.setenv("PARLEY_SERVER__PORT", "2222")
    monkeypatch.setenv("PARLEY_STATE_DIR", "b")

    assert load_settings(path).server.port == 2222
    assert load_settings(path, server__port=3333, model__device=None).server.port == 3333
    assert load_settings(path).server.host == "0.0.0.0"
    assert load_settings(path).state_dir == Path("b")


def test_data_is_looked_for_beside_the_file(write):
    path = write("data: {items: things.csv}")
    assert load_settings(path).data.items == path.parent / "things.csv"


def test_an_unknown_key_is_named_with_its_file_and_its_neighbour(write):
    path = write("server: {prot: 80}")
    refused(path, str(path), "'server.prot'", "'port'")
    refused(write("sever: {}"), "'sever'", "'server'")


def test_an_unknown_variable_is_named(monkeypatch):
    monkeypatch.setenv("PARLEY_STAT_DIR", "x")
    refused(None, "PARLEY_STAT_DIR", "PARLEY_STATE_DIR")


def test_a_bad_value_is_named_where_it_was_set(write, monkeypatch):
    refused(write("server: {port: high}"), "'server.port'", "parley.yaml")
    monkeypatch.setenv("PARLEY_SERVER__PORT", "low")
    refused(None, "PARLEY_SERVER__PORT")


def test_a_broken_variable_is_one_line(monkeypatch):
    monkeypatch.setenv("PARLEY_SERVER", "{port:")
    refused(None, "environment")


def test_a_file_that_is_not_settings_is_one_line(write, tmp_path):
    refused(tmp_path / "absent.yaml", "absent.yaml", "--config")
    refused(tmp_path, "cannot be read")
    refused(write("server: {port: 1\nb: ]"), "line 2")
    refused(write("- a\n- b"), "setting: value")
    refused(write("1: 2"), "must be a word")
    broken = write("")
    broken.write_bytes(b"\xff\xfe\x00\x01")
    refused(broken, "parley.yaml")
    broken.write_bytes(b"state_dir: a\x00b")
    refused(broken, "parley.yaml")


def test_an_empty_file_is_all_defaults(write):
    assert load_settings(write("# nothing yet\n")).catalogue.noun == "item"


def test_a_key_is_taken_from_the_environment_and_shown_nowhere(write, monkeypatch):
    """It goes with an address; blanks around it are none of it."""
    path = write("model: {url: 'http://127.0.0.1:8001/v1/', name: big}")
    monkeypatch.setenv("PARLEY_MODEL__API_KEY", " sk-secret\n")

    model = load_settings(path).model

    assert model.api_key.get_secret_value() == "sk-secret"
    assert model.url == "http://127.0.0.1:8001/v1"
    assert "sk-secret" not in repr(load_settings(path)) + load_settings(path).model_dump_json()
    monkeypatch.setenv("PARLEY_MODEL__API_KEY", "")
    assert load_settings(path).model.api_key is None


def test_a_key_in_a_file_is_refused(write):
    message = refused(write("model: {api_key: sk-secret}"), "model.api_key", "PARLEY_MODEL__API_KEY")
    assert "sk-secret" not in message


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("{url: 'http://127.0.0.1/v1', name: m, path: models/x}", ["`path` and `url`"]),
        ("{url: 'http://127.0.0.1/v1'}", ["`url` and `name`"]),
        ("{name: m}", ["`url` and `name`"]),
        ("{url: 'localhost:8000', name: m}", ["'model.url'", "http://"]),
        ("{url: 'ftp://h/v1', name: m}", ["'model.url'", "http://"]),
        ("{url: 'http:///v1', name: m}", ["'model.url'", "http://"]),
        ("{url: 'http://h:eighty/v1', name: m}", ["'model.url'", "http://"]),
        ("{url: 'http://[::1/v1', name: m}", ["'model.url'", "http://"]),
        ("{url: 'http://me:pass@h/v1', name: m}", ["'model.url'", "PARLEY_MODEL__API_KEY"]),
        ("{url: 'http://h/v1?key=pass', name: m}", ["'model.url'", "PARLEY_MODEL__API_KEY"]),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(write, monkeypatch, model, words):
    """And no key is told on the way, not even in the error below it."""
    monkeypatch.setenv("PARLEY_MODEL__API_KEY", "sk-secret")
    with pytest.raises(SettingsError) as caught:
        load_settings(write(f"model: {model}"))

    assert all(word in str(caught.value) for word in words)
    assert "pass" not in str(caught.value).replace("password", "")
    assert "sk-secret" not in f"{caught.value} {caught.value.__cause__!r}"


def test_a_key_that_no_header_can_hold_is_refused(monkeypatch):
    monkeypatch.setenv("PARLEY_MODEL__API_KEY", "sk-sécret")
    message = refused(None, "PARLEY_MODEL__API_KEY", "ASCII")
    assert "cret" not in message


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        (None, False),
        ("http://127.0.0.1:8000/v1", False),
        ("http://localhost/v1", False),
        ("http://[::1]:8000/v1", False),
        ("http://127.0.0.1.evil.example/v1", True),
        ("http://192.168.0.2/v1", True),
        ("https://api.example/v1", True),
    ],
)
def test_an_address_elsewhere_is_known_as_such(url, leaves):
    assert ModelConfig(url=url, name=None if url is None else "m").leaves_machine is leaves
