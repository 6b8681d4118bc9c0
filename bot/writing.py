"""Writing: the language model's sentences from facts, checked, and a plain sentence where none holds."""

import re
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from langchain_core.prompts import PromptTemplate

import prompts
from bot.claims import check, fill
from bot.decoding import FactConstraint
from bot.errors import ModelError
from bot.facts import Fact
from bot.layout import placeholder, render_write
from bot.model import Ask, LanguageModel

DRAFTS = 5
"""How often a sentence is tried before a plain one stands in."""
SENTENCE_TOKENS = 56
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
        """One checked sentence per order, all drafted in one batch; the failed ones are drafted again."""
        deadline = time.monotonic() + self._model.config.write_seconds
        written: dict[int, Written] = {}
        failures = dict.fromkeys(range(len(orders)), "not written")
        for attempt in range(DRAFTS):
            left = [i for i in range(len(orders)) if i not in written]
            if not left:
                break
            try:
                drafts = self._draft([orders[i] for i in left], seed + 7919 * attempt, deadline)
            except ModelError as error:
                failures.update(dict.fromkeys(left, str(error)))
                break
            for i, draft in zip(left, drafts, strict=True):
                order = orders[i]
                verdict = check(draft, order.facts, order.required, self._kind)
                if verdict.holds:
                    used = tuple(fact for fact in order.facts if placeholder(fact.name) in draft)
                    written[i] = Written(fill(draft, order.facts), draft, used)
                else:
                    failures[i] = verdict.reason
        return [written.get(i) or self._plainly(orders[i], failures[i]) for i in range(len(orders))]

    def _draft(self, orders: Sequence[Order], seed: int, deadline: float) -> list[str]:
        if self._model.knows_layout:
            texts = [
                render_write(o.task, self._kind, [fact.name for fact in o.facts], o.utterance) for o in orders
            ]
            constraints = [_holding([fact.name for fact in o.facts], o.required) for o in orders]
        else:
            texts = [
                INSTRUCT_WRITE.format(
                    task=o.task, kind=self._kind, utterance=o.utterance[:300],
                    facts=", ".join(f"{placeholder(fact.name)} = {fact.words}" for fact in o.facts),
                )
                for o in orders
            ]  # fmt: skip
            constraints = []
        ask = Ask(SENTENCE_TOKENS, constraints, sample=True, deadline=deadline, seed=seed)
        found = self._model.generate(texts, ask=ask).generations
        return [_tidy(generations[0].text) for generations in found]

    def _plainly(self, order: Order, failure: str) -> Written:
        used = tuple(fact for fact in order.facts if placeholder(fact.name) in order.plain)
        return Written(fill(order.plain, order.facts), order.plain, used, failure)


def _holding(names: Sequence[str], required: Collection[str]) -> Callable[[LanguageModel], FactConstraint]:
    def constraint(model: LanguageModel) -> FactConstraint:
        return FactConstraint(model.tokenizer, names, required, model.vocabulary)

    return constraint


def _tidy(draft: str) -> str:
    return re.sub(r"\s+", " ", draft.split("\n")[0]).strip()
