"""Search by words: BM25 over all that is known of an item, Chinese cut into words."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from retrieval.text import terms

FloatArray = npt.NDArray[np.float32]


class LexicalIndex:
    """BM25 scores of a fixed list of texts."""

    def __init__(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        from bm25s import BM25

        self._ids = list(ids)
        self._index = BM25()
        words = [terms(text) for text in texts]
        # The library cannot index a corpus without a single word.
        self._empty = not any(words)
        if not self._empty:
            self._index.index(words, show_progress=False)

    def scores(self, query: str) -> FloatArray:
        """The score of every text, (n,), in the order given; 0 where no word of `query` occurs."""
        words = [] if self._empty else [word for word in terms(query) if word in self._index.vocab_dict]
        if not words:
            return np.zeros(len(self._ids), dtype=np.float32)
        scores: FloatArray = self._index.get_scores(words)
        return scores

    def search(self, query: str, limit: int) -> list[tuple[str, float]]:
        """The items that hold words of `query`, best first."""
        scores = self.scores(query)
        return [(self._ids[position], float(scores[position])) for position in top(scores, limit)]


def top(scores: npt.NDArray[np.float32], limit: int) -> npt.NDArray[np.intp]:
    """The positions of the highest positive scores, best first, ties in order of position."""
    positive = np.flatnonzero(scores > 0)
    if 0 < limit < len(positive):
        positive = np.sort(positive[np.argpartition(-scores[positive], limit - 1)[:limit]])
    return positive[np.argsort(-scores[positive], kind="stable")][: max(limit, 0)]
