"""Suggested questions come from documents that are there and readable."""

from __future__ import annotations

import tomllib

from chatting import Chatting

from assistant.chat.suggestions import SAMPLES, SHOWN
from assistant.settings import PROJECT


def test_without_documents_nothing_is_suggested(empty: Chatting) -> None:
    assert empty.service.suggestions(empty.bob) == []


def test_each_document_gets_a_question_about_one_of_its_headings(chatting: Chatting) -> None:
    assert set(chatting.service.suggestions(chatting.bob)) == {
        "What does Handbook say about Rules?",
        "What does Travel say about Rules?",
    }


def test_no_document_is_asked_about_its_own_title(chatting: Chatting) -> None:
    chatting.put("Rules.md", "Lunch in the canteen costs 6.50 euros.")
    assert set(chatting.service.suggestions(chatting.bob)) == {
        "What does Handbook say about Rules?",
        "What does Travel say about Rules?",
    }


def test_sample_documents_bring_their_own_questions(chatting: Chatting) -> None:
    chatting.put("password-reset.md", "To reset your password open the portal.")
    assert chatting.service.suggestions(chatting.bob) == ["How do I reset my password?"]


def test_a_deleted_document_is_no_longer_asked_about(chatting: Chatting) -> None:
    document = chatting.put("password-reset.md", "To reset your password open the portal.")
    chatting.knowledge.delete(chatting.ann, document)
    assert "How do I reset my password?" not in chatting.service.suggestions(chatting.bob)


def test_prepared_questions_name_documents_of_the_samples() -> None:
    prepared = tomllib.loads(SAMPLES.read_text(encoding="utf-8"))["questions"]
    assert len(prepared) >= SHOWN
    assert {question["document"] for question in prepared} <= {
        path.name for path in (PROJECT / "data" / "samples").iterdir()
    }
