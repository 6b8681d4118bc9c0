"""A cover for every item, drawn from its id, kind and title: nothing is fetched, and it never changes.

The kind (a genre, a category) gives a few colours to choose from, so that relatives look related without
looking alike; the id gives the picture.
"""

import hashlib
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from ui.words import escape

WIDTH, HEIGHT, ART = 200, 300, 180
"""The cover in its own units; the picture fills the first `ART` of its height, the title the rest."""
SIZES = (27, 23, 19, 16)
"""Of the title's letters, the first that has room for it."""
LETTER, LINE = 0.62, 1.14
"""Width of a letter and height of a line as shares of the size; enough for the fonts of all systems."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Ground and two colours of the picture; `label` is the title's ground and `ink` its letters."""

    ground: str
    first: str
    second: str
    label: str
    ink: str


PALETTES = (
    Palette("#e9dcc3", "#c8553d", "#2d3047", "#2d3047", "#f6efe2"),
    Palette("#d8e2dc", "#2f6f62", "#f4a259", "#1f4a42", "#eef4f0"),
    Palette("#f3d9dc", "#a23b5a", "#f0a37f", "#5c2038", "#fbeff1"),
    Palette("#cfdbe8", "#2b4c7e", "#f2b84b", "#1f3558", "#eef3f9"),
    Palette("#2a2438", "#7a5ea8", "#e0a458", "#1d1828", "#efe8f7"),
    Palette("#f2e3bc", "#618b4a", "#d9742b", "#36512a", "#f8f3e2"),
    Palette("#1f2d3a", "#3f88a5", "#e8c07d", "#142029", "#e8f1f5"),
    Palette("#efe4dd", "#8c5e58", "#3d5a6c", "#47302d", "#f7f0ec"),
    Palette("#dfe7c8", "#4f772d", "#bc4749", "#31572c", "#f3f6ea"),
    Palette("#f7d9c4", "#d1603d", "#54597d", "#6b2d1b", "#fdf1ea"),
    Palette("#dcd6ee", "#5b4b9a", "#e58f65", "#3a2f6b", "#f3f0fb"),
    Palette("#25302b", "#5e8c73", "#e3b23c", "#18201c", "#eaf2ed"),
)


HUES = 3
"""Palettes of one kind."""


def cover_svg(item_id: str, kind: str, title: str) -> str:
    """The cover as an inline picture; it says nothing that is not beside it, so readers skip it."""
    random = Random(_number(item_id))
    palette = PALETTES[(_number(kind or item_id) + 5 * random.randrange(HUES)) % len(PALETTES)]
    picture = random.choice(PICTURES)(random, palette)
    return (
        f'<svg class="cover" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" focusable="false">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{palette.ground}"/>{picture}'
        f'<rect y="{ART - 1}" width="{WIDTH}" height="{HEIGHT - ART + 1}" fill="{palette.label}"/>'
        f"{_lettering(title, kind, palette)}</svg>"
    )


def lines_of(title: str, room: float, most: int) -> list[str]:
    """`title` in at most `most` lines of `room` letters; what does not fit ends in an ellipsis."""
    lines = [""]
    for word in title.split():
        while _width(word) > room:
            head = _fitting(word, room)
            lines, word = [*lines, head], word[len(head) :]
        joined = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], joined] if _width(joined) <= room else [*lines, word]
    lines = [line for line in lines if line]
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], _fitting(lines[most - 1], room - 1).rstrip() + "…"]


def _lettering(title: str, kind: str, palette: Palette) -> str:
    below = ART + (32 if kind else 14)
    size = next((size for size in SIZES if _fits(title, size, HEIGHT - below - 8)), SIZES[-1])
    lines = lines_of(title, _room(size), int((HEIGHT - below - 8) / (size * LINE)))
    said = "".join(
        f'<text x="16" y="{below + size * (0.82 + LINE * place):.0f}">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    above = f'<text x="16" y="{ART + 22}" class="kind">{escape(kind[:22].upper())}</text>' if kind else ""
    return f'<g fill="{palette.ink}" font-size="{size}">{said}{above}</g>'


def _fits(title: str, size: float, height: float) -> bool:
    """Whether no word has to be broken and no line left out."""
    room = _room(size)
    whole = all(_width(word) <= room for word in title.split())
    return whole and len(lines_of(title, room, 99)) * size * LINE <= height


def _room(size: float) -> float:
    return (WIDTH - 30) / (size * LETTER)


def _width(text: str) -> float:
    """In letters; one of an East Asian script is nearly two wide."""
    return sum(1.7 if unicodedata.east_asian_width(sign) in "WF" else 1.0 for sign in text)


def _fitting(text: str, room: float) -> str:
    end = len(text)
    while end > 1 and _width(text[:end]) > room:
        end -= 1
    return text[:end]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8])


def _sunrise(random: Random, colours: Palette) -> str:
    x, radius = random.randint(60, 140), random.randint(38, 58)
    near, far = random.randint(110, 150), random.randint(90, 130)
    return (
        f'<circle cx="{x}" cy="{far}" r="{radius}" fill="{colours.second}"/>'
        f'<path d="M0 {far + 40}Q50 {far} 100 {far + 34}T200 {far + 20}V{ART}H0z" fill="{colours.first}"/>'
        f'<path d="M0 {near + 30}Q70 {near + 60} 120 {near + 26}T200 {near + 40}V{ART}H0z" '
        f'fill="{colours.label}"/>'
    )


