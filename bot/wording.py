"""The words around facts: which may be said at all, which stand beside which fact, and which claim a role.

Both sides hold to them: the writer's decoding, word by word, and the claim checker, over the whole.
"""

import re
from functools import cache

import yaml

import prompts

PLACEHOLDER = re.compile(r"\[([A-Z]+\d?)\]")
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
DENIAL = re.compile(
    r"\b(?:not|no|never|without|isn't|nor|neither|hardly)\s+(?:\w+\s+){0,2}\[(?!TITLE|WISH)[A-Z]"
    r"|\b(?:can't|can’t|cannot|couldn't)\s+(?:offer|recommend|suggest|show|find)\b[^.\[]*\[TITLE",
    re.IGNORECASE,
)
"""Denies a fact, or the very item that is recommended."""


def folded(word: str) -> str:
    return word.lower().replace("’", "'")


@cache
def plain_words(kind: str) -> frozenset[str]:
    """Words that claim nothing, without those that give away another kind of thing than `kind`."""
    words = frozenset(prompts.text("plain_words.txt").split())
    return words - other_kinds(kind)


@cache
def other_kinds(kind: str) -> frozenset[str]:
    """Words that speak of another kind of thing than `kind`; none where `kind` is not known."""
    kinds = {name: frozenset(words) for name, words in yaml.safe_load(prompts.text("nouns.yaml")).items()}
    if kind not in kinds:
        return frozenset()
    return frozenset().union(*(words for name, words in kinds.items() if name != kind)) - kinds[kind]


# Between a cue and its fact: "the director of [TITLE] is [DIRECTOR]" speaks of the second placeholder.
_OF_TITLE = r"[^\[.]*?(?:\[TITLE2?\] (?:is|was|are|were) [^\[.]*?)?"


@cache
def _cues() -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
    cues = yaml.safe_load(prompts.text("cues.yaml"))
    return tuple(
        (
            re.compile(rf"(?<!\[)\b{re.escape(cue)}\b{_OF_TITLE}\[([A-Z]+\d?)\]", re.IGNORECASE),
            frozenset(names),
        )
        for cue, names in cues.items()
    )


@cache
def _contexts() -> dict[str, dict[str, frozenset[str]]]:
    contexts = yaml.safe_load(prompts.text("contexts.yaml"))
    return {
        side: {name: frozenset({*words, "and"}) for name, words in names.items()}
        for side, names in contexts.items()
    }


def words_before(name: str) -> frozenset[str]:
    """The words that may stand right before the placeholder `name`."""
    return _contexts()["before"].get(name, frozenset({"and"}))


def words_after(name: str) -> frozenset[str]:
    """The words that may stand right after the placeholder `name`."""
    return _contexts()["after"].get(name, frozenset({"and"}))


def miscast(draft: str) -> str | None:
    """The first placeholder of `draft` in a role that is not its own."""
    return next((name for cue, names in _cues() for name in cue.findall(draft) if name not in names), None)
