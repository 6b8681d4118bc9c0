"""How true, personal and varied replies are: `parley evaluate explain`.

Scripted conversations are held about the demo catalogues, in turn by newcomers and by simulated people. Each
sentence is split into atomic claims by the claim checker, in the first draft and as shown.

`python -m benchmarks.explain.suite` prints more: with --movielens, MovieLens' people are told of Wikipedia's
films, too; with --random, the same architecture on random weights.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import demo
from benchmarks.explain.variety import distinct, features, human_replies, shape, tokens_of
from benchmarks.movielens import SUBJECTS, WISHES, bring_in
from benchmarks.report import arguments, machine, percent, percentiles, publish, table
from benchmarks.untaught import untaught
from bot.claims import Claim, ClaimChecker
from bot.loading import SHIPPED
from bot.service import Parley
from bot.settings import Settings, load_settings
from bot.writing import Draft
from training.sources import data_dir

SEED, RESAMPLES = 20261127, 2000
DOMAINS = {"films": "demo", "books": "books", "shop": "shop"}
PERSONAL = {"wish", "liked", "taste"}
"""What evidence of a reason is the person's own words or events."""
FALLBACKS_MOST, PERSONAL_LEAST, SHAPES_LEAST = 0.02, 0.8, 40


@dataclass(slots=True)
class Conversation:
    """What one conversation came to."""

    replies: list[tuple[str, str]] = field(default_factory=list)
    """What was said, and the reply."""
    lists: int = 0
    personal: int = 0
    """Replies that use the person's own words or events."""
    personal_lists: int = 0
    """Those that recommend."""
    fallbacks: list[str] = field(default_factory=list)
    explanations: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    """The items of these explanations."""
    first: list[bool] = field(default_factory=list)
    """Of each claim in a first draft whether it holds."""
    final: list[bool] = field(default_factory=list)
    faults: list[tuple[str, Claim]] = field(default_factory=list)
    """Claims of shown sentences that do not hold, with their sentence."""
    strangers: list[str] = field(default_factory=list)
    """Names in a reply that are of nothing offered, mentioned or recorded."""
    shapes: Counter[str] = field(default_factory=Counter)
    drafts: int = 0
    passed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first_ms: list[float] = field(default_factory=list)
    turn_ms: list[float] = field(default_factory=list)


def hold(parley: Parley, said: Sequence[Sequence[str]], seed: int, label: str) -> list[Conversation]:
    """Hold the conversations, and judge all that is written in them."""
    checker = ClaimChecker(parley.catalogue)
    conversations: list[Conversation] = []
    now = Conversation()

    def heard(draft: Draft) -> None:
        claims = checker.check(draft.text, draft.record) if draft.attempt in (None, 0) else []
        if draft.attempt is None:
            now.final += [claim.holds for claim in claims]
            now.faults += [(draft.text, claim) for claim in claims if not claim.holds]
            if not draft.fault:
                now.shapes[shape(draft.draft)] += 1
        elif draft.attempt == 0:
            now.first += [claim.holds for claim in claims]
            now.drafts += 1
            now.passed += not draft.fault
            now.reasons[re.sub(r"""^(['"]).*\1""", "...", draft.fault)] += bool(draft.fault)

    parley.parts.responder.writer.heard = heard
    words: list[str] = []
    for held in demo.hold(parley, said, seed, label):
        if held.conversation == len(conversations):
            conversations.append(now)
            words = []
        turn = held.turn
        words.append(held.message)
        now.replies.append((held.message, turn.reply))
        now.turn_ms.append(held.wall_ms)
        now.first_ms.append(held.first_ms)
        if turn.model.fallback:
            now.fallbacks.append(turn.model.reason or "")
        evidence = {one.field for item in turn.recommendations for one in item.evidence}
        personal = bool(evidence & PERSONAL or "“" in turn.reply)
        now.personal += personal
        now.lists += bool(turn.recommendations)
        now.personal_lists += personal and bool(turn.recommendations)
        now.explanations += [item.explanation for item in turn.recommendations]
        now.offered += [item.item_id for item in turn.recommendations]
        now.strangers += _strangers(parley, held.user, turn.reply, now.offered, words)
        if held.message == said[held.conversation][-1]:
            now = Conversation()
    return conversations


def _strangers(
    parley: Parley, user: str, reply: str, offered: Sequence[str], words: Sequence[str]
) -> list[str]:
    """Capitalised words amid a sentence that stand in nothing known: found without the claim checker."""
    met = {event.item_id for event in parley.events_of(user)} | set(offered)
    cards = [parley.catalogue.search_text(parley.catalogue[one]) for one in met if one in parley.catalogue]
    told = {word.lower() for word in re.findall(r"\w+", " ".join([*cards, *words]))} | {"i", "parley"}
    names = re.findall(r"(?<=[\w,;] )[A-ZÀ-Þ]\w+", reply)
    return [name for name in names if name.lower() not in told]


