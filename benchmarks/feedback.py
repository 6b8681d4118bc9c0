"""Whether feedback matters: `python -m benchmarks.feedback`.

Simulated people ask the same before and after three likes given through `feedback`: films of one genre
for one half of each pair, films without it for the other, who has the same past. The effect is how much
more the genre's share among ten recommendations grows for the first than for the second.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks import demo
from benchmarks.report import arguments, machine, publish, table
from bot.service import Parley
from bot.settings import Settings, SimulateConfig
from ranking.events import BehaviourEvent
from ranking.metrics import bootstrap_interval
from ranking.simulator import simulate

TOP, LIKES, PAST = 10, 3, 10
LEAST_FILMS, MOST_SHARE = 12, 1 / 3
"""Genres with fewer films, or with a larger share of the catalogue, are not chosen."""
QUESTIONS = {
    "an open question": "what could I put on this evening?",
    "a question with a wish": "show me films that stay gripping on a long evening",
    "no question, `recommendations`": None,
}
ARMS = ("treated", "control")
ALPHAS: dict[str, float | None] = {"0": 0.0, "1": 1.0, "default": None}


@dataclass(frozen=True, slots=True)
class Person:
    """A simulated person's past, and the likes given in each half of the pair."""

    name: str
    past: tuple[BehaviourEvent, ...]
    genre: str
    likes: dict[str, tuple[str, ...]]

    def user(self, arm: str) -> str:
        return f"{self.name}-{arm}"


@dataclass(frozen=True, slots=True)
class Shares:
    """The genre's share of a list, with the films just liked and without them."""

    whole: float
    others: float


def people(parley: Parley, config: SimulateConfig, users: int, seed: int) -> list[Person]:
    """People of the demo's simulated world whom it was not trained on, each with a genre drawn for them."""
    catalogue = parley.catalogue
    # The simulator draws one person after another, so more of them begin with the same ones.
    made = simulate(
        catalogue, parley.parts.retrieval.matrix, config.users + users, config.events_per_user, config.seed
    )
    pasts: dict[str, list[BehaviourEvent]] = defaultdict(list)
    for event in made[config.users * config.events_per_user :]:
        pasts[event.user_id].append(event)
    films = genres(parley)
    chosen = [
        genre for genre in sorted(films) if LEAST_FILMS <= len(films[genre]) <= MOST_SHARE * len(catalogue)
    ]
    random = np.random.default_rng(seed)
    found = []
    for name, past in pasts.items():
        genre = str(random.choice(chosen))
        met = {event.item_id for event in past}
        inside = [item for item in catalogue.ids if item in films[genre] and item not in met]
        outside = [item for item in catalogue.ids if item not in films[genre] and item not in met]
        likes = {
            arm: tuple(random.choice(some, LIKES, replace=False).tolist())
            for arm, some in zip(ARMS, (inside, outside), strict=True)
        }
        found.append(Person(name, tuple(past[:PAST]), genre, likes))
    return found


def genres(parley: Parley) -> dict[str, set[str]]:
    """The films of each genre."""
    catalogue = parley.catalogue
    field = catalogue.config.field_with_role("genre")
    if field is None:
        raise SystemExit("the catalogue has no field with the role `genre`")
    return {
        str(genre): {catalogue.ids[place] for place in places}
        for genre, places in catalogue.values(field).items()
    }


def listed(parley: Parley, user_id: str, question: str | None) -> list[str]:
    """Ten recommendations to a new conversation's first words, or to none."""
    if question is None:
        return [one.item_id for one in parley.recommendations(user_id, k=TOP)]
    return [one.item_id for one in parley.chat(user_id, question, k=TOP).recommendations]


def share_of(items: Sequence[str], genre: Collection[str], liked: Collection[str]) -> Shares:
    others = [item for item in items if item not in liked]
    return Shares(_share(items, genre), _share(others, genre))


def _share(items: Sequence[str], genre: Collection[str]) -> float:
    return sum(item in genre for item in items) / len(items) if items else 0.0


