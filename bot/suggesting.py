"""Words that a person might say first, or next, about this catalogue: offered as buttons.

Knows the catalogue's fields and values; the words around them stand in `prompts/suggestions.yaml`.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import yaml

import prompts
from bot.policy import Plan
from bot.state import DialogueState
from retrieval.catalogue import Catalogue
from retrieval.filters import Constraint, mask
from retrieval.items import Role

MOST = 4
FEWEST_ITEMS = 3
"""An opening that leaves fewer items is not offered."""
LONGEST_TITLE = 60
NO_MATTER = "I don't mind"
"""Answers every question that is asked back."""
_NUMBERS: tuple[Role, ...] = ("year", "runtime", "price")
_KINDS: tuple[Role, ...] = ("genre", "category", "cuisine", "author")


class Suggester:
    """Suggestions for one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        lines = yaml.safe_load(prompts.text("suggestions.yaml"))
        self._openings = [one for one in lines["openings"] if self._has(one["uses"])]
        self._next = [one for one in lines["next"] if self._has(one["uses"])]

    def openings(self, popular: Sequence[str]) -> tuple[str, ...]:
        """First messages, each with something behind it; `popular` are item ids, the best known first."""
        offered = []
        for place, line in enumerate(self._openings):
            text = next(self._filled(line["text"], line["uses"], place, popular), None)
            if text is not None:
                offered.append(text[0].upper() + text[1:])
        return tuple(offered[:MOST])

    def follow_ups(
        self, plan: Plan, state: DialogueState, shown: Sequence[str], turn: int
    ) -> tuple[str, ...]:
        """What might be said next: an answer to the question asked, or a word about the list shown.

        `turn`, the turn's place in its session, sees to it that they are not the same after every answer.
        """
        if plan.question is not None:
            return (*plan.question.options, NO_MATTER)
        if not shown and not state.shown:
            return ()
        lines = [line["text"] for line in self._next if self._fits(line, state)]
        first = turn * MOST
        return tuple(lines[(first + step) % len(lines)] for step in range(min(MOST, len(lines))))

    def _fits(self, line: dict[str, list[str]], state: DialogueState) -> bool:
        """Whether a line about a number leaves the wish for that number as it stands."""
        fields = {self._catalogue.config.field_with_role(role) for role in line["uses"] if role in _NUMBERS}
        return not fields & {constraint.field for constraint in state.constraints}

    def _has(self, roles: Sequence[Role]) -> bool:
        return all(self._catalogue.config.field_with_role(role) for role in roles)

    def _filled(self, text: str, roles: Sequence[Role], place: int, popular: Sequence[str]) -> Iterator[str]:
        """`text` with values of the catalogue that leave enough items, the commonest values first."""
        if "{title}" in text:
            titles = (self._catalogue[item].title for item in popular)
            yield from (text.replace("{title}", one) for one in titles if len(one) <= LONGEST_TITLE)
            return
        fields = {role: self._catalogue.config.field_with_role(role) or "" for role in roles}
        kind = next(role for role in roles if role in _KINDS)
        values = self._common(fields[kind])
        for value in values[place:] + values[:place]:  # each line speaks of another value
            words = {"{value}": value, "{genre_phrase}": self._phrase(value)}
            wishes = [Constraint(fields[kind], "eq", value)]
            for role in roles:
                if role in _NUMBERS:
                    number, wish = self._number(role, fields[role], wishes)
                    words |= {"{number}": number, "{decade}": number, "{unit}": self._unit(fields[role])}
                    wishes += wish
                elif role != kind:
                    other = self._common(fields[role])[0]
                    words["{other}"] = other
                    wishes.append(Constraint(fields[role], "eq", other))
            if int(mask(self._catalogue, wishes).sum()) >= FEWEST_ITEMS:
                filled = text
                for name, word in words.items():
                    filled = filled.replace(name, word)
                yield filled

    def _common(self, field: str) -> list[str]:
        found = self._catalogue.values(field)
        return [str(value) for value in sorted(found, key=lambda value: (-len(found[value]), str(value)))]

    def _phrase(self, value: str) -> str:
        article = "an" if value[:1].lower() in "aeiou" else "a"
        return f"{article} {value} {self._catalogue.config.noun}"

    def _unit(self, field: str) -> str:
        unit = self._catalogue.config.fields[field].unit or ""
        return {"USD": "dollars", "EUR": "euros", "GBP": "pounds", "CNY": "yuan"}.get(unit, unit)

    def _number(self, role: Role, field: str, wishes: Sequence[Constraint]) -> tuple[str, list[Constraint]]:
        """A round number that splits what `wishes` leave: the decade in the middle, or an upper bound."""
        numbers = self._catalogue.numbers(field)[mask(self._catalogue, wishes)]
        numbers = numbers[~np.isnan(numbers)]
        if not numbers.size:
            return "", [Constraint(field, "lt", float("-inf"))]
        middle = float(np.quantile(numbers, 0.5))
        if role == "year":
            decade = int(middle) // 10 * 10
            return str(decade), [Constraint(field, "gte", decade), Constraint(field, "lte", decade + 9)]
        step = 10 ** max(0, len(str(int(middle))) - 2) * 5
        bound = int(np.ceil(middle / step) * step)
        return str(bound), [Constraint(field, "lt", bound)]
