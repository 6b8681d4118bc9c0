"""How much of what is said the model writes: `python -m benchmarks.writing`.

The scripted conversations are held with the shipped weights and with the same architecture on random
weights. Each first draft is judged by the claim checker, and each sentence that the model wrote counts
by its shape: the draft with its placeholders still empty.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import demo
from benchmarks.report import arguments, machine, percent, publish, share, table
from benchmarks.untaught import untaught
from bot.drafts import check
from bot.service import Parley
from bot.settings import Settings
from bot.writing import Order, Writer, Written

FALLBACK_MOST, SHAPES_LEAST, COMMONEST_MOST = 0.05, 20, 0.15
CLAIM = re.compile(r"""^(['"])(?P<word>.*)\1 may be a claim$""")


@dataclass(slots=True)
class Heard:
    """What a writer was asked for and came up with."""

    shapes: Counter[str] = field(default_factory=Counter)
    stand_ins: int = 0
    first_drafts: Counter[str] = field(default_factory=Counter)
    """By task."""
    first_passed: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why first drafts did not pass."""
    words: Counter[str] = field(default_factory=Counter)
    """The words that the checker took for claims."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """First drafts that did not pass, each with the reason."""


class HeardWriter(Writer):
    """The product's writer, with every draft overheard."""

    def __init__(self, writer: Writer, heard: Heard) -> None:
        super().__init__(writer._model, writer._kind)
        self._heard = heard
        self._first = True

    def write(self, orders: Sequence[Order], seed: int) -> list[Written]:
        self._first = True
        written = super().write(orders, seed)
        for said in written:
            if said.failure is None:
                self._heard.shapes[shape(said.draft)] += 1
            else:
                self._heard.stand_ins += 1
        return written

    def _draft(self, orders: Sequence[Order], seed: int, deadline: float) -> list[tuple[str, float]]:
        drafts = super()._draft(orders, seed, deadline)
        if self._first:
            for order, (draft, _) in zip(orders, drafts, strict=True):
                self._judge(order, draft)
        self._first = False
        return drafts

    def _judge(self, order: Order, draft: str) -> None:
        heard = self._heard
        heard.first_drafts[order.task] += 1
        found = check(draft, order.facts, order.required, self._kind)
        if found.holds:
            heard.first_passed[order.task] += 1
            return
        claim = CLAIM.match(found.reason)
        heard.reasons["a word that may be a claim" if claim else found.reason] += 1
        heard.failed.append((draft, found.reason))
        if claim:
            heard.words[claim["word"].lower()] += 1


def shape(draft: str) -> str:
    """A draft without its facts; letter case and spaces make no other shape."""
    words = " ".join(draft.split())
    return re.sub(
        r"\[[A-Z]+\d?\]|[^\[]+", lambda part: part[0] if part[0][0] == "[" else part[0].lower(), words
    )


def measure(settings: Settings, said: Sequence[Sequence[str]], seed: int) -> dict[str, Any]:
    """Hold the conversations and tell what was written."""
    heard = Heard()
    reasons: Counter[str] = Counter()
    turns = 0
    with demo.opened(settings) as parley:
        overhear(parley, heard)
        for held in demo.hold(parley, said, seed):
            turns += 1
            if held.turn.model.fallback:
                reasons[CLAIM.sub("a word that may be a claim", held.turn.model.reason or "")] += 1
    sentences = heard.shapes.total()
    commonest = heard.shapes.most_common(1)
    return {
        "turns": turns,
        "written_by_model": share(turns - reasons.total(), turns),
        "fallback_reasons": dict(reasons.most_common()),
        "sentences": sentences + heard.stand_ins,
        "stand_ins": heard.stand_ins,
        "shapes": len(heard.shapes),
        "commonest": {"shape": commonest[0][0], **share(commonest[0][1], sentences)} if commonest else None,
        "all_shapes": dict(heard.shapes.most_common()),
        "first_drafts": heard.first_drafts.total(),
        "first_passed": share(heard.first_passed.total(), heard.first_drafts.total()),
        "by_task": {
            task: {"drafts": count, "passed": heard.first_passed[task]}
            for task, count in heard.first_drafts.most_common()
        },
        "first_failures": dict(heard.reasons.most_common()),
        "claimed_words": dict(heard.words.most_common(40)),
        "failed_drafts": heard.failed,
    }


def overhear(parley: Parley, heard: Heard) -> None:
    """Put an overheard writer in the place of the responder's own."""
    responder = parley.parts.responder
    responder._writer = HeardWriter(responder._writer, heard)


def markdown(report: dict[str, Any]) -> str:
    """The report as a section of RESULTS.md."""
    shipped, random = report["shipped weights"], report["random weights"]
    commonest = shipped["commonest"]
    rows = [
        [
            "turns with `model.fallback` false",
            percent(shipped["written_by_model"]),
            percent(random["written_by_model"]),
            f">= {1 - FALLBACK_MOST:.0%}, random weights 0%",
        ],
        [
            "sentences, of these stand-ins",
            *(f"{one['sentences']}, {one['stand_ins']}" for one in (shipped, random)),
            "",
        ],
        ["distinct shapes written", str(shipped["shapes"]), str(random["shapes"]), f">= {SHAPES_LEAST}"],
        [
            "share of the commonest shape",
            *(percent(one["commonest"]) if one["commonest"] else "none" for one in (shipped, random)),
            f"<= {COMMONEST_MOST:.0%}",
        ],
        [
            "first drafts that pass the claim check",
            *(f"{percent(one['first_passed'])} of {one['first_drafts']}" for one in (shipped, random)),
            "",
        ],
    ]
    tasks = [
        [task, str(found["drafts"]), percent(share(found["passed"], found["drafts"]))]
        for task, found in shipped["by_task"].items()
    ]
    words = ", ".join(f"{word} ({count})" for word, count in list(shipped["claimed_words"].items())[:12])
    return "\n".join(
        [
            "## What the model writes",
            "",
            f"{shipped['turns']} turns. Data: {report['data']}. Seed {report['seed']} (of the sessions' ids, "
            f"by which the writer samples, and of the random weights). Model: {report['model']}, int8 on the "
            "CPU; random weights: the same architecture, tokenizer and layout. Brackets: Wilson's 95% "
            f"interval, cases taken as independent. Machine: {report['machine']}.",
            "",
            table(["", "shipped weights", "random weights", "aim"], rows),
            "",
            f"Commonest shape: `{commonest['shape']}`." if commonest else "Not one sentence was written.",
            "",
            table(["first drafts by task", "drafts", "pass"], tasks),
            "",
            table(
                ["why first drafts do not pass", "shipped weights"],
                [[reason, str(count)] for reason, count in list(shipped["first_failures"].items())[:15]],
            ),
            "",
            f"Words most often taken for claims: {words or 'none'}.",
            "",
            table(
                ["why turns fall back", "shipped weights", "random weights"],
                [
                    [
                        reason,
                        str(shipped["fallback_reasons"].get(reason, 0)),
                        str(random["fallback_reasons"].get(reason, 0)),
                    ]
                    for reason in list(shipped["fallback_reasons"] | random["fallback_reasons"])[:15]
                ],
            ),
            "",
        ]
    )


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--conversations", type=int, default=40, help="of five turns each")
    given = parser.parse_args()
    said = demo.conversations(given.conversations)
    with demo.prepared(given.model) as settings:
        folder = demo.model_folder(settings)
        shipped = measure(settings, said, given.seed)
    with untaught(folder, given.seed) as copy, demo.prepared(copy) as settings:
        random = measure(settings, said, given.seed)
    report = {
        "data": demo.described(said),
        "machine": machine(),
        "seed": given.seed,
        "model": demo.named(folder),
        "shipped weights": shipped,
        "random weights": random,
    }
    publish(report, markdown(report), given.json)


if __name__ == "__main__":
    main()
