"""Text search over the catalogue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that answers a query; `score` is the merged one, higher is better."""

    item_id: str
    score: float
    semantic: float = 0.0
    """Cosine of query and item card; 0 when meaning was not searched."""
    lexical: float = 0.0
    """BM25 of the query's words in the card; 0 when none occurs."""
