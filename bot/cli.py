"""The `parley` command. Every error comes out as one line and a status that is not zero.

Whatever takes long to import is imported by the command that needs it, so that `--help` is quick.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from storage.errors import ParleyError

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI

    from bot.service import Parley
    from bot.settings import Settings

CONFIGS = Path(__file__).parent.parent / "configs"

# The page stands above this room and is not imported from here: `serve` finds it by name.
SERVER = "ui.server:build_server"

# The measurements behind `parley evaluate`, by name: each takes the settings and gives its figures. They
# come with the source, not with the installed package.
SUITES = {"intent": "benchmarks.intent:evaluate", "explain": "benchmarks.explain.suite:evaluate"}

console = Console()
errors = Console(stderr=True)


class OneLineErrors(TyperGroup):
    """Prints what the service raises on purpose as one line, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ParleyError as error:
            reason = " ".join(str(error).split())
        except KeyboardInterrupt:
            reason = "stopped"
        errors.print(Text(f"parley: {reason}"), soft_wrap=True)
        raise typer.Exit(1)


app = typer.Typer(
    cls=OneLineErrors,
    help="A conversational recommendation service that runs on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[Path, typer.Option("--config", "-c", help="YAML file of settings.")]
Device = Annotated[Literal["auto", "cpu", "cuda"] | None, typer.Option(help="Where the model runs.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 unless configured.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
DEFAULT_CONFIG = CONFIGS / "demo.yaml"


@app.command()
def demo(
    config: Config = DEFAULT_CONFIG, host: Host = None, port: Port = None, device: Device = None
) -> None:
    """Ingest the config's data, make behaviour up, train, and serve."""
    settings, bound = _listening(config, host, port, device)
    with _tracking() as track:
        _preparation(settings, track).demo()
    _serve(settings, bound)


@app.command()
def init(
    items: Annotated[
        Path | None,
        typer.Argument(help="Catalogue: CSV, TSV, JSON, JSONL or Parquet, packed by gzip or not."),
    ] = None,
    events: Annotated[Path | None, typer.Option(help="Behaviour: who liked, bought or rated what.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The YAML file to write.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take every guess and ask nothing.")] = False,
) -> None:
    """Make the config for a catalogue of your own: it guesses, and asks what is right."""
    with suppress(ImportError):  # no such module on Windows
        import readline  # noqa: F401  (arrow keys in the answers)

    with console.status("opening"):
        from bot.init import Asker, make_config

    make_config(console, Asker(console, takes_defaults=yes), items, events, output)


@app.command()
def ingest(
    config: Config = DEFAULT_CONFIG,
    items: Annotated[Path | None, typer.Option(help="Catalogue: CSV, JSONL or Parquet.")] = None,
    events: Annotated[Path | None, typer.Option(help="Behaviour: CSV, JSONL or Parquet.")] = None,
) -> None:
    """Bring in a catalogue and behaviour; without files, those that the config names."""
    from bot.errors import SettingsError
    from bot.prepare import language_warning
    from bot.settings import load_settings

    settings = load_settings(config)
    if items is None and events is None:
        items, events = settings.data.items, settings.data.events
    if items is None and events is None:
        raise SettingsError("nothing to ingest: name a file with --items or --events, or set `data.items`")
    with _tracking() as track:
        preparation = _preparation(settings, track)
        reports = []
        if items is not None:
            reports.append(("items", preparation.items(items)))
            retrieval = preparation.embed()
            warning = language_warning(retrieval.encoder, retrieval.catalogue)
        if events is not None:
            reports.append(("events", preparation.events(events)))
    for kind, report in reports:
        console.print(Text(f"{kind}: {_summary(report)}"))
    if items is not None and warning is not None:
        errors.print(Text(f"note: {warning}"), soft_wrap=True)


@app.command()
def train(config: Config = DEFAULT_CONFIG) -> None:
    """Learn from all behaviour; a running service takes the result up by itself."""
    from bot.settings import load_settings

    with _tracking() as track:
        preparation = _preparation(load_settings(config), track)
        report = preparation.train(preparation.embed())
    console.print(
        f"trained on {report.events} events of {report.users} people about {report.items} items "
        f"in {report.seconds:.1f} s: version {report.version}",
        soft_wrap=True,
    )


@app.command()
def serve(
    config: Config = DEFAULT_CONFIG, host: Host = None, port: Port = None, device: Device = None
) -> None:
    """Answer on HTTP: the page at /ui/, the API beside it."""
    settings, bound = _listening(config, host, port, device)
    _serve(settings, bound)


@app.command()
def chat(
    config: Config = DEFAULT_CONFIG,
    user: Annotated[str, typer.Option(help="Whose tastes; behaviour is kept under this id.")] = "terminal",
    device: Device = None,
) -> None:
    """Talk in the terminal: /help lists the commands there. Brings the config's data in if none is yet."""
    import sys

    with suppress(ImportError):  # no such module on Windows
        import readline  # noqa: F401  (arrow keys and history)

    from bot.settings import load_settings

    settings = load_settings(config, model__device=device)
    _bring_in_missing(settings)
    parley = _open(settings)
    try:
        from bot.terminal import Talk, typed_lines

        talk = Talk(parley, user, console)
        if sys.stdin.isatty():
            talk.greet()
        talk.run(typed_lines(console))
    finally:
        parley.close()


@app.command()
def understand(
    input: Annotated[Path, typer.Option(help="JSONL of {history, shown?, text}.")],
    output: Annotated[Path, typer.Option(help="JSONL of intents, one a line.")],
    config: Config = DEFAULT_CONFIG,
    device: Device = None,
) -> None:
    """Read what utterances mean, without answering them."""
    from bot.settings import load_settings
    from bot.utterances import read_utterances, write_intents

    utterances = read_utterances(input)  # checked whole before the model is loaded
    parley = _open(load_settings(config, model__device=device))
    try:
        with _tracking() as track:
            count = write_intents(parley, utterances, output, lambda more: track("reading", more))
    finally:
        parley.close()
    console.print(Text(f"{count} intents written to {output}"))


@app.command()
def evaluate(
    suite: Annotated[str, typer.Argument(help="What to measure.")],
    config: Config = DEFAULT_CONFIG,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here, too.")] = None,
) -> None:
    """Measure the service and print a table, with 95% intervals."""
    import json
    import sys
    from pkgutil import resolve_name

    from bot.errors import SettingsError
    from bot.settings import load_settings

    if suite not in SUITES:
        raise SettingsError(f"unknown suite {suite!r}; there are: {', '.join(sorted(SUITES))}")
    settings = load_settings(config)
    sys.path.append(str(CONFIGS.parent))
    try:
        measure: Callable[[Settings], dict[str, Any]] = resolve_name(SUITES[suite])
    except ModuleNotFoundError as error:
        raise SettingsError(f"{error.name} is missing: suites run in a checkout of the source") from error
    figures = measure(settings)
    table = Table("variant", "measure", "value", "95% interval", title=suite)
    for variant, measures in figures["variants"].items():
        for name, figure in measures.items():
            interval = f"{figure['low']:.3f} to {figure['high']:.3f}"
            table.add_row(variant, name, f"{figure['value']:.3f}", interval)
    console.print(table)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2), encoding="utf-8")


@app.command()
def doctor(config: Config = DEFAULT_CONFIG) -> None:
    """Look for what keeps an installation from working, and say the way out."""
    from bot.doctor import examine
    from bot.plain import plain

    marks = {True: ("ok", "green"), False: ("broken", "red"), None: ("note", "yellow")}
    broken = False
    for finding in examine(config):
        word, style = marks[finding.ok]
        broken = broken or finding.ok is False
        line = Text.assemble((f"{word:7}", style), plain(f"{finding.part}: {finding.text}"))
        console.print(line, soft_wrap=True)
    if broken:
        raise typer.Exit(1)


def main() -> None:
    """The entry point of the `parley` script."""
    # The factor library fights OpenBLAS for threads unless this is set before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What a library means to change is nothing that a person in a conversation can act on.
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    app(prog_name="parley")


def _listening(
    config: Path, host: str | None, port: int | None, device: str | None
) -> "tuple[Settings, socket.socket]":
    """The settings and their port, taken before anything heavy is loaded."""
    from bot.listening import listen
    from bot.settings import load_settings

    settings = load_settings(config, server__host=host, server__port=port, model__device=device)
    return settings, listen(settings.server.host, settings.server.port)


def _serve(settings: "Settings", bound: "socket.socket") -> None:
    from pkgutil import resolve_name

    from bot.listening import address_of
    from bot.listening import serve as serve_app
    from bot.waking import Opened

    def opening(tell: Callable[[str], None]) -> Opened:
        parley = _open(settings, tell)
        try:
            tell("page")
            build: Callable[[Parley], FastAPI] = resolve_name(SERVER)
            return Opened(build(parley), parley.close)
        except BaseException:
            parley.close()
            raise

    ready = Text(f"Parley is at {address_of(bound)} (Ctrl+C stops it)")
    serve_app(opening, bound, lambda: console.print(ready, soft_wrap=True))


def _open(settings: "Settings", tell: Callable[[str], None] = lambda _step: None) -> "Parley":
    """Open the service; `tell` hears each step, too."""
    with console.status("opening") as status:
        from bot.service import Parley

        def progress(step: str) -> None:
            status.update(f"opening: {step}")
            tell(step)

        return Parley.open(settings, progress=progress)


def _preparation(settings: "Settings", track: Callable[[str, int], None]) -> Any:
    from bot.prepare import Preparation

    return Preparation(settings, track)


def _bring_in_missing(settings: "Settings") -> None:
    """Bring in what the config names, where the catalogue is empty; there is nothing to talk about else."""
    from bot.errors import SettingsError

    with _tracking() as track:
        preparation = _preparation(settings, track)
        try:
            if not preparation.is_empty():
                return
            if settings.data.items is None:
                raise SettingsError("the catalogue is empty: name a file with `parley ingest --items FILE`")
            preparation.demo()
        finally:
            preparation.close()


def _summary(report: Any) -> str:
    names = ("read", "added", "changed", "unchanged", "known", "pending", "rejected")
    counts = [f"{getattr(report, name)} {name}" for name in names if hasattr(report, name)]
    where = f" (see {report.rejects_path})" if report.rejects_path is not None else ""
    return ", ".join(counts) + where


@contextmanager
def _tracking() -> Iterator[Callable[[str, int], None]]:
    """A progress bar a step: the function to call with a step's name and how much more is done."""
    words, bar, count = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(SpinnerColumn(), words, bar, count, TimeElapsedColumn(), console=errors) as progress:
        tasks: dict[str, Any] = {}

        def track(step: str, more: int) -> None:
            for name, task in tasks.items():
                if name != step:  # the step before is over: its count is its total
                    done = progress.tasks[task].completed
                    progress.update(task, total=done)
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=None)
            progress.advance(tasks[step], more)

        yield track
        for task in tasks.values():
            progress.update(task, total=progress.tasks[task].completed)


if __name__ == "__main__":
    main()
