"""Whether a seeker liked the films they spoke of, against their own forms: `python -m benchmarks.opinions`.

ReDial's seekers said in a form after each dialogue whether they liked each film. The reader sees each of
their messages in its context; a film's score is what the strongest of them says. Beside it stand the
majority and VADER, a sentiment lexicon, on the same messages. Thresholds are chosen on train dialogues;
`--part test` is for the end. Needs PARLEY_DATA_DIR.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from bot.configs import ModelConfig
from bot.layout import SLOTS, Message
from bot.loading import SHIPPED, load_model
from bot.model import LanguageModel
from bot.understanding import reading_prompt
from training.sources import data_dir, read_jsonl, redial_text

RESAMPLES, SEED = 2_000, 20261127
HISTORY = 4
"""Messages before one that are read with it."""
CHOSEN_ON = 400
"""Train dialogues that thresholds are chosen on; of some the reader learned messages, of none the forms."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A seeker's message about films."""

    history: tuple[Message, ...]
    text: str
    places: dict[str, list[tuple[int, int]]]
    """Of each film it is about its characters here; none where the message before named it."""


@dataclass(frozen=True, slots=True)
class Film:
    """One film of one form."""

    dialogue: int
    liked: bool
    messages: tuple[int, ...]
    """Which of the messages are about it."""
    film: str


def films_of(part: str) -> tuple[list[Spoken], list[Film]]:
    """Messages of `part`, and the films that the seekers spoke of and judged."""
    file = {"train": "train_partial.jsonl.gz", "test": "test.jsonl.gz"}[part]
    rows = list(read_jsonl(data_dir() / "redial" / file))
    messages: list[Spoken] = []
    films: list[Film] = []
    for number, row in enumerate(rows if part == "test" else rows[:CHOSEN_ON]):
        about: dict[str, list[int]] = {}
        before: list[Message] = []
        named_before: list[str] = []
        for message in row["messages"]:
            text = redial_text(message["text"], row["movieMentions"] or {})
            named = re.findall(r"@(\d+)", message["text"])
            seeker = message["senderWorkerId"] == row["initiatorWorkerId"]
            if seeker and (named or named_before):
                places = _places(message["text"], text, row["movieMentions"] or {}) if named else {}
                for film in dict.fromkeys(named or named_before):
                    about.setdefault(film, []).append(len(messages))
                messages.append(Spoken(tuple(before[-HISTORY:]), text, places))
            named_before = [] if seeker else named or named_before
            before.append(Message("user" if seeker else "assistant", text))
        for film, answers in dict(row["initiatorQuestions"] or {}).items():
            if film in about and answers["liked"] in (0, 1):
                films.append(Film(number, answers["liked"] == 1, tuple(about[film]), film))
    return messages, films


def _places(raw: str, text: str, names: dict[str, str]) -> dict[str, list[tuple[int, int]]]:
    """Where each film's title stands in the rendered `text` of `raw`."""
    places: dict[str, list[tuple[int, int]]] = {}
    after = 0
    for film in re.findall(r"@(\d+)", raw):
        title = redial_text(f"@{film}", names)
        start = text.find(title, after)
        if start >= 0:
            after = start + len(title)
            places.setdefault(film, []).append((start, after))
    return places


Judge = Callable[[Spoken], Callable[[str], float]]
"""Of a message how much each film is disliked in it, negative where it is liked."""


def reader(model: LanguageModel) -> Judge:
    """P(dislike or avoid) less P(like) where a title stands; P(reject) less P(accept) of what was offered."""
    like, *unwanted = (SLOTS.index(slot) for slot in ("like", "dislike", "avoid"))

    def judge(message: Spoken) -> Callable[[str], float]:
        prompt, skipped = reading_prompt(model, message.history, message.text)
        (said,) = model.read_probabilities([prompt])

        def of(film: str) -> float:
            if film not in message.places:
                high = said.slots.max(axis=0, initial=0.0)
                against = max(said.acts["reject"], float(high[unwanted[0]]))
                return against - max(said.acts["accept"], float(high[like]))
            places = [(start + 1 - skipped, end + 1 - skipped) for start, end in message.places[film]]
            rows = [
                row for row, (a, b) in enumerate(said.offsets) if any(a < end and s < b for s, end in places)
            ]
            if not rows:
                return 0.0
            high = said.slots[rows].max(axis=0)
            return float(high[unwanted].max() - high[like])

        return of

    return judge


