"""Asking back: which question splits what may be meant best, and when it is worth more than a list.

Knows the catalogue and how likely each of its items is what is meant; nothing of how a question is worded.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

import prompts
from bot.configs import TurnConfig
from bot.facts import value_words
from bot.intent import Intent
from bot.state import DialogueState
from retrieval.catalogue import Catalogue
from retrieval.everyday import FUNCTION_WORDS
from retrieval.items import Role

FloatArray = NDArray[np.float64]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_ANSWERED: dict[Role, float] = {
    "genre": 1.0, "category": 1.0, "cuisine": 1.0, "colour": 0.8, "area": 0.8, "language": 0.8, "price": 0.8,
    "year": 0.7, "material": 0.7, "brand": 0.6,
}  # fmt: skip
"""What a person can be asked about, and the odds that they have an answer, set by hand and tried on simulated
people: nearly everybody knows the kind they want, fewer the decade or the brand, and nobody the runtime."""
_MOST_VALUES = 60
"""A field of more values than these is no choice that a person could overlook."""
_OPTIONS = 3
_FIRST_DECADE = 1900
_LEFT_OPEN = 0.5
"""Cosine from which a message leaves the choice to us, as the phrases of prompts/open_choice.txt do: "you
decide" has .81, "dont really know what i want" .44."""
_VAGUE = frozenset(
    word
    for line in prompts.text("vague.txt").splitlines()
    if not line.startswith("#")
    for word in line.split()
)


@dataclass(frozen=True, slots=True)
class Question:
    """A field to ask about, and two or three answers to offer: the likeliest or the extremes first."""

    field: str
    options: tuple[str, ...]
    examples: tuple[int, ...] = ()
    """Positions of items that the first two answers are true of, one each."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What may be answered to a question about one field, in words, and who would answer it.

    `shares` is (n, answers): the chance that who means an item gives an answer. An item of several genres is
    called by each of them equally often; a row of zeros has nothing to answer.
    """

    words: tuple[str, ...]
    shares: csc_matrix
    by_size: bool = False
    """Whether the answers are amounts, in their order; the extremes are offered first."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A question and what it is worth."""

    question: Question
    information: float
    """What its answer is expected to tell about which item is meant, in nats."""
    found: float
    """The probability that what is meant is in the list after the answer."""


