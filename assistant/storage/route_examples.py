"""Questions with the route that people gave them by hand: labelled examples for the classifier."""

from __future__ import annotations

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from assistant.domain import Route
from assistant.storage.conversation_rows import TurnRow
from assistant.storage.database import Database, utc_now
from assistant.storage.model_rows import RouteExampleRow

NEWEST = 500
"""As many corrections count as there are examples shipped, give or take: people shape the router, not replace it."""


class RouteExamples:
    """The repository of corrections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, text: str, route: Route, person_id: str, turn_id: str) -> None:
        """Keep a correction; a later one of the same turn takes its place."""
        values = {"text": text, "route": str(route), "person_id": person_id, "created_at": utc_now()}
        with self._database.write() as session:
            session.execute(delete(RouteExampleRow).where(RouteExampleRow.turn_id == turn_id))
            session.execute(insert(RouteExampleRow).values(turn_id=turn_id, **values))

    def newest(self, limit: int = NEWEST) -> list[tuple[str, Route]]:
        """Return the newest corrections, oldest of them first, so that later ones stand behind earlier ones.

        One to a route that this release does not know is left out: it must not keep the application from starting.
        """
        wanted = select(RouteExampleRow.text, RouteExampleRow.route).order_by(RouteExampleRow.id.desc()).limit(limit)
        wanted = wanted.where(RouteExampleRow.route.in_([route.value for route in Route]))
        with self._database.read() as session:
            return [(text, Route(route)) for text, route in session.execute(wanted).all()[::-1]]


def forget_examples(session: Session, conversation_id: str) -> None:
    """Remove what was learned from a conversation whose turns are removed for good."""
    turns = select(TurnRow.id).where(TurnRow.conversation_id == conversation_id)
    session.execute(delete(RouteExampleRow).where(RouteExampleRow.turn_id.in_(turns)))
