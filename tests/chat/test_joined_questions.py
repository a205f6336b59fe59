"""A question that joins two is searched and judged part by part."""

from __future__ import annotations

from chatting import OFFLINE, Chatting

from assistant.chat.groundwork import in_turn
from assistant.providers.passages import NOTHING_ABOUT
from assistant.providers.scripted import Reply

PARKING = "Visitors park on level two of the east garage."
ROASTER = "The coffee roaster is cleaned every second Tuesday."
BOTH = "Where do visitors park and when is the coffee roaster cleaned?"


def test_both_parts_of_a_question_are_answered_each_from_its_own_document(chatting: Chatting) -> None:
    chatting.put("Parking.pdf", PARKING)
    chatting.put("Kitchen.pdf", ROASTER)
    turn = chatting.ask(BOTH, choice=OFFLINE)
    assert PARKING in turn.answer.replace("**", "")
    assert ROASTER in turn.answer.replace("**", "")
    assert {citation.document for citation in turn.citations} == {"Parking.pdf", "Kitchen.pdf"}


def test_a_part_may_use_other_words_than_the_document_that_answers_it(chatting: Chatting) -> None:
    mileage = "The mileage allowance for a private car is EUR 0.46 per kilometre."
    chatting.put("Parking.pdf", PARKING)
    chatting.put("Cars.pdf", mileage)
    turn = chatting.ask("Where do visitors park and what is the mileage rate?", choice=OFFLINE)
    assert PARKING in turn.answer.replace("**", "")
    assert mileage in turn.answer.replace("**", "")


def test_one_part_that_the_documents_answer_is_enough_and_the_gap_is_named(chatting: Chatting) -> None:
    chatting.put("Parking.pdf", PARKING)
    turn = chatting.ask(BOTH, choice=OFFLINE)
    assert PARKING in turn.answer.replace("**", "")
    assert f"{NOTHING_ABOUT} \u201cwhen is the coffee roaster cleaned\u201d" in turn.answer
    assert not turn.abstained


def test_where_no_part_is_answered_the_assistant_abstains(chatting: Chatting) -> None:
    chatting.put("Plants.pdf", "The plants in the hall are watered by the gardeners.")
    assert chatting.ask(BOTH, choice=OFFLINE).abstained


def test_a_paid_model_gets_the_passages_of_every_part(chatting: Chatting) -> None:
    chatting.put("Parking.pdf", PARKING)
    chatting.put("Kitchen.pdf", ROASTER)
    chatting.plays(Reply(["In the garage [1], on Tuesdays [2]."]))
    turn = chatting.ask(BOTH)
    assert {citation.document for citation in turn.citations} == {"Parking.pdf", "Kitchen.pdf"}
    assert turn.answerable is not None
    assert turn.answerable > 0.5


def test_searches_take_turns_and_no_passage_comes_twice(chatting: Chatting) -> None:
    chatting.put("Parking.pdf", PARKING)
    chatting.put("Kitchen.pdf", ROASTER)
    parking = chatting.knowledge.retrieve(chatting.bob, ["Where do visitors park?"])
    kitchen = chatting.knowledge.retrieve(chatting.bob, ["When is the coffee roaster cleaned?"])
    both = in_turn([parking, kitchen], 8)
    assert [one.document for one in both[:2]] == ["Parking.pdf", "Kitchen.pdf"]
    assert len({one.chunk_id for one in both}) == len(both) == max(len(parking), len(kitchen))
    assert in_turn([parking, []], 1) == parking[:1]