def measure(settings: Settings, users: int, seed: int, resamples: int) -> dict[str, Any]:
    """The effect for each question, over all people."""
    config = settings.data.simulate or SimulateConfig()
    changes: dict[str, dict[str, list[Shares]]] = {question: defaultdict(list) for question in QUESTIONS}
    lists = empty = 0
    with demo.opened(settings) as parley:
        films = genres(parley)
        for person in track(people(parley, config, users, seed), description="people", console=demo.progress):
            for arm in ARMS:
                user, likes, genre = person.user(arm), person.likes[arm], films[person.genre]
                past = [replace(e, user_id=user, event_id=f"{e.event_id}-{arm}") for e in person.past]
                parley.parts.ranking.log.append(None, past)
                before = {name: listed(parley, user, asked) for name, asked in QUESTIONS.items()}
                for item in likes:
                    parley.feedback(user, item, "like")
                for name, asked in QUESTIONS.items():
                    after = listed(parley, user, asked)
                    lists, empty = lists + 2, empty + (not after) + (not before[name])
                    was, now = (share_of(some, genre, likes) for some in (before[name], after))
                    change = Shares(now.whole - was.whole, now.others - was.others)
                    changes[name][arm].append(change)
    return {
        "lists": lists,
        "empty_lists": empty,
        "effects": {name: _effects(found, resamples, seed) for name, found in changes.items()},
    }


def _effects(found: dict[str, list[Shares]], resamples: int, seed: int) -> dict[str, Any]:
    effects: dict[str, Any] = {}
    for figure in ("whole", "others"):
        treated, control = ([getattr(one, figure) for one in found[arm]] for arm in ARMS)
        gains = [one - other for one, other in zip(treated, control, strict=True)]
        value, low, high = bootstrap_interval(gains, resamples=resamples, seed=seed)
        effects[figure] = {
            "treated": float(np.mean(treated)), "control": float(np.mean(control)),
            "effect": value, "low": low, "high": high,
        }  # fmt: skip
    return effects


def markdown(report: dict[str, Any]) -> str:
    """The report as a section of RESULTS.md."""
    rows = []
    for alpha, found in report["alphas"].items():
        for question, effects in found["effects"].items():
            whole, others = effects["whole"], effects["others"]
            rows.append(
                [
                    alpha, question, f"{whole['treated']:+.3f}", f"{whole['control']:+.3f}",
                    _interval(whole), _interval(others),
                ]
            )  # fmt: skip
    empty = sum(found["empty_lists"] for found in report["alphas"].values())
    lists = sum(found["lists"] for found in report["alphas"].values())
    asked = "; ".join(f"{name}: “{said}”" for name, said in QUESTIONS.items() if said)
    return "\n".join(
        [
            "## Feedback matters",
            "",
            f"{report['users']} simulated people of the demo's world that nothing was trained on, {PAST} "
            f"events each; every one of them twice, with {LIKES} likes of films of one genre (treated) or of "
            "films without it (control), drawn among films not met yet. Share of that genre among the top "
            f"{TOP}, after minus before; effect: treated minus control. Genres drawn: those with at least "
            f"{LEAST_FILMS} films and at most a third of the catalogue. Asked, in a new session each time: "
            f"{asked}. Brackets: 95% bootstrap interval over people, {report['resamples']:,} resamples. Seed "
            f"{report['seed']}, simulator's seed 7. Model: {report['model']}. Machine: {report['machine']}. "
            f"{empty} of {lists} lists were empty. Wording is left out here: it does not choose films.",
            "",
            table(
                [
                    "alpha",
                    "asked",
                    "treated",
                    "control",
                    "effect",
                    "effect without the liked films themselves",
                ],
                rows,
            ),
            "",
        ]
    )


def _interval(found: dict[str, float]) -> str:
    return f"{found['effect']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--resamples", type=int, default=10_000)
    given = parser.parse_args()
    alphas = {}
    for name, alpha in ALPHAS.items():
        # Without time to write, each reason is a plain sentence; which films come is the same.
        with demo.prepared(given.model, ranking__fusion__alpha=alpha, model__write_seconds=0.0) as settings:
            model = demo.named(demo.model_folder(settings))
            alphas[name] = measure(settings, given.users, given.seed, given.resamples)
    report = {
        "machine": machine(),
        "model": model,
        "seed": given.seed,
        "users": given.users,
        "resamples": given.resamples,
        "alphas": alphas,
    }
    publish(report, markdown(report), given.json)


if __name__ == "__main__":
    main()
