"""How varied sentences are: their shapes, distinct-2, and the features that explanations tell."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from training.sources import data_dir, read_jsonl


def shape(draft: str) -> str:
    """A draft without its facts; letter case and spaces make no other shape."""
    words = " ".join(draft.split())
    return re.sub(
        r"\[[A-Z]+\d?\]|[^\[]+", lambda part: part[0] if part[0][0] == "[" else part[0].lower(), words
    )


def tokens_of(text: str) -> list[str]:
    return re.findall(r"\[[A-Z]+\d?\]|[\w'’]+|[.,!?;:]", text)


def features(text: str, known: frozenset[str]) -> frozenset[str]:
    """Which of the item's values an explanation tells."""
    lowered = text.casefold()
    return frozenset(one for one in known if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", lowered))


def distinct(texts: Sequence[Sequence[str]], size: int, seed: int) -> float:
    """Distinct bigrams among all (https://aclanthology.org/N16-1014) in texts drawn up to `size` tokens."""
    order = np.random.default_rng(seed).permutation(len(texts))
    seen: set[tuple[str, str]] = set()
    total = tokens = 0
    for place in order:
        words = texts[place]
        if tokens + len(words) > size:
            break
        tokens += len(words)
        pairs = list(pairwise(words))
        total += len(pairs)
        seen.update(pairs)
    return len(seen) / max(total, 1)


def human_replies(seed: int) -> list[list[str]]:
    """What ReDial's recommenders wrote in the train dialogues, films as one token, in random order."""
    texts = []
    for row in read_jsonl(data_dir() / "redial" / "train_partial.jsonl.gz"):
        for message in row["messages"]:
            if message["senderWorkerId"] == row["respondentWorkerId"]:
                texts.append(tokens_of(re.sub(r"@\d+", "[TITLE]", message["text"].lower().replace("[", ""))))
    order = np.random.default_rng(seed).permutation(len(texts))
    return [texts[place] for place in order]
