"""When nothing fits: which wishes to give up first, and how near to a number the rest can come."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from retrieval.catalogue import Catalogue
from retrieval.filters import Constraint, mask

_LOWER, _UPPER = ("gt", "gte", "eq"), ("lt", "lte", "eq")


def reliefs(constraints: Sequence[Constraint]) -> Iterator[tuple[Constraint, ...]]:
    """What may be given up, least first: one wish, then more and more of them.

    A number goes before a kind, since something can be near it: a funny film under 40 minutes stays funny.
    Of two the older goes first. What a person does not want is never given up.
    """
    positive = [one for one in constraints if one.op not in ("ne", "not_in")]
    wishes = [
        tuple(c for c in positive if c.text == text) for text in dict.fromkeys(c.text for c in positive)
    ]
    wishes.sort(key=lambda wish: not all(_is_amount(one) for one in wish))
    yield from wishes
    for count in range(2, len(wishes) + 1):
        yield tuple(c for wish in wishes[:count] for c in wish)


def _is_amount(constraint: Constraint) -> bool:
    return isinstance(constraint.value, int | float) and not isinstance(constraint.value, bool)


def is_number(catalogue: Catalogue, given_up: Sequence[Constraint]) -> bool:
    """Whether what is given up is bounds on one number, to which something can be near."""
    field = given_up[0].field
    spec = catalogue.config.fields.get(field)
    return spec is not None and spec.type in ("int", "float") and all(c.field == field for c in given_up)


def nearest(
    catalogue: Catalogue,
    others: Sequence[Constraint],
    given_up: Sequence[Constraint],
    excluded: Sequence[str],
    k: int,
) -> tuple[tuple[Constraint, ...], frozenset[str]]:
    """Wider bounds that hold for the `k` items nearest to `given_up`, and the ids of the very nearest.

    Among items that fulfil `others` and are not `excluded`; nothing where none has the number.
    """
    field = given_up[0].field
    distances = _distances(catalogue.numbers(field), given_up)
    distances[~mask(catalogue, others)] = np.nan
    distances[catalogue.positions(list(excluded))] = np.nan
    known = np.sort(distances[~np.isnan(distances)])
    if not known.size:
        return (), frozenset()
    reach = float(known[min(k, len(known)) - 1])
    bounds = [Constraint(field, "gte", low - reach, text) for low, text in _ends(given_up, _LOWER)]
    bounds += [Constraint(field, "lte", high + reach, text) for high, text in _ends(given_up, _UPPER)]
    closest = np.flatnonzero(np.isclose(distances, known[0]))
    return tuple(bounds), frozenset(catalogue.ids[place] for place in closest)


def _distances(numbers: npt.NDArray[np.float64], bounds: Sequence[Constraint]) -> npt.NDArray[np.float64]:
    """How far each number is from within the bounds, (n,); NaN where there is none."""
    distances = np.where(np.isnan(numbers), np.nan, 0.0)
    for low, _ in _ends(bounds, _LOWER):
        distances = np.maximum(distances, low - numbers)
    for high, _ in _ends(bounds, _UPPER):
        distances = np.maximum(distances, numbers - high)
    return distances


def _ends(bounds: Sequence[Constraint], ops: Sequence[str]) -> list[tuple[float, str]]:
    return [(float(str(one.value)), one.text) for one in bounds if one.op in ops]