def lexicon() -> Judge:
    """VADER's compound score of the message (Hutto and Gilbert, ICWSM 2014), turned round."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()

    def judge(message: Spoken) -> Callable[[str], float]:
        compound = -float(analyzer.polarity_scores(message.text)["compound"])
        return lambda film: compound

    return judge


def scored(judge: Judge, messages: Sequence[Spoken], films: Sequence[Film], what: str) -> NDArray[np.float64]:
    """Of each film what the strongest message about it says."""
    judged = [judge(message) for message in track(messages, description=what, transient=True)]
    return np.array(
        [max((judged[at](film.film) for at in film.messages), key=abs) for film in films], dtype=np.float64
    )


def balanced(disliked: NDArray[np.bool_], found: NDArray[np.bool_], weights: NDArray[np.int64]) -> float:
    """Mean of the recall of disliked and of liked films; `weights` say how often each counts."""
    recalls = [weights[truth] @ (found == disliked)[truth] / max(1, weights[truth].sum())
               for truth in (disliked, ~disliked)]  # fmt: skip
    return float(np.mean(recalls))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="a folder; the shipped one by default")
    parser.add_argument("--part", choices=("train", "test"), default="train", help="test is for the end")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    arguments = parser.parse_args()
    model = load_model(ModelConfig(path=str(arguments.model), device="cpu", read_seconds=600))
    sets = {part: films_of(part) for part in dict.fromkeys(("train", arguments.part))}
    films = sets[arguments.part][1]
    disliked = np.array([not film.liked for film in films])
    dialogues = np.unique([film.dialogue for film in films], return_inverse=True)[1]
    size = dialogues.max() + 1
    drawn = np.random.default_rng(SEED).multinomial(size, np.full(size, 1 / size), size=RESAMPLES)
    weights = [np.ones(len(films), dtype=np.int64), *(draw[dialogues] for draw in drawn)]
    report: dict[str, dict[str, float]] = {}
    samples = {}
    for name, judge in {"reader": reader(model), "lexicon (VADER)": lexicon()}.items():
        scores = {part: scored(judge, *of, f"{name}, {part}") for part, of in sets.items()}
        truth = np.array([not film.liked for film in sets["train"][1]])
        once = np.ones(len(truth), dtype=np.int64)
        grid = np.unique(np.quantile(scores["train"], np.linspace(0, 1, 201)))
        limit = max(grid, key=lambda t: balanced(truth, scores["train"] >= t, once))
        found = scores[arguments.part] >= limit
        values = np.array([balanced(disliked, found, weight) for weight in weights])
        samples[name] = values
        low, high = np.percentile(values[1:], [2.5, 97.5])
        report[name] = {"value": values[0], "low": float(low), "high": float(high), "threshold": float(limit)}
    gain = samples["reader"] - samples["lexicon (VADER)"]
    low, high = np.percentile(gain[1:], [2.5, 97.5])
    report["gain over the lexicon"] = {"value": float(gain[0]), "low": float(low), "high": float(high)}
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    lines = [
        f"{len(films)} films of {size} dialogues, {arguments.part}; {disliked.mean():.1%} disliked. Balanced "
        f"accuracy, 95% by {RESAMPLES:,} resamples of dialogues, seed {SEED}; thresholds from {CHOSEN_ON} "
        "train dialogues (the train set is part of the published one).",
        "",
        "| | balanced accuracy | 95% |",
        "|---|---|---|",
        "| majority (all liked) | 0.500 | |",
        *(
            f"| {name} | {at['value']:.3f} | {at['low']:.3f} to {at['high']:.3f} |"
            for name, at in report.items()
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
