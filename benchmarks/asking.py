"""Whether asking back helps who knows what they want: `python -m benchmarks.asking`.

Each simulated person has one item of a demo catalogue in mind, begins with a wholly or half vague wish,
answers questions truthfully and turns lists down until it is among five. Every message goes through
`Parley.chat`, so reading and grounding take part; the writer alone is replaced by its plain sentences, as it
chooses no items.
"""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
import yaml
from numpy.typing import NDArray
from rich.progress import track

from benchmarks import demo
from benchmarks.report import arguments, machine, percent, publish, share, table
from bot.asking import Asker, Question
from bot.claims import Record
from bot.configs import TurnConfig
from bot.drafts import fill
from bot.quantities import parse_quantity
from bot.service import Parley
from bot.writing import Order, Writer, Written
from retrieval.items import Item, value_of
from storage.base import utcnow

CATALOGUES = {"films": "demo", "books": "books", "shop": "shop"}
KINDS = ("passive", "unsure", "volunteering")
SURE, KNOWN = ("genres", "category"), 0.5
"""The unsure know the kind of thing they want; any other field with this probability."""
TURNS, K, SOON, RESAMPLES = 10, 5, 5, 2000
SAID = yaml.safe_load((demo.CONVERSATIONS / "asking.yaml").read_text(encoding="utf-8"))
BASELINES = ("never", "random")


