"""What constraints mean, and that one item and the whole catalogue agree on it."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue
from retrieval.errors import FilterError
from retrieval.filters import Constraint, Op, mask, matches

CASES: list[tuple[str, Op, object, set[str]]] = [
    ("genres", "eq", "western", {"f12"}),
    ("genres", "in", ["Western", "film noir"], {"f12", "f20"}),
    ("director", "eq", "ADA QUILL", {"f01", "f02"}),
    ("director", "contains", "quill", {"f01", "f02"}),
    ("cast", "contains", "Na", {"f08", "f11", "f18"}),
    ("genres", "contains", "动", {"f08"}),
    ("year", "lt", 1970, {"f05", "f15", "f20"}),
    ("year", "eq", "1994", {"f01"}),
    ("year", "in", [1994, 1999], {"f01", "f02"}),
    ("runtime", "gte", 130, {"f05", "f11"}),
    ("score", "gt", 8.1, {"f07", "f16"}),
    ("released", "eq", "2010", {"f08"}),
    ("released", "lte", "1961", {"f05", "f20"}),
    ("released", "gte", "2020-05", {"f10", "f24"}),
    ("colour", "eq", False, {"f05", "f15", "f20"}),
    ("colour", "eq", "no", {"f05", "f15", "f20"}),
    ("title", "contains", "harbour", {"f01", "f02", "f03"}),
    ("description", "contains", "robot", {"f11"}),
]


def kept(catalogue: Catalogue, constraints: Sequence[Constraint]) -> set[str]:
    return {catalogue.ids[position] for position in mask(catalogue, constraints).nonzero()[0]}


@pytest.mark.parametrize(("field", "op", "value", "expected"), CASES)
def test_a_constraint_keeps_what_it_says(
    catalogue: Catalogue, field: str, op: Op, value: object, expected: set[str]
) -> None:
    """Worked out by hand from the invented films."""
    constraint = Constraint(field, op, value)

    assert kept(catalogue, [constraint]) == expected
    assert {item.item_id for item in catalogue.items if matches(item, constraint)} == expected


def test_no_value_fails_every_comparison_but_the_negative_ones(catalogue: Catalogue) -> None:
    """A film without a running time is not "under two hours", but it is "not a Western"."""
    positive: list[tuple[str, Op, object]] = [
        ("runtime", "lt", 999),
        ("runtime", "gte", 0),
        ("language", "eq", "English"),
    ]
    for field, op, value in positive:
        assert "f23" not in kept(catalogue, [Constraint(field, op, value)])
    assert "f23" in kept(catalogue, [Constraint("runtime", "ne", 90)])
    assert "f23" in kept(catalogue, [Constraint("language", "not_in", ["English"])])


def test_a_negative_constraint_on_a_list_looks_at_every_value(catalogue: Catalogue) -> None:
    """ "No drama" also turns away a crime drama."""
    assert "f01" not in kept(catalogue, [Constraint("genres", "ne", "Drama")])


def test_constraints_add_up(catalogue: Catalogue) -> None:
    """All of them must hold."""
    assert kept(catalogue, [Constraint("genres", "eq", "Crime"), Constraint("year", "gte", 2000)]) == {
        "f03",
        "f24",
    }
    assert len(kept(catalogue, [])) == len(catalogue)


@pytest.mark.parametrize(
    ("constraint", "complaint"),
    [
        (Constraint("smell", "eq", "x"), "no field 'smell'"),
        (Constraint("year", "lt", "soon"), "'soon' is none"),
        (Constraint("year", "lt", [1, 2]), "takes one value"),
        (Constraint("colour", "eq", "perhaps"), "neither"),
    ],
)
def test_a_constraint_that_makes_no_sense_is_refused(
    catalogue: Catalogue, constraint: Constraint, complaint: str
) -> None:
    """Silently keeping nothing would look like an empty catalogue."""
    with pytest.raises(FilterError, match=complaint):
        mask(catalogue, [constraint])


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.tuples(
            st.sampled_from(["year", "runtime", "score"]),
            st.sampled_from(["eq", "ne", "lt", "lte", "gt", "gte"]),
            st.integers(60, 2025),
        ),
        st.tuples(
            st.sampled_from(["genres", "director", "cast", "language", "title", "released"]),
            st.sampled_from(["eq", "ne", "lt", "lte", "gt", "gte", "contains"]),
            st.sampled_from(["drama", "Ines Vale", "english", "Below", "1990", "2010-02", "Na", "e", ""]),
        ),
        st.tuples(
            st.sampled_from(["genres", "language", "year"]),
            st.sampled_from(["in", "not_in"]),
            st.lists(st.sampled_from([1994, 2001]), max_size=3),
        ),
    )
)
def test_one_item_and_the_whole_catalogue_agree(
    catalogue: Catalogue, wish: tuple[str, Op, str | int | list[str | int]]
) -> None:
    """The fast mask says of every item what `matches` says."""
    constraint = Constraint(*wish)

    assert mask(catalogue, [constraint]).tolist() == [matches(item, constraint) for item in catalogue.items]
