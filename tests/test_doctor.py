"""`parley doctor` against installations broken for real: one line each, that names the thing and the way out.

One whole installation is made; each test breaks a copy of it. The doctor runs as a process of its own.
"""

import ctypes
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from benchmarks.shared import POSTGRES
from bot.loading import SHIPPED
from retrieval.embedding import EncoderConfig, checked_folder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
ITEMS = "item_id,title,description,kind\n" + "".join(
    f"i{n},Kettle {n},A kettle that sings note {n} when the water boils.,{('tin', 'iron')[n % 2]}\n"
    for n in range(300)
)
EVENTS = "user_id,item_id,action\n" + "".join(f"u{n % 9},i{n * 7 % 50},like\n" for n in range(120))
DAC_OVERRIDE, DROP_FROM_BOUNDS = 1, 24


def parley(*arguments, env=None, code=None, **more):
    """Run the command, or `code` and then the command, with nothing of ours in the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    start = [sys.executable, "-m", "bot.cli"]
    if code is not None:
        start = [sys.executable, "-c", f"{code}\nimport bot.cli\nbot.cli.main()"]
    return subprocess.run(
        [*start, *map(str, arguments)], cwd=ROOT, env=environment | (env or {}), capture_output=True,
        text=True, timeout=500, check=False, **more,
    )  # fmt: skip


class Installation:
    """A folder with a config, its data and its state, and how to change the config."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "parley.yaml"
        self.state = folder / "state"

    def read(self):
        return yaml.safe_load(self.config.read_text(encoding="utf-8"))

    def set(self, **settings):
        self.config.write_text(yaml.safe_dump(self.read() | settings), encoding="utf-8")

    def broken(self, *words, **more):
        """Run the doctor: exactly one broken line, which has all of `words`; returned."""
        before = fingerprint(self.folder)
        result = parley("doctor", "--config", self.config, **more)
        shown = result.stdout + result.stderr
        lines = [line for line in result.stdout.splitlines() if line.startswith("broken")]
        assert result.returncode == 1, shown
        assert "Traceback" not in shown
        assert len(lines) == 1, shown
        for word in words:
            assert word in lines[0]
        assert fingerprint(self.folder) == before, "the doctor changed something"
        return lines[0]