class PlainWriter(Writer):
    """Says the plain sentence of each order."""

    def __init__(self) -> None:
        pass

    def write(
        self,
        orders: Sequence[Order],
        person: Record,
        seed: int,
        *,
        tell: Callable[[int, Written], None] = lambda _place, _written: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> list[Written]:
        written = [Written(fill(order.plain, order.facts), order.plain, order.facts) for order in orders]
        for place, one in enumerate(written):
            tell(place, one)
        return written


class RandomAsker(Asker):
    """Asks when the policy would, about any field that splits what is left."""

    rng = random.Random(0)

    def question(self, likely: NDArray[np.float64], settled: Collection[str], k: int) -> Question | None:
        if super().question(likely, settled, k) is None:
            return None
        return self.rng.choice(self.weighed(likely, settled, k)).question


class EagerAsker(Asker):
    """May ask after any message, also one that says what is wanted; never twice in a row."""

    def may_ask(self, message: str, intent: Any, before: Any, state: Any, *, newcomer: bool) -> bool:
        return before.pending is None and len(state.asked) < self._config.questions


ASKERS: dict[str, type[Asker]] = {"never": Asker, "random": RandomAsker, "policy": Asker, "eager": EagerAsker}


@dataclass(frozen=True, slots=True)
class Run:
    """How one conversation went: the turn that showed the item, None if none of ten did."""

    found: int | None
    questions: int
    said: tuple[str, ...]

    @property
    def turns(self) -> int:
        return self.found or TURNS

    @property
    def soon(self) -> bool:
        return self.found is not None and self.found <= SOON


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an item in mind; `number` draws what they say, alike in every condition."""

    catalogue: str
    item: Item
    number: int
    kind: str

    @property
    def vague(self) -> bool:
        """Every second one begins wholly vaguely, the others let slip one thing that is true of the item."""
        return self.number % 2 == 1

    def knows(self, field: str) -> bool:
        """Whether they have an answer to a question about `field`."""
        if self.kind != "unsure" or field in SURE:
            return True
        return random.Random(f"{self.item.item_id}-{field}").random() < KNOWN

    def wishes(self, rng: random.Random) -> dict[str, str]:
        """What can be said of the item, a sentence a field, in random order."""
        sayings = SAID[self.catalogue]["half"]
        return {
            field: rng.choice(sayings[field]).format(value=value)
            for field in rng.sample(list(sayings), len(sayings))
            if (value := self.truth(field, (), rng)) is not None
        }

    def truth(self, field: str, options: Sequence[str], rng: random.Random) -> str | None:
        """A true value of `field` in words; one of `options`, where these are amounts."""
        value = value_of(self.item, field)
        if value is None or value == []:
            return None
        if field == "year":
            return f"the {int(str(value)) // 10 * 10}s" if int(str(value)) >= 1900 else "before 1900"
        if isinstance(value, float):
            below = f"under {int(value) // 10 * 10 + 10} dollars"
            return next((one for one in options if _holds(one, value)), below)
        return str(rng.choice(value) if isinstance(value, list) else value)


def _holds(words: str, value: float) -> bool:
    """Whether `value` is an amount that `words` speak of."""
    quantity = parse_quantity(words, utcnow())
    if quantity is None:
        return False
    low, high = quantity.low, quantity.high
    if quantity.strict:
        return (low is None or value > low) and (high is None or value < high)
    return (low is None or value >= low) and (high is None or value <= high)


def people(name: str, items: Sequence[Item], part: str, count: int, seed: int, kind: str) -> list[Person]:
    """`count` people of a part: those of dev and test have different items in mind."""
    half = [item for item in items if (crc32(item.item_id.encode()) % 2 == 0) == (part == "dev")]
    chosen = random.Random(f"{seed}-{name}-{part}").sample(half, min(count, len(half)))
    return [Person(name, item, number, kind) for number, item in enumerate(chosen)]


def converse(parley: Parley, person: Person, label: str, seed: int) -> Run:
    """One conversation, until the item is shown or ten turns are over."""
    rng = random.Random(f"{seed}-{person.item.item_id}")
    user, session = f"{label}-{person.kind}-{person.number}", None
    left = person.wishes(rng)
    message = rng.choice(SAID[person.catalogue]["vague"])
    if not person.vague:
        message = left.pop(next(iter(left)))
    said, questions = [], 0
    for number in range(1, TURNS + 1):
        said.append(message)
        turn = parley.chat(user, message, session_id=session, k=K)
        session = turn.session_id
        if person.item.item_id in [one.item_id for one in turn.recommendations]:
            return Run(number, questions, tuple(said))
        asked = parley.parts.sessions.load(session, user).state.pending
        if asked is not None:
            questions += 1
            left.pop(asked, None)
            answer = person.truth(asked, turn.suggestions, rng) if person.knows(asked) else None
            message = rng.choice(SAID["answers" if answer else "silent"]).format(value=answer)
        else:
            message = rng.choice(SAID["refusals"])
            if person.kind == "volunteering" and left:
                message = f"{message}. {left.pop(next(iter(left)))}"
    return Run(None, questions, tuple(said))


@contextmanager
def opened(name: str, arguments_: Any) -> Iterator[Parley]:
    config = demo.ROOT / "configs" / f"{CATALOGUES[name]}.yaml"
    with demo.prepared(arguments_.model, config) as settings, demo.opened(settings) as parley:
        parley.parts.responder.writer = PlainWriter()
        yield parley


def conditioned(parley: Parley, condition: str, config: TurnConfig) -> Parley:
    """The same service under one condition."""
    config = config.model_copy(update={"questions": 0}) if condition == "never" else config
    asker = ASKERS[condition](parley.catalogue, config, parley.parts.retrieval.encoder.encode)
    return Parley(parley.settings, parley.engine, replace(parley.parts, asker=asker, config=config))


def measure(given: Any) -> dict[str, dict[str, list[tuple[Person, Run]]]]:
    """Runs by kind of person and condition; people in one order, so that conditions can be paired."""
    runs: dict[str, dict[str, list[tuple[Person, Run]]]] = {
        kind: {condition: [] for condition in given.conditions} for kind in given.kinds
    }
    for name in CATALOGUES:
        with opened(name, given) as parley:
            changed = {"question_worth": given.worth, "question_temperature": given.temperature}
            update = {key: value for key, value in changed.items() if value is not None}
            config = parley.settings.turn.model_copy(update=update)
            services = {one: conditioned(parley, one, config) for one in given.conditions}
            for kind in given.kinds:
                crowd = people(name, parley.catalogue.items, given.part, given.users, given.seed, kind)
                for person in track(crowd, description=f"{name}, {kind}", console=demo.progress):
                    for condition, service in services.items():
                        RandomAsker.rng.seed(f"{given.seed}-{person.item.item_id}")
                        run = converse(service, person, condition, given.seed)
                        runs[kind][condition].append((person, run))
    return runs


def difference(one: Sequence[float], other: Sequence[float], seed: int) -> dict[str, float]:
    """The mean of `one` - `other`, paired, with a 95% percentile bootstrap over people."""
    paired = np.asarray(one, dtype=float) - np.asarray(other, dtype=float)
    rng = np.random.default_rng(seed)
    means = paired[rng.integers(0, paired.size, (RESAMPLES, paired.size))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return {"value": float(paired.mean()), "low": float(low), "high": float(high)}


def figures(runs: dict[str, dict[str, list[tuple[Person, Run]]]], seed: int) -> dict[str, Any]:
    """Of each kind and condition, over all and by catalogue; and the differences to the baselines."""
    found: dict[str, Any] = {}
    for kind, by_condition in runs.items():
        found[kind] = {}
        for condition, held in by_condition.items():
            figure: dict[str, Any] = {"all": _summary([run for _, run in held])}
            for name in CATALOGUES:
                figure[name] = _summary([run for person, run in held if person.catalogue == name])
            for opening, vague in (("vague", True), ("half vague", False)):
                figure[opening] = _summary([run for person, run in held if person.vague == vague])
            figure["against"] = {
                other: {
                    "turns": difference(
                        [run.turns for _, run in held], [run.turns for _, run in by_condition[other]], seed
                    ),
                    "soon": difference(
                        [run.soon for _, run in held], [run.soon for _, run in by_condition[other]], seed
                    ),
                }
                for other in BASELINES
                if condition not in BASELINES and other in by_condition
            }
            found[kind][condition] = figure
    return found


def _summary(runs: Sequence[Run]) -> dict[str, Any]:
    return {
        "people": len(runs),
        "turns": float(np.mean([run.turns for run in runs])),
        "soon": share(sum(run.soon for run in runs), len(runs)),
        "found": share(sum(run.found is not None for run in runs), len(runs)),
        "questions": float(np.mean([run.questions for run in runs])),
    }


def markdown(found: dict[str, Any], given: Any) -> str:
    """The section for RESULTS.md."""
    rows, apart, parts = [], [], []
    names = [*CATALOGUES, "vague", "half vague"]
    for kind, by_condition in found.items():
        for condition, figure in by_condition.items():
            every = figure["all"]
            rows.append(
                [kind, condition, f"{every['turns']:.2f}", percent(every["soon"]), percent(every["found"]),
                 f"{every['questions']:.2f}"]
            )  # fmt: skip
            cells = [f"{figure[name]['turns']:.2f}, {figure[name]['soon']['value']:.0%}" for name in names]
            parts.append([kind, condition, *cells])
            for other, against in figure["against"].items():
                turns, soon = against["turns"], {key: 100 * one for key, one in against["soon"].items()}
                apart.append(
                    [kind, f"{condition} - {other}", _interval(turns, 2), f"{_interval(soon, 1)} points"]
                )
    count = next(iter(next(iter(found.values())).values()))["all"]["people"]
    head = [
        "people",
        "asking",
        "turns until found",
        *(f"found within {n}" for n in (SOON, TURNS)),
        "questions",
    ]
    return "\n\n".join(
        [
            "## Asking back",
            f"{machine()}; {count} simulated people of each kind ({given.part}), seed {given.seed}, lists of "
            f"{K}, with an item of the demo's films, books or products in mind. Half of them begin wholly "
            "vaguely, half let slip one thing that is true of it. They answer truthfully and turn down lists "
            "without it; the unsure ones know the kind they want, and half of everything else; the "
            "volunteering ones add one more true wish each time. Messages are read by the "
            "shipped model; replies are the writer's plain sentences. 95% intervals: Wilson's, and a paired "
            f"bootstrap over people ({RESAMPLES} resamples). Who found nothing counts with {TURNS} turns.",
            table(head, rows),
            table(["people", "difference", "turns until found", f"found within {SOON}"], apart),
            f"Turns until found and found within {SOON}, by catalogue and by how they begin:",
            table(["people", "asking", *names], parts),
        ]
    )


def _interval(one: dict[str, float], digits: int) -> str:
    return f"{one['value']:+.{digits}f} [{one['low']:+.{digits}f}, {one['high']:+.{digits}f}]"


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--users", type=int, default=50, help="people of each kind and catalogue")
    parser.add_argument(
        "--conditions", nargs="+", choices=list(ASKERS), default=["never", "random", "policy"]
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--worth", type=float, help="turn.question_worth")
    parser.add_argument("--temperature", type=float, help="turn.question_temperature")
    parser.add_argument("--show", action="store_true", help="print what was said, of dev only")
    given = parser.parse_args()
    runs = measure(given)
    if given.show and given.part == "dev":
        for kind, by_condition in runs.items():
            for condition, held in by_condition.items():
                for one, run in held:
                    print(kind, condition, one.item.title, run.found, run.questions, *run.said, sep=" | ")
    found = figures(runs, given.seed)
    publish(found, markdown(found, given), given.json)


if __name__ == "__main__":
    main()
