"""Spans from tags: each token of an utterance says how likely it belongs to each slot.

Whatever the probabilities, what comes out are whole words of the utterance.
"""

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.layout import SLOTS, slot_token

MOST_SPANS = 12
"""Spans of one utterance; the surest are kept."""
CONTINUES = 0.5
"""A token beside one of the slot continues its span from this share of the threshold on: names stay whole."""


def is_boundary(text: str, position: int) -> bool:
    """True where a word starts or ends; every place beside a Chinese, Japanese or Korean character is one."""
    if position <= 0 or position >= len(text):
        return True
    before, after = text[position - 1], text[position]
    if after >= "\u2e80" or before >= "\u2e80":
        return True
    return not (_in_word(before) and _in_word(after))


def _in_word(character: str) -> bool:
    # Vowel signs of Arabic, Hebrew or Hindi are marks, not letters, yet they stand inside words.
    return character.isalnum() or unicodedata.category(character).startswith("M")


def spans_of(
    text: str,
    offsets: Sequence[tuple[int, int]],
    probabilities: NDArray[np.float32],
    thresholds: Mapping[str, float],
) -> list[tuple[str, int, int]]:
    """The spans `(slot, start, end)` of `text`, in slot order.

    `offsets` are the characters of each token and `probabilities` (tokens, slots) how surely it belongs to
    each slot. Neighbouring tokens make one span if one of them is over the slot's threshold and the others
    near it (hysteresis); it is widened to whole words. A threshold stands under its slot's token, since acts
    share names with slots; 0.5 where there is none.
    """
    found: list[tuple[float, str, int, int]] = []
    for column, slot in enumerate(SLOTS):
        threshold = thresholds.get(slot_token(slot), 0.5)
        sure_of = probabilities[:, column]
        for first, last in _runs(sure_of >= CONTINUES * threshold):
            start, end = _whole_words(text, offsets[first][0], offsets[last][1])
            over = [offsets[at] for at in range(first, last + 1) if sure_of[at] >= threshold]
            if not any(a < end and start < b for a, b in over):  # none, or but a comma that is trimmed
                continue
            if not any(map(str.isalnum, text[start:end])):
                continue
            sure = float(probabilities[first : last + 1, column].mean())
            if found and found[-1][1] == slot and start < found[-1][3]:  # both in one word
                before = found.pop()
                sure, start, end = max(sure, before[0]), before[2], max(end, before[3])
            found.append((sure, slot, start, end))
    surest = sorted(found, reverse=True)[:MOST_SPANS]
    return sorted((span[1:] for span in surest), key=lambda span: (SLOTS.index(span[0]), span[1]))


def _runs(tagged: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], tagged, [False]]).astype(np.int8)))
    return [(int(first), int(after) - 1) for first, after in edges.reshape(-1, 2)]


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without space and punctuation around it, widened to the words that it cuts."""
    while start < end and not _in_word(text[start]):
        start += 1
    while end > start and not _in_word(text[end - 1]):
        end -= 1
    while start < end and _is_inside(text, start):
        start -= 1
    while start < end and _is_inside(text, end):
        end += 1
    return start, end


def _is_inside(text: str, position: int) -> bool:
    """True within a word, and beside the hyphen that makes one of two: "warm-hearted"."""
    if not 0 < position < len(text):
        return False
    hyphens = [at for at in (position - 1, position) if text[at] == "-" and 0 < at < len(text) - 1]
    joined = any(_in_word(text[at - 1]) and _in_word(text[at + 1]) for at in hyphens)
    return joined or not is_boundary(text, position)
