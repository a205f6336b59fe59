"""What is under way can be called off: its writers are refused, what was searchable stays, nothing is left over."""

from __future__ import annotations

import pytest
from small_library import EDITOR, STAFF, Library, opening

from assistant.domain import DocumentStatus
from assistant.errors import Conflict, NotAllowed
from assistant.knowledge.service import KnowledgeBase
from assistant.storage.blobs import Blobs
from assistant.storage.ingestion import LostClaim

PAGES = ["Staff in room 1 answer within 3 days.", "Staff in room 2 answer within 4 days."]


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    with opening(library) as opened:
        return opened(own_index=False)


def test_a_first_version_that_is_called_off_says_by_whom_and_can_be_tried_again(
    knowledge: KnowledgeBase, library: Library
) -> None:
    document_id = knowledge.upload(EDITOR, "Rules.md", b"A rule.").document_id
    job = library.store.due()[0]
    library.store.claim(job)
    knowledge.cancel(EDITOR, document_id)
    document = knowledge.document(EDITOR, document_id)
    assert (document.status, document.error) == (DocumentStatus.FAILED, "Cancelled by Ann.")
    with pytest.raises(LostClaim):
        library.store.beat(job)
    assert library.store.due() == []
    knowledge.retry(EDITOR, document_id)
    assert len(library.store.due()) == 1
    assert Blobs(library.settings.data_dir).is_sound(document.sha256)


def test_a_replacement_that_is_called_off_leaves_the_searchable_version_and_no_bytes(
    knowledge: KnowledgeBase, library: Library
) -> None:
    document_id = library.put("Rules.md", PAGES)
    before = knowledge.document(EDITOR, document_id)
    knowledge.upload(EDITOR, "New name.md", b"Other rules.", replaces=document_id, expected=1)
    replacement = knowledge.document(EDITOR, document_id)
    knowledge.cancel(EDITOR, document_id)
    assert knowledge.document(EDITOR, document_id) == before
    assert not Blobs(library.settings.data_dir).path(replacement.sha256).exists()
    assert knowledge.search(EDITOR, "room 2")[0].document_id == document_id


def test_vectors_of_a_version_that_is_called_off_are_removed_by_ids_of_its_own(
    knowledge: KnowledgeBase, library: Library
) -> None:
    document_id = library.embed("Rules.md", PAGES)
    knowledge.cancel(EDITOR, document_id)
    assert [removal.number for removal in library.vectors.removals()] == [1]
    assert knowledge.document(EDITOR, document_id).version == 2
    again = knowledge.upload(EDITOR, "Rules.md", b"Other rules.")
    assert again.version == 3


def test_an_earlier_version_that_is_still_on_its_way_goes_on(knowledge: KnowledgeBase, library: Library) -> None:
    document_id = knowledge.upload(EDITOR, "Rules.md", b"First.").document_id
    knowledge.upload(EDITOR, "Rules.md", b"Second.")
    knowledge.cancel(EDITOR, document_id)
    document = knowledge.document(EDITOR, document_id)
    assert (document.version, document.status) == (1, DocumentStatus.QUEUED)
    assert len(library.store.due()) == 1


def test_what_came_to_its_end_is_not_called_off(knowledge: KnowledgeBase, library: Library) -> None:
    document_id = library.put("Rules.md", PAGES)
    knowledge.cancel(EDITOR, document_id)
    assert knowledge.document(EDITOR, document_id).status is DocumentStatus.READY


def test_only_editors_call_off(knowledge: KnowledgeBase) -> None:
    document_id = knowledge.upload(EDITOR, "Rules.md", b"A rule.").document_id
    with pytest.raises(NotAllowed):
        knowledge.cancel(STAFF, document_id)


def test_the_number_of_a_version_that_was_called_off_is_not_given_again(
    knowledge: KnowledgeBase, library: Library
) -> None:
    document_id = library.put("Rules.md", PAGES)
    knowledge.upload(EDITOR, "Rules.md", b"Second.")
    seen = knowledge.document(EDITOR, document_id).version
    knowledge.cancel(EDITOR, document_id)
    knowledge.upload(EDITOR, "Rules.md", b"Third.")
    with pytest.raises(Conflict):
        knowledge.upload(EDITOR, "Rules.md", b"Fourth.", replaces=document_id, expected=seen)
