"""Writing: the language model's sentences from facts, checked, and a plain sentence where none holds."""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.claims import Claim, ClaimChecker, Record
from bot.decoding import FactConstraint
from bot.drafts import Verdict, check, check_free, fill
from bot.errors import ModelError, ModelStopped
from bot.facts import Fact
from bot.instructing import instruct_write
from bot.layout import placeholder, render_write
from bot.model import Ask, LanguageModel, Model
from retrieval.items import Item

DRAFTS, POLISHED, ROUNDS = 3, 2, 5
"""Of each sentence so many drafts are made at a time, and the surest that holds is shown.
Where none is sure, more follow for so many rounds; where none holds at all, for so many."""
SURE, UNSURE = -0.4, -1.2
"""Mean log-probabilities: of a draft that needs no better one, and of one that is not worth showing."""
REPEATED, TOLD = 0.6, 0.1
"""What it costs a draft to begin as a sentence before it does, and what each fact that it tells is worth."""
FREE_UNSURE = -3.0
"""The same of a model that was not taught our layout: its words are freer, and noise is far below."""
SENTENCE_TOKENS = 44


@dataclass(frozen=True, slots=True)
class Order:
    """One sentence to write: the task, the facts it may use, those it must, and a plain stand-in."""

    task: str
    facts: tuple[Fact, ...]
    plain: str
    required: tuple[str, ...] = ()
    utterance: str = ""
    items: tuple[Item, ...] = ()
    """The items that it speaks of."""


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence as shown, the draft it was filled from, and why the model's own words could not be used."""

    text: str
    draft: str
    used: tuple[Fact, ...]
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as it was judged: the round that it was made in (0 first; None for what was shown in the
    end), its words, filled as far as they can be, what they are held to, and why they may not be shown
    ("" where they may).
    """

    order: Order
    attempt: int | None
    draft: str
    text: str
    record: Record
    fault: str


class Writer:
    """Writes about one `kind` of thing ("film", "product", ... or "item").

    `heard` is told of every draft, and of every sentence that is shown; measurements listen there.
    """

    def __init__(self, model: Model, kind: str, checker: ClaimChecker) -> None:
        self._model = model
        self._kind = kind
        self._checker = checker
        self.heard: Callable[[Draft], None] = lambda _draft: None

    def write(
        self,
        orders: Sequence[Order],
        person: Record,
        seed: int,
        *,
        tell: Callable[[int, Written], None] = lambda _place, _written: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> list[Written]:
        """One checked sentence per order, all drafted in one batch; failed and unsure ones again.

        `person` is what is known of the person; each order brings the items that its sentence is held to.
        `tell` hears each sentence as soon as it and all before it are settled. Once `stopped` is true no
        more is written: the sentences told by then are returned.
        """
        records = [replace(person, items=order.items) for order in orders]
        sentences = _Sentences(orders, records, self._judge, tell, self.heard)
        deadline = time.monotonic() + self._model.config.write_seconds
        for attempt in range(ROUNDS):
            left = sentences.begin_round(attempt)
            if not left:
                break
            try:
                self._draft(orders, left, seed + 7919 * attempt, deadline, stopped, sentences.add)
            except ModelStopped:
                return sentences.told
            except ModelError as error:
                sentences.give_up(left, str(error))
                break
        sentences.settle_all()
        return sentences.told

    def _judge(self, order: Order, draft: str, record: Record) -> tuple[str, Verdict]:
        """The draft filled, and whether it may be shown: first its form, then each of its claims."""
        judge = check if self._model.knows_layout else check_free
        verdict = judge(draft, order.facts, order.required, self._kind)
        text = fill(draft, order.facts)
        if not verdict.holds:
            return text, verdict
        faults = self._checker.faults(text, record)
        return text, Verdict(False, _told(faults[0])) if faults else verdict

    def _draft(
        self,
        orders: Sequence[Order],
        places: Sequence[int],
        seed: int,
        deadline: float,
        stopped: Callable[[], bool],
        add: Callable[[int, str, float], None],
    ) -> None:
        """Drafts of the orders at `places`; `add` hears each, its place and how sure the model was of it."""
        asked = [place for place in places for _ in range(DRAFTS)]
        ours = self._model.knows_layout
        left = set(range(len(asked)))

        def finished(row: int, text: str, sureness: float) -> None:
            left.discard(row)
            freely = not ours and sureness >= FREE_UNSURE
            add(asked[row], _tidy(text), 0.0 if freely else sureness)

        ask = Ask(
            SENTENCE_TOKENS,
            [_holding(orders[place], self._kind) for place in asked] if ours else [],
            sample=True,
            deadline=deadline,
            seed=seed,
            least=UNSURE if ours else FREE_UNSURE,
            stopped=stopped,
            finished=finished,
        )
        result = self._model.generate([self._prompt(orders[place]) for place in asked], ask=ask)
        for row in sorted(left):  # a model that does not tell its answers one by one
            finished(row, result.generations[row][0].text, 0.0)

    def _prompt(self, order: Order) -> str:
        if self._model.knows_layout:
            return render_write(order.task, self._kind, [fact.name for fact in order.facts], order.utterance)
        return instruct_write(order.task, self._kind, order.facts, order.required, order.utterance)


class _Sentences:
    """The sentences of one reply while they are drafted: the best of each, told in order once settled."""

    def __init__(
        self,
        orders: Sequence[Order],
        records: Sequence[Record],
        judge: Callable[[Order, str, Record], tuple[str, Verdict]],
        tell: Callable[[int, Written], None],
        heard: Callable[[Draft], None],
    ) -> None:
        self.told: list[Written] = []
        self._orders = orders
        self._records = records
        self._judge = judge
        self._tell = tell
        self._heard = heard
        self._held: dict[int, list[tuple[float, Written]]] = defaultdict(list)
        self._failures = dict.fromkeys(range(len(orders)), "not written")
        self._awaited = dict.fromkeys(range(len(orders)), 0)
        self._attempt = 0

    def begin_round(self, attempt: int) -> list[int]:
        """The orders that need (more) drafts in this round; so many drafts of each are awaited."""
        self._attempt = attempt
        left = [i for i in range(len(self.told), len(self._orders)) if not self._is_good(i, attempt)]
        self._awaited.update(dict.fromkeys(left, DRAFTS))
        return left

    def add(self, place: int, draft: str, sureness: float) -> None:
        """One more draft of an order; the surest that holds is kept."""
        order, record = self._orders[place], self._records[place]
        self._awaited[place] -= 1
        text, verdict = self._judge(order, draft, record)
        self._heard(Draft(order, self._attempt, draft, text, record, verdict.reason))
        if not verdict.holds:
            self._failures[place] = verdict.reason
        elif sureness < UNSURE:
            self._failures[place] = "the model is not sure of its words"
        else:
            used = tuple(fact for fact in order.facts if _uses(draft, fact))
            self._held[place].append((sureness, Written(text, draft, used)))
        self._tell_settled()

    def give_up(self, places: Sequence[int], reason: str) -> None:
        self._failures.update(dict.fromkeys(places, reason))

    def settle_all(self) -> None:
        """Tell the rest: the best drafts there are, and plain sentences for orders without one."""
        for place in range(len(self.told), len(self._orders)):
            self._say(place)

    def _tell_settled(self) -> None:
        while len(self.told) < len(self._orders):
            place = len(self.told)
            if self._awaited[place] or not self._is_good(place, self._attempt + 1):
                return
            self._say(place)

    def _is_good(self, place: int, attempt: int) -> bool:
        """Whether an order needs no more drafts once the rounds before `attempt` are over."""
        # The first sentence is waited for: it is not held back for a better one.
        enough = SURE if place > 0 and attempt < POLISHED else UNSURE
        return any(sureness >= enough for sureness, _ in self._held[place])

    def _say(self, place: int) -> None:
        order, held = self._orders[place], self._held[place]
        written = self._choice(held) if held else _plainly(order, self._failures[place])
        self.told.append(written)
        failure = written.failure or ""
        self._heard(Draft(order, None, written.draft, written.text, self._records[place], failure))
        self._tell(place, written)

    def _choice(self, held: Sequence[tuple[float, Written]]) -> Written:
        """The best draft: one that is sure enough, begins as no sentence before it, and tells much.

        Surer than sure counts no more: the likeliest wording of all would be said every time.
        """
        begun = {_beginning(written.draft) for written in self.told}

        def worth(one: tuple[float, Written]) -> float:
            sureness, written = one
            repeated = _beginning(written.draft) in begun
            return min(sureness, SURE) - REPEATED * repeated + TOLD * len(written.used)

        return max(held, key=worth)[1]


def _beginning(draft: str) -> tuple[str, ...]:
    """The first words of a draft, by which sentences look alike, whatever fills its places."""
    return tuple(draft.lower().split()[:3])


def _plainly(order: Order, failure: str) -> Written:
    used = tuple(fact for fact in order.facts if placeholder(fact.name) in order.plain)
    return Written(fill(order.plain, order.facts), order.plain, used, failure)


def _holding(order: Order, kind: str) -> Callable[[LanguageModel], FactConstraint]:
    names = [fact.name for fact in order.facts]

    def constraint(model: LanguageModel) -> FactConstraint:
        return FactConstraint(model.tokenizer, names, order.required, model.vocabulary, kind)

    return constraint


def _uses(draft: str, fact: Fact) -> bool:
    return placeholder(fact.name) in draft or fact.words in draft


def _told(claim: Claim) -> str:
    return f"{claim.text.strip()!r}: {claim.fault}"


def _tidy(draft: str) -> str:
    return re.sub(r"\s+", " ", draft.strip().split("\n")[0]).strip()
