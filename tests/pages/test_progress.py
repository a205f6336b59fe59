"""What the first page says about the documents at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services

RunApp = Callable[..., AppTest]
SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"


def test_own_documents_are_not_called_samples(run_app: RunApp) -> None:
    assert not any("sample documents" in caption.value for caption in run_app().caption)


def test_samples_are_called_so_with_the_way_to_add_others(run_app: RunApp, services: Services) -> None:
    person, knowledge = services.people.local(), services.knowledge
    for document in knowledge.documents(person):
        knowledge.delete(person, document.id)
    upload = knowledge.upload(person, "password-reset.md", (SAMPLES / "password-reset.md").read_bytes())
    knowledge.wait_until_done([upload.document_id], 60)
    app = run_app()
    assert any("sample documents of an invented company" in caption.value for caption in app.caption)
    assert any(link.proto.label == "Add your own documents" for link in app.get("page_link"))


def test_without_documents_the_first_page_says_so_and_leads_admins_to_the_upload(
    run_app: RunApp, services: Services
) -> None:
    person, knowledge = services.people.local(), services.knowledge
    for document in knowledge.documents(person):
        knowledge.delete(person, document.id)
    app = run_app()
    assert any("no documents in the knowledge base yet" in info.value for info in app.info)
    assert any(link.proto.label == "Add documents" for link in app.get("page_link"))