def _arcs(random: Random, colours: Palette) -> str:
    x, y = random.choice([(0, ART), (WIDTH, ART), (0, 0), (WIDTH, 0), (100, ART)])
    rings = range(200, 20, -random.choice([26, 34, 42]))
    fills = (colours.first, colours.ground, colours.second, colours.ground)
    return _clipped(
        "".join(
            f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{fills[place % len(fills)]}"/>'
            for place, radius in enumerate(rings)
        )
    )


def _stripes(random: Random, colours: Palette) -> str:
    step, lean = random.choice([22, 30, 38]), random.choice([-70, 70])
    bands = "".join(
        f'<path d="M{x} 0h{step * 0.5:.0f}l{lean} {ART}h-{step * 0.5:.0f}z" '
        f'fill="{colours.first if place % 3 else colours.second}"/>'
        for place, x in enumerate(range(-80, 280, step))
    )
    return bands + f'<circle cx="100" cy="{ART / 2:.0f}" r="46" fill="{colours.label}"/>'


def _dots(random: Random, colours: Palette) -> str:
    chosen = random.randrange(16)
    return "".join(
        f'<circle cx="{34 + 44 * (place % 4)}" cy="{26 + 43 * (place // 4)}" '
        f'r="{20 if place == chosen else random.choice([5, 8, 12])}" '
        f'fill="{colours.second if place == chosen else colours.first}"/>'
        for place in range(16)
    )


def _circles(random: Random, colours: Palette) -> str:
    gap, radius = random.randint(24, 40), random.randint(50, 64)
    lean = random.randint(-24, 24)
    return (
        f'<circle cx="{100 - gap}" cy="{98 + lean}" r="{radius}" fill="{colours.first}"/>'
        f'<circle cx="{100 + gap}" cy="{98 - lean}" r="{radius}" fill="{colours.second}" opacity=".82"/>'
        f'<circle cx="100" cy="98" r="{radius // 3}" fill="{colours.label}"/>'
    )


def _towers(random: Random, colours: Palette) -> str:
    heights = [random.randint(40, 160) for _ in range(7)]
    fills = (colours.first, colours.label, colours.second)
    return f'<circle cx="{random.randint(40, 160)}" cy="46" r="22" fill="{colours.second}"/>' + "".join(
        f'<rect x="{4 + place * 28}" y="{ART - height}" width="24" height="{height}" '
        f'fill="{fills[random.randrange(2) if place % 3 else 0]}"/>'
        for place, height in enumerate(heights)
    )


def _waves(random: Random, colours: Palette) -> str:
    swing, lift = random.randint(14, 30), random.randint(40, 70)
    fills = (colours.second, colours.first, colours.label)
    return "".join(
        f'<path d="M0 {y}Q50 {y - swing} 100 {y}T200 {y}V{ART}H0z" fill="{fills[place % 3]}"/>'
        for place, y in enumerate(range(lift, ART, 34))
    )


def _peaks(random: Random, colours: Palette) -> str:
    left, right = random.randint(40, 80), random.randint(120, 160)
    return (
        f'<circle cx="{random.choice([left + 60, right])}" cy="48" r="24" fill="{colours.second}"/>'
        f'<path d="M-40 {ART}L{left} {random.randint(50, 84)}L{left + 130} {ART}z" fill="{colours.first}"/>'
        f'<path d="M40 {ART}L{right} {random.randint(84, 120)}L260 {ART}z" fill="{colours.label}"/>'
    )


def _rays(random: Random, colours: Palette) -> str:
    x, count = random.choice([30, 100, 170]), random.choice([16, 20, 24])
    y = random.choice([40, ART])
    turn = [2 * math.pi * place / count for place in range(count + 1)]
    rays = "".join(
        f'<path d="M{x} {y}L{x + 330 * math.cos(turn[p]):.0f} {y + 330 * math.sin(turn[p]):.0f}'
        f'L{x + 330 * math.cos(turn[p + 1]):.0f} {y + 330 * math.sin(turn[p + 1]):.0f}z"/>'
        for p in range(0, count, 2)
    )
    ground = f'<g fill="{colours.first}">{rays}</g>'
    return _clipped(ground + f'<circle cx="{x}" cy="{y}" r="40" fill="{colours.second}"/>')


def _tiles(random: Random, colours: Palette) -> str:
    across, down = WIDTH / 4, ART / 4
    tiles = []
    for place in range(16):
        left, top = across * (place % 4), down * (place // 4)
        fill = random.choice((colours.first, colours.second, colours.label))
        corner = random.choice(((0, 0), (1, 0), (1, 1), (0, 1), None))
        if corner is None:
            tiles.append(f'<rect x="{left}" y="{top}" width="{across}" height="{down}" fill="{fill}"/>')
            continue
        right, bottom = corner
        x, y = left + across * right, top + down * bottom
        end = f"{x} {y - down if bottom else y + down}"
        bend = f"A{across} {down} 0 0 {int(right == bottom)} {end}z"
        tiles.append(f'<path d="M{x} {y}h{-across if right else across}{bend}" fill="{fill}"/>')
    return "".join(tiles)


def _clipped(picture: str) -> str:
    """A picture that may not reach under the title; a nested one cuts without an id of its own."""
    return f'<svg width="{WIDTH}" height="{ART}" viewBox="0 0 {WIDTH} {ART}">{picture}</svg>'


PICTURES: Sequence[Callable[[Random, Palette], str]] = (
    _sunrise,
    _arcs,
    _stripes,
    _dots,
    _circles,
    _towers,
    _waves,
    _peaks,
    _rays,
    _tiles,
)
