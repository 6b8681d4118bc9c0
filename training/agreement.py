"""How far a second pass of labelling agrees with the first: `python -m training.agreement`.

150 test messages, labelled again after the same guide without sight of the first labels. It says how firm the
labels are; different people may agree less. Needs PARLEY_DATA_DIR.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from bot.layout import ACTS
from training.evaluate import f1, kappa
from training.sources import LABELS, own_labelled, read_jsonl, redial_labelled

RESAMPLES, SEED = 1_000, 20261127
Spans = Counter[tuple[str, int, int]]


def pairs() -> dict[str, list[tuple[set[str], set[str], Spans, Spans]]]:
    """By set, of each message both passes' acts and spans."""
    own = own_labelled("test")
    redial = {
        (row["conversation_id"], row["message_id"]): row for row in read_jsonl(LABELS / "redial_test.jsonl")
    }
    assert len(redial) == len(redial_labelled("test"))  # the positions are of the messages as they are
    found: dict[str, list[tuple[set[str], set[str], Spans, Spans]]] = {"ReDial": [], "own turns": []}
    for row in read_jsonl(LABELS / "second_pass.jsonl"):
        again = Counter((slot, start, end) for slot, start, end in row["spans"])
        if "turn" in row:
            turn = own[row["turn"]]
            first = Counter(turn.spans or ())
            found["own turns"].append((set(turn.acts), set(row["acts"]), first, again))
        else:
            label = redial[row["conversation_id"], row["message_id"]]
            first = Counter((slot, start, end) for slot, start, end in label["spans"])
            found["ReDial"].append((set(label["acts"]), set(row["acts"]), first, again))
    return found | {"all": found["ReDial"] + found["own turns"]}


def agreement(rows: list[tuple[set[str], set[str], Spans, Spans]]) -> NDArray[np.float64]:
    """Macro-F1 and mean kappa over the acts of the first pass, and F1 of exact spans."""
    first, again = (np.array([[act in row[i] for act in ACTS] for row in rows]) for i in (0, 1))
    there = np.flatnonzero(first.any(axis=0))
    both = sum((one & other).total() for _, _, one, other in rows)
    total = sum(one.total() + other.total() for _, _, one, other in rows)
    return np.array(
        [
            np.mean([f1(again[:, act], first[:, act]) for act in there]),
            np.mean([kappa(again[:, act], first[:, act]) for act in there]),
            2 * both / max(1, total),
        ]
    )


def main() -> None:
    rng = np.random.default_rng(SEED)
    print("| messages | macro-F1 | mean kappa | exact span F1 |\n|---|---|---|---|")
    for name, rows in pairs().items():
        drawn = [
            agreement([rows[at] for at in rng.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)
        ]
        low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
        cells = (f"{v:.3f} [{a:.3f}, {b:.3f}]" for v, a, b in zip(agreement(rows), low, high, strict=True))
        print(f"| {name}, {len(rows)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
