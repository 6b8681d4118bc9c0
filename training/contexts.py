"""Which words may stand beside a placeholder: `python -m training.contexts` writes `prompts/contexts.yaml`.

The claim checker takes them from the replies written for the recipe, so that no fact slips into a role that
is not its own. Beside a common placeholder a word must have been written twice.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import prompts
from training.writing import own_replies

_BEFORE = re.compile(r"([A-Za-z'’]+)\s+\[([A-Z]+\d?)\]")
_AFTER = re.compile(r"\[([A-Z]+\d?)\]\s+([A-Za-z'’]+)")
COMMON = 300
"""From how many sentences on a placeholder is common."""
HEAD = """\
# Made by `python -m training.contexts`. The words that may stand right before and right after a placeholder:
# those that do in the replies written for the recipe. Anything else may put a fact in a role that is not its
# own ("its cast includes [YEAR]", "with [WISH] directing").
"""


def contexts(replies: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Words `before` and `after` each placeholder, lower case, in alphabetical order."""
    before: dict[str, Counter[str]] = defaultdict(Counter)
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for text in replies:
        for word, name in _BEFORE.findall(text):
            before[name][word.lower()] += 1
        for name, word in _AFTER.findall(text):
            after[name][word.lower()] += 1
    return {"before": _kept(before), "after": _kept(after)}


def _kept(found: dict[str, Counter[str]]) -> dict[str, list[str]]:
    return {
        name: sorted(word for word, n in counts.items() if n >= (2 if counts.total() >= COMMON else 1))
        for name, counts in sorted(found.items())
    }


def as_yaml(found: dict[str, dict[str, list[str]]]) -> str:
    lines = [HEAD]
    for side, names in found.items():
        lines.append(f"{side}:\n")
        # Quoted, as YAML takes a bare "no" or "on" for a truth value.
        lines += [f"  {name}: [{', '.join(map(_quoted, words))}]\n" for name, words in names.items()]
    return "".join(lines)


def _quoted(word: str) -> str:
    return f'"{word}"'


def main() -> None:
    file = Path(prompts.__file__).parent / "contexts.yaml"
    file.write_text(as_yaml(contexts(reply.text for reply in own_replies())), encoding="utf-8")


if __name__ == "__main__":
    main()
