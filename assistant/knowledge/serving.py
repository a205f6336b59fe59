"""Which collection of the vector index serves which space, by which embedding model."""

from __future__ import annotations

from collections.abc import Mapping


class Serving:
    """Changed by the thread that owns the index, each time as one step; read by any thread."""

    def __init__(self, model: str) -> None:
        self._now: tuple[str, Mapping[str, str]] = (model, {})

    @property
    def model(self) -> str:
        """The embedding model that searches go by."""
        return self._now[0]

    def collections(self) -> Mapping[str, str]:
        """Return the collections that serve, by their spaces."""
        return self._now[1]

    def collection_of(self, space_id: str, model: str) -> str | None:
        """Return the collection that serves a space by a model; None where exact search has to."""
        now, collections = self._now
        return collections.get(space_id) if now == model else None

    def add(self, collections: Mapping[str, str]) -> None:
        """Serve these spaces from these collections."""
        self._now = self.model, {**self._now[1], **collections}

    def leave(self, spaces: set[str] | None = None) -> None:
        """Leave these spaces to exact search; all of them where none are named."""
        kept = {} if spaces is None else {space: name for space, name in self._now[1].items() if space not in spaces}
        self._now = self.model, kept

    def change(self, model: str, collections: Mapping[str, str]) -> None:
        """Serve by another model, from these collections."""
        self._now = model, dict(collections)
