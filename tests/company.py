"""A running app that people sign in to by password, with its database at hand for what admins and time do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persons import person
from playwright.sync_api import Page, expect
from running_app import RunningApp
from sqlalchemy import text

from assistant.domain import Person, Role
from assistant.people import passwords
from assistant.storage.database import Database

PASSWORD = "twelve Green bicycles"


class Company:
    """People, and what happens to them."""

    def __init__(self, app: RunningApp, database: Database) -> None:
        self.app = app
        self._database = database
        self._hash = passwords.hashed(PASSWORD)

    def person(self, name: str, role: Role = Role.STAFF) -> Person:
        """Return a person who may sign in; one of this name is as new."""
        one = person(self._database, name, role)
        as_new = "UPDATE people SET password_hash = :hash, role = :role, disabled_at = NULL WHERE id = :id"
        self.change(as_new, hash=self._hash, role=role.value, id=one.id)
        self.change("DELETE FROM drafts WHERE person_id = :id", id=one.id)
        return one

    def change(self, statement: str, **values: object) -> None:
        """Change the database."""
        with self._database.write() as session:
            session.execute(text(statement), values)

    def values(self, statement: str) -> list[object]:
        """Read the first column of some rows."""
        with self._database.read() as session:
            return list(session.scalars(text(statement)))

    def lapse(self, who: Person) -> None:
        """Let the person's sessions end by time alone."""
        past = "2020-01-01 00:00:00.000000"
        self.change("UPDATE sessions SET idle_until = :past WHERE person_id = :id", past=past, id=who.id)

    def log_out(self, who: Person) -> None:
        """End the person's sessions, as they do it elsewhere."""
        now = "2026-11-01 00:00:00.000000"
        self.change("UPDATE sessions SET ended_at = :now WHERE person_id = :id", now=now, id=who.id)

    def disable(self, who: Person) -> None:
        """Take the person's account away."""
        now = "2026-11-01 00:00:00.000000"
        self.change("UPDATE people SET disabled_at = :now WHERE id = :id", now=now, id=who.id)

    def sign_in(self, page: Page, who: Person, path: str = "/") -> None:
        """Go to a page of the app and sign in on the way."""
        page.goto(self.app.url + path)
        self.fill_in(page, who)

    def fill_in(self, page: Page, who: Person) -> None:
        """Sign in where the sign-in page stands."""
        expect(page).to_have_url(re.compile("/login"))
        page.get_by_label("Mail address").fill(who.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).not_to_have_url(re.compile("/login"))


@contextmanager
def company(folder: Path, script: str = "app.py", **variables: str) -> Iterator[Company]:
    """Start an app for people who sign in by password."""
    data = folder / "data"
    with RunningApp(data, script=script, ASSISTANT_AUTH="password", ASSISTANT_SAMPLES="off", **variables) as app:
        database = Database(f"sqlite:///{data / 'assistant.sqlite'}")
        try:
            yield Company(app, database)
        finally:
            database.close()
