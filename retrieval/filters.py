"""Constraints over catalogue fields: one item at a time, or the whole catalogue at once.

`matches` says what a constraint means; `mask` says the same of every item, and tests hold them equal.
Text is compared without regard to case. A list matches when any of its values does. A date compares by
as much of it as the constraint gives: "1994-09-23" is `eq` "1994" and `lte` "1994-09". An item without
a value fails every operator but `ne` and `not_in`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from retrieval.errors import FilterError
from retrieval.items import RESERVED, FieldValue, Item, value_of

if TYPE_CHECKING:
    from retrieval.catalogue import Catalogue

Op = Literal["eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains"]
Scalar = str | int | float | bool
ConstraintValue = Scalar | Sequence[Scalar]
BoolArray = npt.NDArray[np.bool_]

NEGATED: dict[Op, Op] = {"ne": "eq", "not_in": "in"}
ORDERED: dict[Op, tuple[int, ...]] = {"lt": (-1,), "lte": (-1, 0), "gt": (1,), "gte": (0, 1)}


@dataclass(frozen=True, slots=True)
class Constraint:
    """One wish over one field; `in` and `not_in` take a sequence, the others a single value."""

    field: str
    op: Op
    value: ConstraintValue
    text: str = ""
    """The words that the wish was read from."""


def matches(item: Item, constraint: Constraint) -> bool:
    """Whether `item` is what `constraint` asks for."""
    positive = NEGATED.get(constraint.op, constraint.op)
    test = _test_of(positive, constraint)
    found = any(test(value) for value in _scalars(value_of(item, constraint.field)))
    return found != (constraint.op in NEGATED)


def mask(catalogue: "Catalogue", constraints: Sequence[Constraint]) -> BoolArray:
    """Which items fulfil all `constraints`, in catalogue order; all of them when there are none.

    Raises FilterError for a field that the catalogue does not declare, or a value that the field's type
    cannot be compared with.
    """
    kept = np.ones(len(catalogue), dtype=np.bool_)  # (n,)
    for constraint in constraints:
        kept &= _mask_of(catalogue, constraint)
    return kept


def _mask_of(catalogue: "Catalogue", constraint: Constraint) -> BoolArray:
    name = constraint.field
    spec = catalogue.config.fields.get(name)
    if spec is None and name not in RESERVED - {"item_id", "aliases"}:
        known = ", ".join(catalogue.config.fields) or "none"
        raise FilterError(f"the catalogue has no field {name!r} to filter by; its fields: {known}")
    positive = NEGATED.get(constraint.op, constraint.op)
    test = _test_of(positive, constraint)
    found = np.zeros(len(catalogue), dtype=np.bool_)
    if spec is not None and spec.type in ("int", "float") and positive not in ("in", "contains"):
        found = _compare_numbers(catalogue.numbers(name), positive, constraint)
    elif positive == "eq" and spec is not None and spec.type in ("category", "list"):
        found[catalogue.positions_of(name, str(constraint.value))] = True
    else:
        # Each distinct value is looked at once, however many items carry it.
        for value, positions in catalogue.values(name).items():
            if test(value):
                found[positions] = True
    return ~found if constraint.op in NEGATED else found


def _compare_numbers(numbers: npt.NDArray[np.float64], op: Op, constraint: Constraint) -> BoolArray:
    wanted = _number(_single(constraint), constraint)
    with np.errstate(invalid="ignore"):  # NaN, an item without a value, fails every comparison
        compared: dict[str, BoolArray] = {
            "eq": numbers == wanted,
            "lt": numbers < wanted,
            "lte": numbers <= wanted,
            "gt": numbers > wanted,
            "gte": numbers >= wanted,
        }
    return compared[op]


def _test_of(op: Op, constraint: Constraint) -> Callable[[Scalar], bool]:
    """The question that a positive operator asks of one value."""
    if op == "in":
        wanted = [constraint.value] if isinstance(constraint.value, Scalar) else list(constraint.value)
        return lambda value: any(_equal(value, one, constraint) for one in wanted)
    single = _single(constraint)
    if op == "eq":
        return lambda value: _equal(value, single, constraint)
    if op == "contains":
        found = _words(str(single))
        return lambda value: found(str(value).casefold())
    allowed = ORDERED[op]
    return lambda value: _order(value, single, constraint) in allowed


def _equal(value: Scalar, wanted: Scalar, constraint: Constraint) -> bool:
    if isinstance(value, bool):
        return value == _truth(wanted, constraint)
    if isinstance(value, str):
        folded = str(wanted).strip().casefold()
        return value.casefold() == folded or (_is_date(value) and bool(folded) and value.startswith(folded))
    return value == _number(wanted, constraint)


def _order(value: Scalar, wanted: Scalar, constraint: Constraint) -> int:
    """-1, 0 or 1 as `value` comes before, with or after `wanted`."""
    if isinstance(value, str):
        right = str(wanted).strip().casefold()
        left = value[: len(right)] if _is_date(value) else value.casefold()
        return (left > right) - (left < right)
    number = _number(wanted, constraint)
    return (value > number) - (value < number)


DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T.*)?)?)?")


def _is_date(value: str) -> bool:
    return DATE.fullmatch(value) is not None


def _words(text: str) -> Callable[[str], bool]:
    """Whether the words of `text` occur in a folded value; Chinese has no spaces to look for."""
    folded = text.strip().casefold()
    if not folded.isascii():
        return lambda value: folded in value
    pattern = re.compile(rf"(?<!\w){re.escape(folded)}(?!\w)")
    return lambda value: folded in value and pattern.search(value) is not None


def _scalars(value: FieldValue) -> Sequence[Scalar]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _single(constraint: Constraint) -> Scalar:
    if not isinstance(constraint.value, Scalar):
        raise FilterError(f"{constraint.field!r} {constraint.op} takes one value, not {constraint.value!r}")
    return constraint.value


def _number(value: Scalar, constraint: Constraint) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise FilterError(f"{constraint.field!r} holds numbers; {value!r} is none") from error


def _truth(value: Scalar, constraint: Constraint) -> bool:
    truths = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    truth = value if isinstance(value, bool) else truths.get(str(value).strip().casefold())
    if truth is None:
        raise FilterError(f"{constraint.field!r} is yes or no; {value!r} is neither")
    return bool(truth)