@contextmanager
def domain(name: str, model: Path | None) -> Iterator[Parley]:
    """A demo catalogue with its simulated people, opened in a folder that is gone afterwards."""
    with (
        demo.prepared(model, config=demo.ROOT / "configs" / f"{DOMAINS[name]}.yaml") as settings,
        demo.opened(settings) as parley,
    ):
        yield parley


@contextmanager
def movielens(model: Path | None) -> Iterator[Parley]:
    """Wikipedia's films with the people of MovieLens."""
    with tempfile.TemporaryDirectory(prefix="parley-movielens-") as place:
        folder = Path(place)
        path = str(model.resolve()) if model else None
        settings = load_settings(
            demo.ROOT / "configs" / "movielens.yaml", state_dir=folder / "state", model__path=path
        )
        bring_in(settings, data_dir(), folder)
        with demo.opened(settings) as parley:
            yield parley


def searches(count: int) -> list[list[str]]:
    """Requests for films of any kind, of the measurement of a real catalogue, each a conversation."""
    pairs = [(subject, wish) for wish in WISHES for subject in SUBJECTS]
    return [[f"a film about {subject}{', ' + wish if wish else ''}"] for subject, wish in pairs[:count]]


def figures(
    parts: Sequence[Conversation], catalogue_features: dict[str, frozenset[str]], seed: int
) -> dict[str, Any]:
    """The measures of one domain, with 95% intervals by bootstrap over conversations."""
    random = np.random.default_rng(seed)
    draws = [random.integers(len(parts), size=len(parts)) for _ in range(RESAMPLES)]

    def ratio(
        above: Callable[[Conversation], float], below: Callable[[Conversation], float]
    ) -> dict[str, float]:
        top, bottom = (np.array([f(part) for part in parts], dtype=float) for f in (above, below))
        value = top.sum() / max(bottom.sum(), 1)
        drawn = [top[draw].sum() / max(bottom[draw].sum(), 1) for draw in draws]
        low, high = np.percentile(drawn, [2.5, 97.5])
        return {"value": float(value), "low": float(low), "high": float(high)}

    return {
        "claims true, first draft": ratio(lambda one: sum(one.first), lambda one: len(one.first)),
        "claims true, as shown": ratio(lambda one: sum(one.final), lambda one: len(one.final)),
        "first drafts that pass": ratio(lambda one: one.passed, lambda one: one.drafts),
        "fallback turns": ratio(lambda one: len(one.fallbacks), lambda one: len(one.replies)),
        "personal replies": ratio(lambda one: one.personal, lambda one: len(one.replies)),
        "personal lists": ratio(lambda one: one.personal_lists, lambda one: one.lists),
        "replies with a strange name": ratio(lambda one: len(one.strangers), lambda one: len(one.replies)),
        **_variety(parts, catalogue_features, random),
    }