def fingerprint(folder):
    """Every file and when it was changed; SQLite's index of a log is no content."""
    return {
        path: path.stat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


def small_models(folder):
    """A language model and an encoder of a few random weights: what they say does not matter here."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

    torch.manual_seed(7)
    packaged, _ = checked_folder(EncoderConfig())
    size = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 256}
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    for name, source, make in (
        ("model", SHIPPED, lambda words: GPT2LMHeadModel(GPT2Config(vocab_size=words, **size))),
        ("encoder", packaged, lambda words: BertModel(BertConfig(vocab_size=words, **sizes))),
    ):
        tokenizer = AutoTokenizer.from_pretrained(str(source), local_files_only=True)
        tokenizer.save_pretrained(folder / name)
        make(len(tokenizer)).save_pretrained(folder / name)
    return {"model": {"path": str(folder / "model")}, "encoder": {"path": str(folder / "encoder")}}


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """An installation that works: ingested, embedded, trained."""
    made = Installation(tmp_path_factory.mktemp("whole"))
    (made.folder / "items.csv").write_text(ITEMS, encoding="utf-8")
    (made.folder / "events.csv").write_text(EVENTS, encoding="utf-8")
    config = {
        "state_dir": str(made.state),
        "data": {"items": "items.csv", "events": "events.csv"},
        "catalogue": {"noun": "kettle", "nouns": "kettles", "fields": {"kind": {"type": "category"}}},
        "server": {"port": 0},
        **small_models(tmp_path_factory.mktemp("models")),
    }
    made.config.write_text(yaml.safe_dump(config), encoding="utf-8")
    for verb in ("ingest", "train"):
        result = parley(verb, "--config", made.config)
        assert result.returncode == 0, result.stderr
    return made


@pytest.fixture
def installation(whole, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(whole.folder, copy)
    made = Installation(copy)
    made.set(state_dir=str(made.state))
    return made


def truncate(path, share=0.5):
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))


def test_a_whole_installation_is_well_and_left_as_it_is(installation):
    before = fingerprint(installation.folder)
    result = parley("doctor", "--config", installation.config)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "broken" not in result.stdout
    assert "300 kettles" in result.stdout
    assert "9 people, trained" in result.stdout
    assert fingerprint(installation.folder) == before


def test_a_new_installation_is_not_made_by_looking(installation):
    """Before the first ingest only the empty catalogue is to be mended."""
    shutil.rmtree(installation.state)
    installation.broken("catalogue", "empty", "parley ingest")
    assert not installation.state.exists()


def test_a_config_that_is_missing(installation):
    installation.config.unlink()
    installation.broken("settings", "parley.yaml", "--config")


def test_a_config_with_an_unknown_key(installation):
    installation.set(sever={"port": 1})
    installation.broken("settings", "'sever'", "did you mean 'server'")


def test_a_data_file_that_is_missing(installation):
    (installation.folder / "items.csv").unlink()
    installation.broken("data files", "data.items", "items.csv", "correct the config")


def test_a_missing_data_file_before_the_first_ingest_is_one_fault(installation):
    shutil.rmtree(installation.state)
    (installation.folder / "items.csv").unlink()
    installation.broken("data files", "data.items")


def bound_by_permissions():
    """Takes from root what passes permissions by; as anyone else there is nothing to take."""
    ctypes.CDLL(None).prctl(DROP_FROM_BOUNDS, DAC_OVERRIDE, 0, 0, 0)


def test_a_state_folder_that_is_read_only(installation):
    installation.state.chmod(0o555)
    try:
        installation.broken("state folder", "cannot be written", "state_dir", preexec_fn=bound_by_permissions)
    finally:
        installation.state.chmod(0o755)


def test_a_state_folder_that_is_a_file(installation):
    shutil.rmtree(installation.state)
    installation.state.write_text("in the way")
    installation.broken("state folder", "is a file", "state_dir")


def test_a_disk_that_is_nearly_full(installation, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        installation.set(state_dir=str(disk / "state"))
        installation.broken("state folder", "MiB left", "make room")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_database_of_a_newer_version(installation):
    with sqlite3.connect(installation.state / "parley.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'f00f00f00f00'")
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    installation.broken("database", "f00f00f00f00", "newer", "update parley")


def test_a_database_that_is_no_database(installation):
    for name in ("parley.db-wal", "parley.db-shm"):
        (installation.state / name).unlink(missing_ok=True)
    (installation.state / "parley.db").write_bytes(b"something else entirely " * 400)
    installation.broken("database", "not a database", "backup")


def test_a_database_cut_short(installation):
    with sqlite3.connect(installation.state / "parley.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    truncate(installation.state / "parley.db", 0.6)
    installation.broken("database", "backup")


def test_a_postgresql_that_is_down(installation):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    installation.set(storage={"url": f"postgresql+psycopg://ada:s3cret-word@127.0.0.1:{port}/parley"})
    line = installation.broken("database", f"127.0.0.1:{port}", "storage.url")
    assert "s3cret-word" not in line


@contextmanager
def doorkeeper():
    """Speaks as much of PostgreSQL's protocol as it takes to be asked for a password and to refuse it."""
    server = socket.create_server(("127.0.0.1", 0))

    def message(kind, body):
        return kind + (len(body) + 4).to_bytes(4, "big") + body

    def refuse():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                first = client.recv(4096)
                if first[4:8] == (80877103).to_bytes(4, "big"):  # asks for TLS
                    client.sendall(b"N")
                    client.recv(4096)
                client.sendall(message(b"R", (3).to_bytes(4, "big")))
                client.recv(4096)
                fields = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "ada"\0\0'
                client.sendall(message(b"E", fields))

    threading.Thread(target=refuse, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


def test_a_password_that_postgresql_refuses_is_not_printed(installation):
    with doorkeeper() as port:
        installation.set(storage={"url": f"postgresql+psycopg://ada:s3cret-word@127.0.0.1:{port}/parley"})
        line = installation.broken("database", "password authentication failed", "storage.url")
    assert "s3cret-word" not in line


@pytest.mark.skipif(not POSTGRES, reason="PARLEY_TEST_POSTGRES_URL names no PostgreSQL")
def test_a_postgresql_without_the_database(installation):
    from sqlalchemy import make_url

    url = make_url(POSTGRES).set(database="no_such_database").render_as_string(hide_password=False)
    installation.set(storage={"url": url})
    installation.broken("database", "no_such_database", "storage.url")


def test_a_chroma_server_that_is_down(installation):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    installation.set(vectors_url=f"http://127.0.0.1:{port}")
    installation.broken("vectors", f"127.0.0.1:{port}", "vectors_url")


def test_a_chroma_folder_cut_short(installation):
    """It is told what the next start will do, and that start does it."""
    for path in installation.state.glob("chroma/*/data_level0.bin"):
        truncate(path)
    truncate(installation.state / "chroma" / "chroma.sqlite3")
    installation.broken("vectors", "damaged", "next start", "300 items")

    mended = parley("ingest", "--config", installation.config)
    assert mended.returncode == 0, mended.stderr
    assert parley("doctor", "--config", installation.config).returncode == 0


def test_a_chroma_folder_with_something_else_in_it(installation):
    (installation.state / "chroma" / "chroma.sqlite3").write_bytes(b"nothing of Chroma's" * 300)
    installation.broken("vectors", "damaged", "makes them anew")


def test_vectors_that_are_not_there_yet_are_no_fault(installation):
    shutil.rmtree(installation.state / "chroma")
    result = parley("doctor", "--config", installation.config)
    assert result.returncode == 0, result.stdout
    assert "note   vectors: the next start makes those that are missing" in result.stdout
    assert not (installation.state / "chroma").exists()


def own_model(installation):
    copy = installation.folder / "model"
    shutil.copytree(SHIPPED, copy)
    installation.set(model={"path": str(copy)})
    return copy


def test_a_model_folder_that_is_missing(installation):
    installation.set(model={"path": "/nowhere/model"})
    installation.broken("language model", "/nowhere/model", "model.path")


def test_a_model_that_is_not_safetensors(installation):
    weights = own_model(installation) / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    installation.broken("language model", "safetensors", "model.path")


def test_a_model_cut_short(installation):
    truncate(own_model(installation) / "model.safetensors")
    installation.broken("language model", "cannot be loaded", "model.path")


def test_a_model_of_another_layout(installation):
    layout = own_model(installation) / "layout.json"
    told = json.loads(layout.read_text(encoding="utf-8")) | {"digest": "0" * 64}
    layout.write_text(json.dumps(told), encoding="utf-8")
    installation.broken("language model", "layout", "0" * 12, "train it again")


def test_a_layout_that_is_damaged(installation):
    truncate(own_model(installation) / "layout.json")
    installation.broken("language model", "layout.json is damaged", "again")


def test_an_encoder_of_another_digest(installation):
    installation.set(encoder={"digest": "0" * 64})
    installation.broken("text encoder", "SHA-256", "encoder.digest")


def test_an_encoder_cut_short(installation):
    copy = installation.folder / "encoder"
    shutil.copytree(installation.read()["encoder"]["path"], copy)
    truncate(copy / "model.safetensors")
    installation.set(encoder={"path": str(copy)})
    installation.broken("text encoder", "no encoder can be loaded", "encoder.path")


def test_factors_that_are_damaged(installation):
    (arrays,) = installation.state.glob("behaviour/*/arrays.safetensors")
    truncate(arrays)
    installation.broken("behaviour", "damaged", "parley train")


def test_factors_of_another_catalogue(installation):
    installation.set(catalogue=installation.read()["catalogue"] | {"name": "another"})
    installation.broken("behaviour", "trained for the catalogue 'catalogue'", "parley train")


def test_a_port_in_use(installation):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        installation.set(server={"port": port})
        installation.broken("port", str(port), "in use", "--port")


@pytest.mark.parametrize(
    ("module", "package"), [("chromadb", "chromadb"), ("torch", "torch"), ("yaml", "PyYAML")]
)
def test_a_package_that_is_missing(installation, module, package):
    """Whatever else would import it, only its absence is told."""
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == {module!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Absent())
"""
    installation.broken("packages", package, "pip install", code=code)
