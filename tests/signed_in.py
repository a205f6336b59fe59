"""Pages run for people who are signed in, by sessions that are put into the database as the sign-in would."""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import Person
from pages.components import guard

ROOT = Path(__file__).resolve().parents[1]
RUN_SECONDS = 60
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


def open_session(services: Services, person: Person, *, agent: str = AGENT) -> str:
    """Return the id of a new session of the person, which holds."""
    id_ = secrets.token_hex(32)
    change(
        services,
        "INSERT INTO sessions (id, person_id, method, created_at, seen_at, idle_until, expires_at, agent, address)"
        " VALUES (:id, :person, 'password', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000',"
        " '2999-01-01 00:00:00.000000', '2999-01-01 00:00:00.000000', :agent, '127.0.0.1')",
        id=id_,
        person=person.id,
        agent=agent,
    )
    return id_


def change(services: Services, statement: str, **values: object) -> None:
    """Change the database as an admin, or time, would."""
    with services.database.write() as session:
        session.execute(text(statement), values)


def lapse(services: Services, session_id: str) -> None:
    """Let the session end by time alone."""
    change(services, "UPDATE sessions SET idle_until = '2020-01-01 00:00:00.000000' WHERE id = :id", id=session_id)


def log_out(services: Services, session_id: str) -> None:
    """End the session as its person does."""
    change(services, "UPDATE sessions SET ended_at = '2026-01-01 00:00:00.000000' WHERE id = :id", id=session_id)


def visit(identity: str, page_file: str | None = None, **address: str) -> AppTest:
    """Run the app for whom the gate names so, a browser with this session where that is an id."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=RUN_SECONDS)
    app.session_state[guard.IDENTITY] = identity if ":" in identity else f"session:{identity}"
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    return app if page_file is None else app.switch_page(page_file).run()


def text_of(app: AppTest) -> str:
    """All that is written on the page."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.error, app.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def links_of(app: AppTest) -> str:
    """The links of ours on the page, as HTML."""
    return "\n".join(str(element.proto.body) for element in app.get("html"))
