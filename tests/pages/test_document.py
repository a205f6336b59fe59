"""The document page: an address for every source."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from persons import group
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.library import Facts

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


def click(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def section(run_app: RunApp, name: str, document_id: str) -> AppTest:
    app = opened(run_app, document=document_id)
    app.session_state["document-section"] = name
    return app.run()


@pytest.fixture
def versions(services: Services) -> Iterator[str]:
    """The id of a document with two versions; deleted in the end."""
    person, knowledge = services.people.local(), services.knowledge
    first = knowledge.upload(person, "Gate.md", b"# Gate\n\nThe gate opens at six.\n")
    knowledge.wait_until_done([first.document_id], 60)
    knowledge.upload(person, "Gate.md", b"# Gate\n\nThe gate opens at <b>seven</b>.\n")
    knowledge.wait_until_done([first.document_id], 60)
    yield first.document_id
    knowledge.library.delete_many(person, [first.document_id])


def test_versions_are_compared_as_text(run_app: RunApp, versions: str) -> None:
    app = section(run_app, "Versions", versions)
    assert not app.exception
    assert app.code[0].value.splitlines()[-2:] == ["- The gate opens at six.", "+ The gate opens at seven."]
    links = [link.proto.url for link in app.get("link_button")]
    assert links == [f"/documents/{versions}/original?version=2", f"/documents/{versions}/original?version=1"]


def test_an_older_version_is_restored_as_the_newest(run_app: RunApp, services: Services, versions: str) -> None:
    app = section(run_app, "Versions", versions)
    app.button(key="restore-1").click().run()
    assert app.success[0].value == "Version 1 is being read again, as the newest one."
    newest = services.knowledge.library.versions(services.people.local(), versions)[0]
    assert newest.number == 3


def test_passages_are_shown_as_the_model_is_given_them(run_app: RunApp, versions: str) -> None:
    app = section(run_app, "Passages", versions)
    assert not app.exception
    assert "The gate opens at seven." in app.code[0].value


def test_facts_are_saved(run_app: RunApp, services: Services, versions: str) -> None:
    app = section(run_app, "About", versions)
    app.text_input[0].set_value("The gate")
    click(app, "Save")
    assert [success.value for success in app.success] == ["Saved."]
    assert services.knowledge.library.facts(services.people.local(), versions).facts == Facts(title="The gate")
    assert app.text_input[0].value == "The gate"


def test_of_facts_a_change_by_someone_else_is_told(run_app: RunApp, services: Services, versions: str) -> None:
    person, library = services.people.local(), services.knowledge.library
    app = section(run_app, "About", versions)
    app.text_input[0].set_value("The gate")
    library.set_facts(person, versions, Facts(owner="Gardens"), library.facts(person, versions).revision)
    click(app, "Save")
    assert not app.exception
    assert len(app.warning) == 1
    assert library.facts(person, versions).facts == Facts(owner="Gardens")
    assert app.text_input[0].value == "The gate"  # what was typed is not lost by it
    click(app, "Show what stands there now")
    assert [app.text_input[0].value, app.text_input[1].value] == ["", "Gardens"]


def test_a_document_is_opened_to_a_group_alone(run_app: RunApp, services: Services, versions: str) -> None:
    person, library = services.people.local(), services.knowledge.library
    office = group(services.database, "office")
    app = section(run_app, "About", versions)
    next(one for one in app.radio if one.label == "Readers").set_value("Only certain groups").run()
    next(one for one in app.multiselect if one.label == "Groups").set_value([office]).run()
    click(app, "Save the readers")
    listed = library.facts(person, versions)
    assert (listed.restricted, [one.name for one in listed.groups]) == (True, ["office"])
    library.restrict(person, [versions], None)


def test_a_source_that_was_deleted_keeps_its_words(run_app: RunApp, services: Services) -> None:
    person, knowledge = services.people.local(), services.knowledge
    upload = knowledge.upload(person, "Fountain.md", b"# Fountain\n\nThe fountain is drained on 3 November.\n")
    knowledge.wait_until_done([upload.document_id], 60)
    turn = services.chat.ask(person, None, "When is the fountain drained?").result(30).turn
    source = next(one for one in turn.citations if one.document_id == upload.document_id)
    knowledge.delete(person, upload.document_id)
    app = opened(run_app, document=upload.document_id, turn=turn.id, source=str(source.n))
    assert app.warning[0].value.startswith("Source deleted: Fountain.md")
    assert "The fountain is drained on 3 November." in [element.value for element in app.markdown]
    chat = run_app(conversation=turn.conversation_id)
    assert any("source deleted" in button.label for button in chat.button)
