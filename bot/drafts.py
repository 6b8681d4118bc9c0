"""Drafts: sentences whose facts are placeholders still, checked for what stands around these, and filled.

No word outside the plain vocabulary, no other kind of thing, no role given to the wrong placeholder, no
fact denied. What a filled sentence claims is checked against the record in `bot.claims`.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.facts import Fact
from bot.wording import (
    DENIAL,
    PLACEHOLDER,
    WORD,
    folded,
    miscast,
    other_kinds,
    plain_words,
    words_after,
    words_before,
)

_BEFORE = re.compile(r"([A-Za-z'’]+)\s+\[([A-Z]+\d?)\]")
_AFTER = re.compile(r"\[([A-Z]+\d?)\]\s+([A-Za-z'’]+)")
_ADDRESS = re.compile(r"[<>{}`]|://|www\.|[a-z]\.[a-z]{2}", re.IGNORECASE)
"""Markup, or an address: no fact, and somebody may follow it."""
SHORTEST, LONGEST = 2, 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a draft may be shown, and why not."""

    holds: bool
    reason: str = ""


def check(draft: str, facts: Sequence[Fact], required: Collection[str], kind: str) -> Verdict:
    """Judge a draft of one reply about a `kind` of thing ("film"; "" where none is spoken of)."""
    used = PLACEHOLDER.findall(draft)
    known = {fact.name for fact in facts}
    unknown = [name for name in used if name not in known]
    if unknown:
        return Verdict(False, f"[{unknown[0]}] has no fact behind it")
    missing = [name for name in required if name not in used]
    if missing:
        return Verdict(False, f"[{missing[0]}] is not said")
    words = WORD.findall(PLACEHOLDER.sub(" ", draft))
    if not SHORTEST <= len(words) + len(used) <= LONGEST or not words:
        return Verdict(False, "too short or too long")
    elsewhere = [word for word in words if folded(word) in other_kinds(kind)]
    if elsewhere:
        return Verdict(False, f"{elsewhere[0]!r} speaks of another kind of thing")
    strange = [word for word in words if folded(word) not in plain_words(kind)]
    if strange:
        return Verdict(False, f"{strange[0]!r} may be a claim")
    if _repeats(draft):
        return Verdict(False, "says the same words twice")
    if "\ufffd" in draft:
        return Verdict(False, "broken characters")
    if re.search(r"\d", PLACEHOLDER.sub(" ", draft)):
        return Verdict(False, "a number outside the facts")
    name = miscast(draft)
    if name is not None:
        return Verdict(False, f"[{name}] in a role that is not its own")
    for word, name in _BEFORE.findall(draft):
        if folded(word) not in words_before(name):
            return Verdict(False, f"{word!r} does not lead to [{name}]")
    for name, word in _AFTER.findall(draft):
        if folded(word) not in words_after(name):
            return Verdict(False, f"{word!r} does not follow [{name}]")
    if DENIAL.search(draft):
        return Verdict(False, "denies a fact")
    return Verdict(True)


def check_free(draft: str, facts: Sequence[Fact], required: Collection[str], kind: str) -> Verdict:
    """Judge the form of a draft in anybody's words: facts may stand in it as places or be said themselves."""
    words = {fact.name: fact.words for fact in facts}
    unknown = [name for name in PLACEHOLDER.findall(draft) if name not in words]
    if unknown:
        return Verdict(False, f"[{unknown[0]}] has no fact behind it")
    missing = [name for name in required if f"[{name}]" not in draft and words[name] not in draft]
    if missing:
        return Verdict(False, f"[{missing[0]}] is not said")
    said = WORD.findall(PLACEHOLDER.sub(" ", draft))
    if not SHORTEST <= len(said) <= LONGEST:
        return Verdict(False, "too short or too long")
    own = PLACEHOLDER.sub(" ", draft)
    for fact in facts:
        own = own.replace(fact.words, " ")
    if foreign := _ADDRESS.search(own):
        return Verdict(False, f"{foreign.group()!r} is markup or part of an address")
    if _repeats(draft):
        return Verdict(False, "says the same words twice")
    if "\ufffd" in draft:
        return Verdict(False, "broken characters")
    return Verdict(True)


def _repeats(draft: str) -> bool:
    """Whether the same three words stand twice: "a film with a film with a film"."""
    words = re.findall(r"[\w\[\]'’]+", draft.lower())
    runs = list(zip(words, words[1:], words[2:], strict=False))
    return len(set(runs)) < len(runs)


def fill(draft: str, facts: Sequence[Fact]) -> str:
    """The sentence with its facts in place, articles and capitals mended; a place without a fact stays."""
    words = {fact.name: fact.words for fact in facts}

    def put(match: re.Match[str]) -> str:
        article, name, stop = match.groups()
        if name not in words:
            return match.group()
        filled = words[name]
        # A fact that is a sentence ends the one that it stands in.
        ending = "" if filled.rstrip("”").endswith((".", "!", "?")) else stop
        return f"{_article(article, filled)}{filled}{ending}"

    text = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(draft.split()))
    # In one pass: what fills a place may look like a place itself.
    text = re.sub(r"(?:\b([Aa]n?) )?\[([A-Z]+\d?)\](\.?)", put, text)
    return text[:1].upper() + text[1:]


def _article(written: str | None, filled: str) -> str:
    if written is None:
        return ""
    first = filled.lstrip("“").lower()
    vowel = first.startswith(("a", "e", "i", "o", "u")) and not first.startswith(("one", "eu", "uni"))
    right = "an" if vowel else "a"
    return f"{right.capitalize() if written[0].isupper() else right} "
