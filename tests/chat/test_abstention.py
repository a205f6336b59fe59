"""What is said when the documents do not answer."""

from __future__ import annotations

from assistant.chat.abstention import EMPTY, LOOKED_FOR, abstains, abstention, rephrasings


def test_an_abstention_says_so_first_and_what_was_looked_for() -> None:
    text = abstention("May I bring my dog?", [])
    assert abstains(text)
    assert "Looked for: May I bring my dog?" in text
    assert "still being read" not in text


def test_documents_on_their_way_are_told_since_they_may_hold_the_answer() -> None:
    assert abstention("May I bring my dog?", [], pending=7).endswith(
        "Documents that are still being read: 7. Ask again in a minute."
    )


def test_of_a_page_of_text_only_the_beginning_is_said_again() -> None:
    text = abstention("May I bring my dog? " * 200, [])
    assert len(text) < LOOKED_FOR + 300
    assert "Try other words" in text


def test_where_there_are_no_documents_at_all_other_words_are_not_advised() -> None:
    text = abstention("May I bring my dog?", [], empty=True)
    assert abstains(text)
    assert EMPTY in text
    assert "other words" not in text


NEAREST = ("Travel policy.pdf", "Expenses_2026.xlsx", "Office.md")


def test_what_the_nearest_documents_say_of_the_matter_can_be_asked_instead() -> None:
    assert rephrasings("What is the hotel cap in Lima?", NEAREST) == (
        "What does Travel policy say about the hotel cap in Lima?",
        "What does Expenses 2026 say about the hotel cap in Lima?",
    )


def test_what_is_asked_of_a_thing_is_not_taken_for_a_part_of_its_name() -> None:
    first = "What does Travel policy say about the kitchen on floor two?"
    assert rephrasings("When is the kitchen on floor two open?", NEAREST)[0] == first
    assert rephrasings("Where is the kitchen on floor two?", NEAREST)[0] == first


def test_a_question_that_names_the_document_is_not_offered_again() -> None:
    again = "What does Travel policy say about the hotel cap?"
    assert not any("Travel policy say" in question for question in rephrasings(again, NEAREST))


def test_nothing_is_offered_without_a_subject_or_a_document() -> None:
    assert rephrasings("Blue or green or which of the many others, and for whom, and until when?", NEAREST) == ()
    assert rephrasings("What is the hotel cap in Lima?", ()) == ()


def test_what_a_thing_has_or_does_is_not_taken_for_its_name() -> None:
    assert rephrasings("Which meeting rooms have a projector?", NEAREST) == ()
    assert rephrasings("Which colleagues can drive a van?", NEAREST) == ()
