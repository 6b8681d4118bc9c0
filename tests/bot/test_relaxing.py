"""What is given up, and what comes nearest."""

from bot.relaxing import is_number, nearest, reliefs
from retrieval.catalogue import Catalogue
from retrieval.filters import Constraint, mask
from retrieval.items import CatalogueConfig, FieldSpec, Item

CONFIG = CatalogueConfig(fields={"price": FieldSpec(type="float"), "kind": FieldSpec(type="category")})
ITEMS = [
    Item(f"{kind}-{price}", f"{kind} {price}", "", {"price": float(price), "kind": kind})
    for kind in ("lamp", "bag")
    for price in (20, 30, 40, 50)
]
CATALOGUE = Catalogue(CONFIG, [*ITEMS, Item("lamp-x", "unpriced", "", {"kind": "lamp"})])
LAMPS = [Constraint("kind", "eq", "lamp", "lamps")]


def fitting(bounds):
    kept = mask(CATALOGUE, [*LAMPS, *bounds])
    return {item.item_id for item, fits in zip(CATALOGUE.items, kept, strict=True) if fits}


def test_one_wish_goes_before_two_a_number_before_a_kind_and_dislikes_never():
    """Something can be near a number."""
    wishes = [*LAMPS, Constraint("price", "lt", 10, "under ten"), Constraint("kind", "ne", "bag", "no bags")]

    given = [[one.text for one in relief] for relief in reliefs(wishes)]

    assert given == [["under ten"], ["lamps"], ["under ten", "lamps"]]


def test_the_nearest_to_an_upper_bound():
    """As many as were asked for, and the very nearest is told."""
    bounds, closest = nearest(CATALOGUE, LAMPS, [Constraint("price", "lt", 10, "under ten")], [], 2)

    assert fitting(bounds) == {"lamp-20", "lamp-30"}
    assert closest == {"lamp-20"}


def test_the_nearest_to_a_range_from_both_sides():
    """Distances count on either side."""
    wish = [Constraint("price", "gte", 33, "33 to 37"), Constraint("price", "lte", 37, "33 to 37")]
    bounds, closest = nearest(CATALOGUE, LAMPS, wish, [], 2)

    assert fitting(bounds) == {"lamp-30", "lamp-40"}
    assert closest == {"lamp-30", "lamp-40"}


def test_what_may_not_be_offered_is_not_nearest():
    """Excluded items neither count nor are told."""
    bounds, closest = nearest(CATALOGUE, LAMPS, [Constraint("price", "lt", 10, "")], ["lamp-20"], 1)

    assert "lamp-30" in fitting(bounds)
    assert closest == {"lamp-30"}


def test_only_a_number_can_be_near():
    """A kind is met or not."""
    assert is_number(CATALOGUE, [Constraint("price", "lt", 10, "")])
    assert not is_number(CATALOGUE, LAMPS)
    assert not is_number(CATALOGUE, [Constraint("title", "contains", "x", "")])
