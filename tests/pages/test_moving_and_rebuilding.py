"""Moving documents between spaces, re-indexing them, watched folders, and the notices of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from waiting import until

from assistant.bootstrap import Services
from assistant.library import IndexHealth

RunApp = Callable[..., AppTest]
PAGE = "pages/knowledge_base.py"


@pytest.fixture
def document_id(services: Services) -> Iterator[str]:
    """A ready document; deleted in the end."""
    person, knowledge = services.people.local(), services.knowledge
    upload = knowledge.upload(person, "Mill.md", b"# Mill\n\nThe mill turns.\n")
    knowledge.wait_until_done([upload.document_id], 60)
    yield upload.document_id
    knowledge.library.delete_many(person, [upload.document_id])


def test_a_document_is_moved_to_the_space_that_was_picked(
    run_app: RunApp, services: Services, document_id: str
) -> None:
    person, knowledge = services.people.local(), services.knowledge
    space = knowledge.add_space(person, "Gardens")
    app = run_app(PAGE)
    app.checkbox(key=f"select-{document_id}").check().run()
    app.button(key="bulk-move").click().run()
    app.selectbox(key="move-to").set_value(space.id).run()
    app.button(key="confirm-move").click().run()
    assert not app.exception
    assert knowledge.document(person, document_id).space == space.id


def test_a_name_that_is_taken_there_is_told_and_nothing_is_moved(
    run_app: RunApp, services: Services, document_id: str
) -> None:
    person, knowledge = services.people.local(), services.knowledge
    space = knowledge.add_space(person, "Gardens")
    other = knowledge.upload(person, "Mill.md", b"another", space=space.id)
    app = run_app(PAGE)
    app.checkbox(key=f"select-{document_id}").check().run()
    app.button(key="bulk-move").click().run()
    app.selectbox(key="move-to").set_value(space.id).run()
    app.button(key="confirm-move").click().run()
    assert "Mill.md" in app.warning[0].value
    assert knowledge.document(person, document_id).space == "general"
    knowledge.library.delete_many(person, [other.document_id])


def test_a_document_is_indexed_anew_while_its_passages_serve(
    run_app: RunApp, services: Services, document_id: str
) -> None:
    person, knowledge = services.people.local(), services.knowledge
    app = run_app(PAGE)
    app.checkbox(key=f"select-{document_id}").check().run()
    app.button(key="bulk-reindex").click().run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == ["1 document will be indexed anew."]
    until(lambda: knowledge.document(person, document_id).live_version == 2)
    until(lambda: knowledge.rebuilds.running(person) == [])


def test_everything_is_indexed_anew_until_it_is_called_off(
    run_app: RunApp, services: Services, document_id: str
) -> None:
    person, knowledge = services.people.local(), services.knowledge
    app = run_app(PAGE)
    app.button(key="index-all-anew").click().run()
    assert not app.exception
    (run,) = knowledge.rebuilds.running(person)
    app.button(key=f"cancel-run-{run.id}").click().run()
    assert knowledge.rebuilds.get(person, run.id).state in ("cancelled", "done")
    assert knowledge.document(person, document_id).live_version is not None


def test_what_is_wrong_with_the_index_is_told(
    run_app: RunApp, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = IndexHealth("rebuilding", "The index is being rebuilt; searches find everything, more slowly.", 40, 100)
    monkeypatch.setattr(services.knowledge, "index_health", lambda _person: health)
    app = run_app(PAGE)
    assert [warning.value for warning in app.warning] == [health.sentence]


def test_a_folder_is_watched_and_left_alone_again(run_app: RunApp, services: Services, tmp_path: Path) -> None:
    person, folders = services.people.local(), services.knowledge.folders
    app = run_app(PAGE)
    app.text_input(key="watch-path-0").set_value(str(tmp_path / "none"))
    watch = next(button for button in app.button if button.label == "Watch")
    watch.click().run()
    assert any("There is no folder" in error.value for error in app.error)
    app.text_input(key="watch-path-0").set_value(str(tmp_path))
    next(button for button in app.button if button.label == "Watch").click().run()
    (folder,) = folders.watched(person)
    assert folder.path == str(tmp_path.resolve())
    app.button(key=f"unwatch-{folder.id}").click().run()
    assert folders.watched(person) == []
