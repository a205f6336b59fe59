"""Sharing a conversation on the page: the owner's dialog, and what readers see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from persons import group, person
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from assistant.access import EVERYONE, Audience
from assistant.bootstrap import Services
from assistant.chat.sharing import NEUTRAL, NO_ADDRESS
from assistant.chat.showing import NOT_FOR_READER, WITHHELD
from assistant.domain import Person, Turn
from assistant.storage.people import People
from assistant.web.state import HOLDER

RunApp = Callable[..., AppTest]
HOTEL = "How much may a hotel room in Vienna cost?"
ANSWER = "**145 euros** a night"


@pytest.fixture
def bob(services: Services) -> Person:
    return person(services.database, "bob")


@pytest.fixture
def turn(services: Services) -> Turn:
    """A conversation of the operator with an answer."""
    return services.chat.ask(services.people.local(), None, HOTEL).result(30).turn


@pytest.fixture
def run_as_bob(services: Services, run_app: RunApp, bob: Person) -> Iterator[RunApp]:
    """Run the app as Bob."""

    class OnlyBob(People):
        def local(self) -> Person:
            return bob

    def run(page: str | None = None, **address: str) -> AppTest:
        HOLDER.set_ready(replace(services, people=OnlyBob(services.database)))
        return run_app(page, **address)

    yield run
    HOLDER.set_ready(services)


@pytest.fixture
def closed(services: Services, turn: Turn) -> Iterator[None]:
    """The document of the answer is open to a group that nobody is in."""
    values = {"id": turn.citations[0].document_id, "team": group(services.database, "team")}
    with services.database.write() as session:
        session.execute(text("UPDATE documents SET restricted = 1 WHERE id = :id"), values)
    yield
    with services.database.write() as session:
        session.execute(text("UPDATE documents SET restricted = 0 WHERE id = :id"), values)


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.subheader, app.info, app.warning, app.error, app.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def dialog(run_app: RunApp, turn: Turn, services: Services) -> AppTest:
    """The open dialog of a conversation."""
    app = run_app(conversation=turn.conversation_id)
    app.session_state["sharing"] = services.chat.conversation(services.people.local(), turn.conversation_id)
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_the_owner_says_who_reads_and_who_does_no_longer(
    run_app: RunApp, services: Services, turn: Turn, bob: Person
) -> None:
    local = services.people.local()
    app = dialog(run_app, turn, services)
    assert "So far only you can read it." in text_of(app)
    app.text_input(key="share-address").set_value("Bob@example.com")
    press(app, "Share")
    assert not app.exception
    assert NEUTRAL in text_of(app)
    assert bob.email in text_of(app)
    assert app.code[0].value.endswith(f"/?shared={turn.conversation_id}")
    assert services.chat.sharing.shared_with(bob)
    press(app, "Remove")
    assert services.chat.sharing.shares(local, turn.conversation_id) == []
    assert "So far only you can read it." in text_of(app)


def test_what_is_no_address_is_refused_in_the_dialog(run_app: RunApp, services: Services, turn: Turn) -> None:
    app = dialog(run_app, turn, services)
    app.text_input(key="share-address").set_value("bob")
    press(app, "Share")
    assert NO_ADDRESS in text_of(app)


def test_a_reader_finds_it_in_the_sidebar_and_reads_it_only(
    run_as_bob: RunApp, services: Services, turn: Turn, bob: Person
) -> None:
    services.chat.sharing.share(services.people.local(), turn.conversation_id, Audience("person", bob.email))
    app = run_as_bob()
    assert "Shared with you" in text_of(app)
    app.button(key=f"shared-{turn.conversation_id}").click().run()
    assert not app.exception
    assert app.query_params["shared"] == turn.conversation_id
    assert "Local operator shared this conversation." in text_of(app)
    assert ANSWER in text_of(app)
    assert not app.chat_input
    assert not [button.label for button in app.button if button.label in ("Retry", "Ask again")]


def test_a_source_of_a_shared_answer_opens_at_its_place(
    run_as_bob: RunApp, services: Services, turn: Turn, bob: Person
) -> None:
    services.chat.sharing.share(services.people.local(), turn.conversation_id, Audience("person", bob.email))
    app = run_as_bob(shared=turn.conversation_id)
    next(button for button in app.button if button.label.startswith("1 · Travel Policy.pdf")).click().run()
    assert not app.exception
    assert "The quoted words stand here word for word." in text_of(app)


def test_the_owner_sees_it_as_readers_do(run_app: RunApp, services: Services, turn: Turn) -> None:
    services.chat.sharing.share(services.people.local(), turn.conversation_id, EVERYONE)
    app = run_app(shared=turn.conversation_id)
    assert "This is your own conversation" in text_of(app)
    assert ANSWER in text_of(app)


@pytest.mark.usefixtures("closed")
def test_a_reader_is_not_shown_an_answer_from_a_closed_document(
    run_as_bob: RunApp, services: Services, turn: Turn, bob: Person
) -> None:
    services.chat.sharing.share(services.people.local(), turn.conversation_id, Audience("person", bob.email))
    app = run_as_bob(shared=turn.conversation_id)
    assert NOT_FOR_READER in text_of(app)
    assert ANSWER not in text_of(app)
    assert not [button for button in app.button if "Travel Policy" in button.label]


def test_what_is_not_shared_is_not_found(run_as_bob: RunApp, turn: Turn) -> None:
    app = run_as_bob(shared=turn.conversation_id)
    assert not app.exception
    assert "is not shared with you" in app.warning[0].value
    assert ANSWER not in text_of(app)


def test_an_answer_is_withheld_on_the_page_of_its_owner(
    run_as_bob: RunApp, services: Services, bob: Person, turn: Turn, request: pytest.FixtureRequest
) -> None:
    own = services.chat.ask(bob, None, HOTEL).result(30).turn
    app = run_as_bob(conversation=own.conversation_id)
    assert ANSWER in text_of(app)
    request.getfixturevalue("closed")
    app.run()
    assert not app.exception
    assert WITHHELD in text_of(app)
    assert ANSWER not in text_of(app)
    assert HOTEL in text_of(app)
    assert turn.id != own.id
