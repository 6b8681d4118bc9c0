"""Examples side by side: padded tensors, made in worker processes so that a fast device need not wait."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from bot.layout import SLOTS
from bot.word_states import Pieces, WordPieces
from training.examples import Example

CONTEXT = 512
POOL = 512
"""Of so many examples in a row those of like length go together."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples side by side, all of them of reading, or none; places count through all (B, T)."""

    ids: torch.Tensor  # (B, T)
    counted: torch.Tensor  # (n,) places where a token is to be predicted
    targets: torch.Tensor  # (n,)
    weights: torch.Tensor  # (n,)
    tagged: torch.Tensor  # (m,) places whose slots are known
    tags: torch.Tensor  # (m, slots)
    tag_weights: torch.Tensor  # (m,)
    pieces: Pieces | None
    """MiniLM's word pieces of reading examples."""

    def to(self, device: torch.device) -> "Batch":
        moved = {name: getattr(self, name).to(device, non_blocking=True) for name in TENSORS}
        return replace(self, **moved, pieces=None if self.pieces is None else self.pieces.to(device))


TENSORS = ("ids", "counted", "targets", "weights", "tagged", "tags", "tag_weights")


class Batches(IterableDataset[Batch]):
    """Batches without end of what `examples(seed)` yields, about `tokens` places each.

    Every worker draws with a seed of its own.
    """

    def __init__(
        self,
        examples: Callable[[int], Iterator[Example]],
        pieces: WordPieces,
        tokens: int,
        pad: int,
        seed: int,
    ) -> None:
        self._examples, self._pieces = examples, pieces
        self._tokens, self._pad, self._seed = tokens, pad, seed

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        seed = self._seed + 1_000_003 * (0 if worker is None else worker.id)
        examples, rng = self._examples(seed), random.Random(seed)
        while True:
            for group in _grouped([next(examples) for _ in range(POOL)], self._tokens, rng):
                yield pad(group, self._pad, self._pieces)


def load(batches: Batches, workers: int) -> Iterator[Batch]:
    """The batches, made by so many processes beside this one; 0 makes them here."""
    loader: DataLoader[Batch] = DataLoader(batches, batch_size=None, num_workers=workers)
    return iter(loader)


def _grouped(pool: list[Example], tokens: int, rng: random.Random) -> list[list[Example]]:
    groups: list[list[Example]] = [[]]
    for example in sorted(pool, key=lambda one: (one.prompt is None, len(one.ids))):
        if len(example.ids) > CONTEXT:
            continue
        mixed = groups[-1] and (groups[-1][0].prompt is None) != (example.prompt is None)
        if mixed or len(example.ids) * (len(groups[-1]) + 1) > tokens:
            groups.append([])
        groups[-1].append(example)
    groups = [group for group in groups if group]
    rng.shuffle(groups)
    return groups


def pad(group: list[Example], pad_token: int, pieces: WordPieces) -> Batch:
    """One batch; padding stands right."""
    length = max(len(example.ids) for example in group)
    ids = np.full((len(group), length), pad_token)
    targets = np.zeros((len(group), length), dtype=np.int64)
    weights = np.zeros((len(group), length), dtype=np.float32)
    tags = np.zeros((len(group), length, len(SLOTS)), dtype=np.float32)
    tag_weights = np.zeros((len(group), length), dtype=np.float32)
    for row, example in enumerate(group):
        ids[row, : len(example.ids)] = example.ids
        targets[row, : len(example.ids)] = example.targets
        weights[row, : len(example.ids)] = example.weights
        if example.tags is not None and len(example.tags):
            place = slice(len(example.ids) - len(example.tags), len(example.ids))
            tags[row, place], tag_weights[row, place] = example.tags, example.tag_weight
    prompts = [example.prompt for example in group if example.prompt is not None]
    counted, tagged = weights.ravel().nonzero()[0], tag_weights.ravel().nonzero()[0]
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(counted),
        torch.from_numpy(targets.ravel()[counted]),
        torch.from_numpy(weights.ravel()[counted]),
        torch.from_numpy(tagged),
        torch.from_numpy(tags.reshape(-1, len(SLOTS))[tagged]),
        torch.from_numpy(tag_weights.ravel()[tagged]),
        pieces(prompts, left=False) if prompts else None,
    )
