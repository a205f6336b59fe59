"""Whatever people type is searched sensibly, and never ends in an error."""

from __future__ import annotations

import pytest
from chatting import OFFLINE, Chatting

from assistant.domain import TurnStatus

DUES = "The harbour dues for a yacht are 14 crowns a night. They are settled with the purser at the quay."


@pytest.fixture
def harbour(chatting: Chatting) -> Chatting:
    chatting.put("Harbour.md", DUES, "Showers are open from six in the morning.")
    return chatting


@pytest.mark.parametrize(
    "question",
    [
        "HOW MUCH ARE THE HARBOUR DUES FOR A YACHT?",
        "how mch are the harbuor dues for a yahct",
        "harbour dues yacht",
        'harbour AND (dues OR NEAR(yacht, 3)) NOT "night',
        "harbour dues yacht* ^title: {dues} -night",
        ".*harbour\\s+dues.{3,}[a-z]+$ for a yacht",
        "'; DROP TABLE chunks; -- how much are the harbour dues for a yacht?",
        "How much are the harbour dues for a yacht? " + "I ask because we are planning our summer. " * 90,
        "How much are the harbour dues for a yacht? Was kostet das?",
    ],
)
def test_the_answer_is_found_however_it_is_asked_for(harbour: Chatting, question: str) -> None:
    turn = harbour.ask(question[:4000], choice=OFFLINE)
    assert turn.status is TurnStatus.COMPLETE
    assert "14 crowns" in turn.answer.replace("**", "")


@pytest.mark.parametrize(
    "question",
    [
        "%",
        "*",
        '"',
        "((((",
        "NEAR(",
        "0",
        "\u202e\u0000x",
        "\N{FLEXED BICEPS}",
        "Wo ist die Toilette?",
        "ab" * 2000,
        "\u6e2f\u53e3",
    ],
)
def test_what_no_document_answers_is_told_so_or_asked_back_about(harbour: Chatting, question: str) -> None:
    turn = harbour.ask(question, choice=OFFLINE)
    assert turn.status is TurnStatus.COMPLETE
    assert turn.answer
    assert "crowns" not in turn.answer


def test_what_a_misspelt_question_was_read_as_is_told(harbour: Chatting) -> None:
    turn = harbour.ask("how much are the harbuor dues for a yacht", choice=OFFLINE)
    assert turn.plan is not None
    assert turn.plan.standalone_question == "how much are the harbour dues for a yacht"
    told = [(step.title, step.detail) for step in turn.steps if step.kind == "rewrite"]
    assert told == [("Read in the words of the documents", turn.plan.standalone_question)]
