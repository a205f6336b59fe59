"""What tests of a change of the embedding model share: documents, people, and the steps of a change."""

from __future__ import annotations

from collections.abc import Callable

from embeddings_server import MODEL
from small_library import ADMIN, STAFF, Library
from waiting import until

from assistant.knowledge.service import KnowledgeBase

OWN = f"endpoint/{MODEL}"
LEAVE = "Employees receive 27 days of annual leave each year."
CANTEEN = "The canteen serves a warm meal from half past eleven."
PRINTER = "The printer on floor two takes paper of size A3."
THREE = (("Leave", LEAVE), ("Canteen", CANTEEN), ("Printer", PRINTER))
QUERY = "How many days am I entitled to"
TOPICS = {"holiday": 1, "entitled": 1, "canteen": 1, "leave": 2, "printer": 3}
"""To the server's mind what is asked about leave is about the canteen."""


def serves(knowledge: KnowledgeBase, model: str) -> Callable[[], bool]:
    """Whether searches go by this model."""
    return lambda: knowledge.embedders(ADMIN).serving == model and knowledge._queries.model() == model


def put_three(library: Library) -> None:
    """Store the three documents, searchable by the embedded model."""
    for name, page in THREE:
        library.put(f"{name}.txt", [page])


def best(knowledge: KnowledgeBase, query: str = QUERY) -> str:
    """The text of the best passage."""
    return knowledge.search(STAFF, query, limited=False)[0].text


def changed(knowledge: KnowledgeBase) -> KnowledgeBase:
    """Bring the change to the server's model to its end."""
    knowledge.use_embedder(ADMIN, OWN)
    until(serves(knowledge, OWN))
    return knowledge