def _variety(
    parts: Sequence[Conversation], known: dict[str, frozenset[str]], random: np.random.Generator
) -> dict[str, dict[str, float]]:
    """FCR, DIV and USR as PETER (https://aclanthology.org/2021.acl-long.383) defines them over explanations.

    A feature is a value of the item's record; of all values of the items that were explained.
    """
    pairs = [(text, item) for one in parts for text, item in zip(one.explanations, one.offered, strict=True)]
    told = [features(text, known[item]) for text, item in pairs]
    everything = frozenset().union(*(known[item] for _, item in pairs)) if pairs else frozenset()
    some = random.integers(len(told), size=(20_000, 2)) if told else np.zeros((0, 2), dtype=int)
    overlap = [len(told[a] & told[b]) for a, b in some if a != b]
    shapes = Counter[str]()
    for one in parts:
        shapes += one.shapes
    per_hundred = [
        len(set().union(*(parts[i].shapes for i in random.permutation(len(parts))[: max(1, 100 // 5)])))
        for _ in range(50)
    ]
    values = {
        "FCR": len(frozenset().union(*told)) / max(1, len(everything)),
        "DIV": float(np.mean(overlap)) if overlap else 0.0,
        "USR": len({text for text, _ in pairs}) / max(1, len(pairs)),
        "shapes in 100 replies": float(np.mean(per_hundred)),
        "commonest shape": shapes.most_common(1)[0][1] / shapes.total() if shapes else 0.0,
    }
    return {name: {"value": value, "low": value, "high": value} for name, value in values.items()}


def measure(
    model: Path | None, seed: int, *, repeats: int = 1, with_movielens: bool = False
) -> dict[str, Any]:
    """Hold all conversations in each domain; `repeats` times, by other people each time."""
    variants: dict[str, Any] = {}
    told: dict[str, list[Conversation]] = {}
    opened: list[tuple[str, Any, list[list[str]]]] = [
        (name, domain(name, model), demo.conversations(name=name)) for name in DOMAINS
    ]
    if with_movielens:
        opened.append(("movielens", movielens(model), searches(100)))
    for name, opening, said in opened:
        with opening as parley:
            held = [
                one for again in range(repeats) for one in hold(parley, said, seed + again, f"{name}{again}")
            ]
            known = {item.item_id: _features_of(item.fields.values()) for item in parley.catalogue.items}
            variants[name] = figures(held, known, seed)
            told[name] = held
    everything = [one for held in told.values() for one in held]
    return {
        "suite": "explain",
        "variants": variants,
        "told": told,
        "turns": sum(len(one.replies) for one in everything),
        "explanations": sum(len(one.explanations) for one in everything),
        "claims": sum(len(one.final) for one in everything),
        "faults": [(text, claim.text, claim.fault) for one in everything for text, claim in one.faults],
        "strangers": [name for one in everything for name in one.strangers],
        "fallbacks": Counter(
            re.sub(r"""^(['"]).*\1""", "...", reason) for one in everything for reason in one.fallbacks
        ),
        "reasons": sum((one.reasons for one in everything), Counter()),
        "first_ms": percentiles([ms for one in everything for ms in one.first_ms]),
        "turn_ms": percentiles([ms for one in everything for ms in one.turn_ms]),
    }


def _features_of(values: Iterable[Any]) -> frozenset[str]:
    lists = (value if isinstance(value, list) else [value] for value in values)
    return frozenset(
        str(one).casefold() for many in lists for one in many if one not in (None, "", True, False)
    )


def evaluate(settings: Settings) -> dict[str, Any]:
    """`parley evaluate explain`: the configured model over the demo catalogues."""
    model = settings.model.path
    report = measure(Path(model) if model else None, SEED)
    return {"suite": report["suite"], "variants": report["variants"]}


def markdown(report: dict[str, Any], seed: int, model: str) -> str:
    """The report as a section of RESULTS.md."""
    names = list(report["variants"])
    rows = []
    for measure_name in next(iter(report["variants"].values())):
        found = [report["variants"][name][measure_name] for name in names]
        shares = all(0 <= one["value"] <= 1 for one in found) and measure_name not in ("FCR", "DIV", "USR")
        exact = all(one["low"] == one["high"] == one["value"] for one in found)
        cells = [percent(one) if shares and not exact else f"{one['value']:.2f}" for one in found]
        rows.append([measure_name, *cells])
    drafts = [[reason, str(count)] for reason, count in report["reasons"].most_common(12) if count]
    fallbacks = [[reason, str(count)] for reason, count in report["fallbacks"].most_common(8)]
    return "\n".join(
        [
            f"{report['turns']} turns, {report['explanations']} explanations, {report['claims']} atomic "
            f"claims shown. Seed {seed}, model {model}, machine: {machine()}. 95% intervals by {RESAMPLES} "
            "resamples of conversations.",
            "",
            table(["", *names], rows),
            "",
            "First checked sentence "
            + _milliseconds(report["first_ms"])
            + "; whole turn "
            + _milliseconds(report["turn_ms"])
            + ".",
            "",
            table(["why first drafts do not pass", "drafts"], drafts),
            "",
            table(["why turns fall back", "turns"], fallbacks) if fallbacks else "No turn fell back.",
            "",
        ]
    )


def _milliseconds(found: dict[str, float]) -> str:
    return f"p50 {found['p50']:.0f} ms, p95 {found['p95']:.0f} ms"


def compared(report: dict[str, Any], seed: int) -> str:
    """Distinct-2 beside ReDial's recommenders, over as many tokens, names of items and values left out."""
    ours = [
        tokens_of(shape_text)
        for held in report["told"].values()
        for one in held
        for shape_text in one.shapes.elements()
    ]
    human = human_replies(seed)
    size = min(sum(map(len, ours)), sum(map(len, human)))
    return (
        f"Distinct-2 over {size:,} tokens each, names and values left out: "
        f"ours {distinct(ours, size, seed):.3f}, "
        f"ReDial's recommenders {distinct(human, size, seed):.3f}."
    )


def samples(report: dict[str, Any], count: int) -> str:
    """The first conversations of each domain as they were held, unedited."""
    return "\n".join(
        f"## {name.capitalize()} {number}\n\n"
        + "\n\n".join(f"> {said}\n\n{reply}" for said, reply in one.replies)
        + "\n"
        for name, held in report["told"].items()
        for number, one in enumerate(held[:count], start=1)
    )


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--repeats", type=int, default=1, help="how often each conversation is held")
    parser.add_argument("--movielens", action="store_true", help="a hundred requests of its people, too")
    parser.add_argument("--random", action="store_true", help="the architecture on random weights, too")
    given = parser.parse_args()
    model = given.model or SHIPPED
    report = measure(given.model, given.seed, repeats=given.repeats, with_movielens=given.movielens)
    lines = [
        "## Replies: true, personal, varied",
        "",
        markdown(report, given.seed, demo.named(model)),
        compared(report, given.seed),
        "",
    ]
    if given.random:
        with untaught(model, given.seed) as copy:
            noise = measure(copy, given.seed)
        lines += ["### On random weights", "", markdown(noise, given.seed, "random weights")]
    report["told"] = {name: [one.replies for one in held] for name, held in report["told"].items()}
    publish(report, "\n".join(lines), given.json)


if __name__ == "__main__":
    main()
