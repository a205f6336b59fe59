"""The knowledge base page: documents as they are, uploads taken at once, errors as sentences."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import DocumentStatus

RunApp = Callable[..., AppTest]
PAGE = "pages/knowledge_base.py"


def text_of(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.markdown, *app.caption, *app.subheader])


def test_every_document_is_listed_with_its_state(run_app: RunApp) -> None:
    shown = text_of(run_app(PAGE))
    assert "3 documents, 3 searchable" in shown
    assert "**Travel Policy.pdf** :green-badge[ready]" in shown
    assert "3 pages" in shown


def test_an_upload_is_handed_over_and_the_uploader_emptied(run_app: RunApp, services: Services) -> None:
    app = run_app(PAGE)
    key = app.file_uploader[0].key
    app.file_uploader[0].upload("Canteen.md", b"# Canteen\n\nThe canteen opens at 11:30.\n").run()
    assert not app.exception
    assert app.success[0].value == "Canteen.md was added and is being read."
    assert app.file_uploader[0].key != key
    person = services.people.local()
    (document,) = [d for d in services.knowledge.documents(person) if d.name == "Canteen.md"]
    (done,) = services.knowledge.wait_until_done([document.id], 60)
    assert done.status is DocumentStatus.READY
    services.knowledge.delete(person, document.id)


def test_an_empty_file_gets_a_row_that_says_so(run_app: RunApp, services: Services) -> None:
    app = run_app(PAGE)
    app.file_uploader[0].upload("nothing.txt", b"").run()
    person = services.people.local()
    (document,) = [d for d in services.knowledge.documents(person) if d.name == "nothing.txt"]
    services.knowledge.wait_until_done([document.id], 60)
    app = run_app(PAGE)
    assert not app.exception
    assert [error.value for error in app.error] == ["This file is empty."]
    services.knowledge.delete(person, document.id)


def test_the_search_shows_what_is_found_with_its_place(run_app: RunApp) -> None:
    app = run_app(PAGE)
    app.text_input(key="search-trial").set_value("daily meal allowance").run()
    assert not app.exception
    assert "**Travel Policy.pdf** · page 2" in text_of(app)
    assert "The daily meal allowance in Austria is 38 euros." in text_of(app)


def test_an_address_can_carry_the_words_to_search_for(run_app: RunApp) -> None:
    app = run_app(PAGE, search="daily meal allowance")
    assert not app.exception
    assert app.text_input(key="search-trial").value == "daily meal allowance"
    assert "**Travel Policy.pdf** · page 2" in text_of(app)
    assert any(link.proto.label == "Open" and "page=2" in link.proto.query_string for link in app.get("page_link"))


def test_the_list_is_filtered_by_name(run_app: RunApp) -> None:
    app = run_app(PAGE)
    app.text_input(key="documents-filter").set_value("wireless").run()
    assert "Guest Wireless.md" in text_of(app)
    assert "Travel Policy.pdf" not in text_of(app)
