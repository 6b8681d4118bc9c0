"""The retriever as LangChain knows retrievers; the served turn calls it through `invoke`."""

from collections.abc import Collection, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from retrieval.filters import Constraint
from retrieval.search import Candidate, FloatArray, Retriever


class CatalogueRetriever(BaseRetriever):
    """Documents are item cards, best first, with `item_id` and the scores as metadata.

    `invoke(query, constraints=..., excluded=..., limit=..., vector=...)` takes what Retriever.retrieve does.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    limit: int = 200
    """How many documents are returned when a call does not say."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        constraints: Sequence[Constraint] = (),
        excluded: Collection[str] = (),
        limit: int | None = None,
        vector: FloatArray | None = None,
    ) -> list[Document]:
        found = self.retriever.retrieve(
            query,
            constraints=constraints,
            excluded=excluded,
            limit=self.limit if limit is None else limit,
            vector=vector,
        )
        return [self._document(candidate) for candidate in found]

    def _document(self, candidate: Candidate) -> Document:
        catalogue = self.retriever.catalogue
        metadata: dict[str, Any] = {
            "item_id": candidate.item_id,
            "score": candidate.score,
            "semantic": candidate.semantic,
            "lexical": candidate.lexical,
        }
        card = catalogue.card_text(catalogue[candidate.item_id])
        return Document(id=candidate.item_id, page_content=card, metadata=metadata)


def candidates_of(documents: Sequence[Document]) -> list[Candidate]:
    """The candidates that CatalogueRetriever's documents stand for, in the same order."""
    return [Candidate(**document.metadata) for document in documents]