class Asker:
    """Finds the question to ask about one catalogue."""

    def __init__(self, catalogue: Catalogue, config: TurnConfig, encode: Encode) -> None:
        """`encode` turns texts into unit vectors, (texts, d)."""
        self._catalogue = catalogue
        self._config = config
        self._encode = encode
        self._open = encode(prompts.text("open_choice.txt").splitlines())  # (phrases, d)
        self._named: dict[str, Answers] = {}

    def may_ask(
        self, message: str, intent: Intent, before: DialogueState, state: DialogueState, *, newcomer: bool
    ) -> bool:
        """Whether a question would be welcome now, worth it or not.

        It is where a newcomer has said nothing that tells items apart, and where all that was shown is
        turned down without a word about what to look for instead. It is not twice in a row, not where a
        number of items is asked for or the choice left to us, and not more often than a session may hold.
        """
        if len(state.asked) >= self._config.questions or before.pending is not None:
            return False
        if intent.count is not None:
            return False
        welcome = (newcomer and says_nothing(state)) or _refused(intent, before)
        return welcome and not self._leaves_open(message)

    def _leaves_open(self, message: str) -> bool:
        """Whether the choice is left to us: "surprise me"."""
        return float((self._open @ self._encode([message])[0]).max()) >= _LEFT_OPEN

    def likelihoods(self, scores: FloatArray) -> FloatArray:
        """How likely each item is what is meant, (n,), from the ranker's `scores`, (n,); -inf is ruled out.

        A softmax: the more the wishes and the person's taste set items apart, the surer. All zeros when
        everything is ruled out.
        """
        best = scores.max(initial=-np.inf)
        if not np.isfinite(best):
            return np.zeros_like(scores)
        weights = np.exp((scores - best) / self._config.question_temperature)
        likely: FloatArray = weights / weights.sum()
        return likely

    def question(self, likely: FloatArray, settled: Collection[str], k: int) -> Question | None:
        """The question worth more than a list of `k`, of fields that are not `settled`; None without one.

        It is when the list after its answer is likelier to hold what is meant than this list and the next
        together, `question_worth` times as likely: by then as many turns have passed.
        """
        weighed = self.weighed(likely, settled, k)
        if not weighed:
            return None
        best = max(weighed, key=lambda one: one.information)
        listed = float(np.sort(likely)[::-1][: 2 * k].sum())
        return best.question if best.found > self._config.question_worth * listed else None

    def weighed(self, likely: FloatArray, settled: Collection[str], k: int) -> list[Weighed]:
        """Every question that splits what is left, in the order of the catalogue's fields."""
        found = []
        for field, spec in self._catalogue.config.fields.items():
            role = spec.role_of(field)
            answered = _ANSWERED.get(role, 0.0) if role else 0.0
            if field in settled or not spec.filter or not answered:
                continue
            answers = self.answers(field, likely)
            if answers is not None and (one := _weigh(field, answers, answered, likely, k)):
                found.append(one)
        return found

    def answers(self, field: str, likely: FloatArray) -> Answers | None:
        """What can be answered about `field`; None where nothing can."""
        spec = self._catalogue.config.fields[field]
        if spec.type in ("category", "list"):
            if field not in self._named:
                self._named[field] = self._values(field)
            return self._named[field]
        if spec.type not in ("int", "float"):
            return None
        if spec.role_of(field) == "year":
            if field not in self._named:
                self._named[field] = self._decades(field)
            return self._named[field]
        return self._bands(field, likely)

    def _values(self, field: str) -> Answers:
        """The values of a field, by name."""
        values = self._catalogue.values(field)
        places = [np.asarray(at, dtype=np.intp) for at in values.values()]
        return _matrix([str(value) for value in values], places, len(self._catalogue))

    def _decades(self, field: str) -> Answers:
        """Years by their decade: "the 1980s", and "before 1900"."""
        years = self._catalogue.numbers(field)
        known = np.flatnonzero(~np.isnan(years))
        firsts = np.maximum(years[known] // 10 * 10, _FIRST_DECADE - 10).astype(int)
        decades = sorted(set(firsts.tolist()))
        words = [
            f"the {first}s" if first >= _FIRST_DECADE else f"before {_FIRST_DECADE}" for first in decades
        ]
        return _matrix(words, [known[firsts == first] for first in decades], len(self._catalogue))

    def _bands(self, field: str, likely: FloatArray) -> Answers | None:
        """Thirds of what may be meant, between round numbers: "under $30", "$30 to $60", "over $60"."""
        numbers = self._catalogue.numbers(field)
        known = np.flatnonzero(~np.isnan(numbers) & (likely > 0))
        if not known.size:
            return None
        order = known[np.argsort(numbers[known], kind="stable")]
        mass = np.cumsum(likely[order])
        cuts = np.searchsorted(mass, mass[-1] * np.array([1, 2]) / 3)
        low, high = (_rounded(float(number)) for number in numbers[order[cuts]])
        if low == high:
            return None
        unit = self._catalogue.config.fields[field].unit
        lower, upper = value_words(low, unit), value_words(high, unit)
        held = numbers[known]
        places = [known[held < low], known[(held >= low) & (held <= high)], known[held > high]]
        words = f"under {lower}", f"{lower} to {upper}", f"over {upper}"
        return replace(_matrix(words, places, len(numbers)), by_size=True)


def says_nothing(state: DialogueState) -> bool:
    """Whether nothing asked for or liked tells one item from another: "something good for tonight"."""
    if state.models or state.tastes or any(wish.constraints for wish in state.wishes):
        return False
    return all(word in FUNCTION_WORDS | _VAGUE for word in re.findall(r"[\w']+", state.query.lower()))


def _refused(intent: Intent, before: DialogueState) -> bool:
    """Whether everything in view was turned down, and nothing said in its place."""
    adds = intent.constraints or intent.likes or intent.query or intent.retracts or intent.inquiries
    return len(before.shown) > 1 and set(before.shown) <= set(intent.turned_down) and not adds


def _matrix(words: Sequence[str], places: Sequence[NDArray[np.intp]], n: int) -> Answers:
    """Answers from the positions of the items that each is true of."""
    rows = np.concatenate([*places, np.empty(0, dtype=np.intp)])
    columns = np.repeat(np.arange(len(places)), [len(at) for at in places])
    several = np.maximum(np.bincount(rows, minlength=n), 1)
    return Answers(tuple(words), csc_matrix((1 / several[rows], (rows, columns)), shape=(n, len(places))))


def _weigh(name: str, answers: Answers, answered: float, likely: FloatArray, k: int) -> Weighed | None:
    """What asking about the field `name` is worth; None where there is no choice, or too much of it.

    With p the likelihood of an item and s(a|i) the share of answer a for item i, the answer tells
    H(a) - E[H(a|i)], the entropy of the answers less what is mere choice among an item's own. Who has no
    answer, 1 - `answered` of all and whoever means an item without a value, is shown what is likeliest now.
    """
    shares = answers.shares
    mass = shares.T @ likely  # (answers,)
    present = np.flatnonzero(mass > 0)
    if not 2 <= present.size <= _MOST_VALUES:
        return None
    total = float(mass.sum())
    chances = mass[present] / total
    entropy = -float((chances * np.log(chances)).sum())
    own = shares.copy()
    own.data = -own.data * np.log(own.data)
    choice = float((own.T @ likely).sum()) / total
    order = np.argsort(-likely, kind="stable")
    silent = 1 - np.asarray(shares.sum(axis=1)).ravel()  # (n,) 1 where an item has no value
    now, unasked = order[:k], likely * silent
    told = sum(_in_list(shares, int(column), likely, k) for column in present)
    found = answered * (told + float(unasked[now].sum())) + (1 - answered) * float(likely[now].sum())
    offered = present[np.argsort(-mass[present], kind="stable")][:_OPTIONS]
    if answers.by_size:
        offered = present[[0, -1, *range(1, present.size - 1)]]
    options = tuple(answers.words[column] for column in offered)
    examples = tuple(int((shares[:, [column]].toarray().ravel() * likely).argmax()) for column in offered[:2])
    return Weighed(Question(name, options, examples), answered * total * (entropy - choice), found)


def _in_list(shares: csc_matrix, column: int, likely: FloatArray, k: int) -> float:
    """The probability that an answer is given, and what is meant is in the list of `k` that follows."""
    part = slice(shares.indptr[column], shares.indptr[column + 1])
    items = shares.indices[part]
    first = np.argsort(-likely[items], kind="stable")[:k]
    return float((likely[items] * shares.data[part])[first].sum())


def _rounded(number: float) -> int:
    """A number as people say it: two figures at most, to the five from 50 on; below ten a whole one."""
    step = 10 ** max(0, len(str(int(number))) - 2) * (5 if number >= 50 else 1)
    return int(round(number / step) * step)
