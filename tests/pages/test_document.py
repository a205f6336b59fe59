"""The document page: an address for every source."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services

RunApp = Callable[..., AppTest]
PAGE = "pages/document.py"


def opened(run_app: RunApp, **address: str) -> AppTest:
    app = run_app(PAGE)
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def test_a_page_of_a_pdf_is_shown_as_a_picture(run_app: RunApp, services: Services) -> None:
    (document,) = [d for d in services.knowledge.documents(services.people.local()) if d.name == "Travel Policy.pdf"]
    app = opened(run_app, document=document.id, page="2")
    assert not app.exception
    assert "**Travel Policy.pdf** · page 2 of 3" in [element.value for element in app.markdown]
    assert len(app.get("image")) == 1


def test_a_source_leads_back_to_its_answer(run_app: RunApp, services: Services) -> None:
    person = services.people.local()
    turn = services.chat.ask(person, None, "How much may a hotel room in Vienna cost?").result(30).turn
    source = turn.citations[0]
    app = opened(run_app, document=source.document_id, version="1", page="2", turn=turn.id, source="1")
    assert not app.exception
    back = [link.proto.query_string for link in app.get("page_link") if link.proto.label == "Back to the answer"]
    assert back == [f"conversation={turn.conversation_id}"]


def test_a_strange_document_is_not_found(run_app: RunApp) -> None:
    app = opened(run_app, document="someone-elses")
    assert not app.exception
    assert "Reference" in app.error[0].value


def test_an_address_without_a_document_says_so(run_app: RunApp) -> None:
    assert opened(run_app).error[0].value.startswith("The address names no document")


def test_a_senseless_page_number_is_told(run_app: RunApp, services: Services) -> None:
    (document,) = [d for d in services.knowledge.documents(services.people.local()) if d.name == "Travel Policy.pdf"]
    app = opened(run_app, document=document.id, page="9999")
    assert not app.exception
