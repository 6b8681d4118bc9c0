"""Writing: the language model's sentences from facts, checked, and a plain sentence where none holds."""

import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from langchain_core.outputs import Generation
from langchain_core.prompts import PromptTemplate

import prompts
from bot.claims import check, fill
from bot.decoding import FactConstraint
from bot.errors import ModelError
from bot.facts import Fact
from bot.layout import placeholder, render_write
from bot.model import SURENESS, Ask, LanguageModel

DRAFTS, POLISHED, ROUNDS = 3, 2, 5
"""Of each sentence so many drafts are made at a time, and the surest that holds is shown.
Where none is sure, more follow for so many rounds; where none holds at all, for so many."""
SURE, UNSURE = -0.4, -1.2
"""Mean log-probabilities: of a draft that needs no better one, and of one that is not worth showing."""
SENTENCE_TOKENS = 44
INSTRUCT_WRITE = PromptTemplate.from_template(prompts.text("instruct_write.txt"), template_format="jinja2")


@dataclass(frozen=True, slots=True)
class Order:
    """One sentence to write: the task, the facts it may use, those it must, and a plain stand-in."""

    task: str
    facts: tuple[Fact, ...]
    plain: str
    required: tuple[str, ...] = ()
    utterance: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence as shown, the draft it was filled from, and why the model's own words could not be used."""

    text: str
    draft: str
    used: tuple[Fact, ...]
    failure: str | None = None


class Writer:
    """Writes about one `kind` of thing ("film", "product", ... or "item")."""

    def __init__(self, model: LanguageModel, kind: str) -> None:
        self._model = model
        self._kind = kind

    def write(self, orders: Sequence[Order], seed: int) -> list[Written]:
        """One checked sentence per order, all drafted in one batch; failed and unsure ones again."""
        deadline = time.monotonic() + self._model.config.write_seconds
        best: dict[int, tuple[float, Written]] = {}
        failures = dict.fromkeys(range(len(orders)), "not written")
        for attempt in range(ROUNDS):
            enough = SURE if attempt < POLISHED else UNSURE
            left = [i for i in range(len(orders)) if i not in best or best[i][0] < enough]
            if not left:
                break
            asked = [i for i in left for _ in range(DRAFTS)]
            try:
                drafts = self._draft([orders[i] for i in asked], seed + 7919 * attempt, deadline)
            except ModelError as error:
                failures.update(dict.fromkeys(left, str(error)))
                break
            for i, (draft, sureness) in zip(asked, drafts, strict=True):
                order = orders[i]
                verdict = check(draft, order.facts, order.required, self._kind)
                if not verdict.holds:
                    failures[i] = verdict.reason
                elif sureness < UNSURE:
                    failures[i] = "the model is not sure of its words"
                elif i not in best or sureness > best[i][0]:
                    used = tuple(fact for fact in order.facts if placeholder(fact.name) in draft)
                    best[i] = (sureness, Written(fill(draft, order.facts), draft, used))
        return [
            best[i][1] if i in best else self._plainly(order, failures[i]) for i, order in enumerate(orders)
        ]

    def _draft(self, orders: Sequence[Order], seed: int, deadline: float) -> list[tuple[str, float]]:
        """One draft of each, and how sure the model was of it; another model than ours is taken as sure."""
        if self._model.knows_layout:
            texts = [
                render_write(o.task, self._kind, [fact.name for fact in o.facts], o.utterance) for o in orders
            ]
            constraints = [_holding([f.name for f in o.facts], o.required, self._kind) for o in orders]
        else:
            texts = [
                INSTRUCT_WRITE.format(
                    task=o.task, kind=self._kind, utterance=o.utterance[:300],
                    facts=", ".join(f"{placeholder(fact.name)} = {fact.words}" for fact in o.facts),
                )
                for o in orders
            ]  # fmt: skip
            constraints = []
        ask = Ask(
            SENTENCE_TOKENS,
            constraints,
            sample=True,
            deadline=deadline,
            seed=seed,
            least=UNSURE if self._model.knows_layout else None,
        )
        found = [generations[0] for generations in self._model.generate(texts, ask=ask).generations]
        return [(_tidy(one.text), self._sureness(one)) for one in found]

    def _sureness(self, generation: Generation) -> float:
        found = (generation.generation_info or {}).get(SURENESS, 0.0)
        return float(found) if self._model.knows_layout else 0.0

    def _plainly(self, order: Order, failure: str) -> Written:
        used = tuple(fact for fact in order.facts if placeholder(fact.name) in order.plain)
        return Written(fill(order.plain, order.facts), order.plain, used, failure)


def _holding(
    names: Sequence[str], required: Collection[str], kind: str
) -> Callable[[LanguageModel], FactConstraint]:
    def constraint(model: LanguageModel) -> FactConstraint:
        return FactConstraint(model.tokenizer, names, required, model.vocabulary, kind)

    return constraint


def _tidy(draft: str) -> str:
    return re.sub(r"\s+", " ", draft.split("\n")[0]).strip()
