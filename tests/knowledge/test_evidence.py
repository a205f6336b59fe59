from __future__ import annotations

import json
from dataclasses import replace

import pytest

from assistant.domain import Passage
from assistant.knowledge.caution import FALSE_ANSWERS
from assistant.knowledge.evidence import (
    MEANING,
    SET_BY_HAND,
    WEIGHTS,
    WORDS,
    answerable,
    features,
    hopeless,
    threshold_for,
)
from assistant.providers.minilm import MiniLM


def passage(text: str, similarity: float, heading: str = "Leave") -> Passage:
    return Passage(
        "c", "d", "Handbook.pdf", "Handbook", 1, "general", 0, len(text), 1, (heading,), text, 1.0, similarity
    )


LEAVE = "Every full-time employee has 27 working days of paid annual leave per calendar year."
THRESHOLD = threshold_for(FALSE_ANSWERS)
QUESTION = "How many days of annual leave do I have?"


def test_a_passage_that_says_it_is_enough_to_answer(embedder: MiniLM) -> None:
    assert answerable(QUESTION, [passage(LEAVE, 0.7)], embedder) > THRESHOLD


def test_without_passages_nothing_is_answerable(embedder: MiniLM) -> None:
    assert answerable(QUESTION, [], embedder) == 0.0


def test_a_passage_about_something_else_is_not_enough(embedder: MiniLM) -> None:
    stranger = passage("The canteen serves soup from noon.", 0.1, "Canteen")
    assert answerable(QUESTION, [stranger], embedder) < THRESHOLD


def test_the_nearer_the_sentences_the_likelier_an_answer(embedder: MiniLM) -> None:
    texts = ("The canteen opens at noon.", "Leave is asked for in the portal.", LEAVE)
    chances = [answerable(QUESTION, [passage(text, 0.5)], embedder) for text in texts]
    assert chances == sorted(chances)
    assert all(0 < chance < 1 for chance in chances)


@pytest.mark.parametrize(
    ("known", "unknown"),
    [
        ("What does the Aurea 220 cost?", "What does the Aurea 9000 cost?"),
        ("What did the Aurea cost in 2024?", "What did the Aurea cost in 2031?"),
    ],
)
def test_a_model_number_or_year_that_no_passage_holds_speaks_against_an_answer(
    known: str, unknown: str, embedder: MiniLM
) -> None:
    prices = [passage("The Aurea 220 cost EUR 2,140 in 2024.", 0.6, "Prices")]
    assert answerable(unknown, prices, embedder) < answerable(known, prices, embedder) - 0.1


def test_an_amount_that_no_passage_holds_does_not_count_as_a_missing_number() -> None:
    limits = [passage("EUR 500 to EUR 2,000: department head", 0.6, "Approval")]
    assert features("Who approves a trip of EUR 1,200?", limits)["figures_missing"] == 0.0


@pytest.mark.parametrize(
    "question",
    [
        "Has the meal allowance in Bergen changed since 2023?",
        "What was the meal allowance in Bergen under the Crew rules 2023?",
        "Is the meal allowance in Bergen 21 or 26 euros?",
    ],
)
def test_the_edition_that_a_question_names_and_the_figures_it_offers_need_not_stand_in_the_answer(
    question: str, embedder: MiniLM
) -> None:
    text = "The meal allowance in Bergen is EUR 26."
    rules = [replace(passage(text, 0.6, "Allowances"), document=f"Crew rules {year}.pdf") for year in (2023, 2025)]
    plain = answerable("What is the meal allowance in Bergen?", rules, embedder)
    assert answerable(question, rules, embedder) == pytest.approx(plain, abs=0.1)


def test_every_feature_has_a_weight_and_stays_between_minus_one_and_one(embedder: MiniLM) -> None:
    fitted = json.loads(WEIGHTS.read_text())
    assert set(fitted["words"]) == {"constant", *WORDS}
    assert set(fitted["meaning"]) == {"constant", *MEANING}
    found = features(QUESTION, [passage(LEAVE, 0.7), passage("", 0.2)], embedder)
    assert set(found) == {*WORDS, *MEANING, *SET_BY_HAND}
    assert all(-1 <= value <= 1 for value in found.values())


def test_what_is_at_hand_without_the_embedding_model_is_enough_to_see_what_is_hopeless() -> None:
    assert hopeless(QUESTION, [])
    assert hopeless("How do black holes evaporate?", [passage("The canteen serves soup from noon.", 0.05, "Canteen")])
    assert not hopeless(QUESTION, [passage(LEAVE, 0.7)])
    assert not hopeless("May I take time off?", [passage(LEAVE, 0.35)])
    assert set(features(QUESTION, [passage(LEAVE, 0.7)])) >= {*WORDS, *SET_BY_HAND}


def test_a_row_of_a_table_is_enough_to_answer(embedder: MiniLM) -> None:
    rows = "Article: Docking station; Internal price: EUR 148\nArticle: Headset; Internal price: EUR 61"
    prices = [passage(rows, 0.41, "Catalogue")]
    known, unknown = (
        answerable(f"What is the internal price of the {article}?", prices, embedder)
        for article in ("docking station", "coffee machine")
    )
    assert known > THRESHOLD
    assert unknown < known


def test_words_side_by_side_count_for_yes_or_no_and_the_form_of_a_sentence_for_how(embedder: MiniLM) -> None:
    rules = [passage("Private phones may be used for 12 months.", 0.6, "Phones")]
    kinds = [
        {name for name in ("pairs_if_yes_or_no", "form_if_how") if features(question, rules, embedder)[name]}
        for question in ("May private phones be used?", "How long may a phone be used?", "Which phones are private?")
    ]
    assert kinds == [{"pairs_if_yes_or_no"}, {"form_if_how"}, set()]


def test_an_empty_question_is_estimated_without_an_error(embedder: MiniLM) -> None:
    assert answerable("???", [passage(LEAVE, 0.05)], embedder) < THRESHOLD


CAPS = [passage("The hotel cap in Oslo is EUR 150. The hotel cap in Rome is EUR 140.", 0.55, "Hotel caps")]


def test_a_place_that_no_passage_names_speaks_against_an_answer(embedder: MiniLM) -> None:
    assert features("What is the hotel cap in Oslo?", CAPS)["names_unknown"] == 0.0
    assert features("What is the hotel cap in Lima?", CAPS)["names_unknown"] == 1.0
    oslo, lima = (answerable(f"What is the hotel cap in {city}?", CAPS, embedder) for city in ("Oslo", "Lima"))
    assert lima < oslo - 0.2


def test_a_misspelt_name_is_no_unknown_one() -> None:
    parks = [passage("The park in Copenhagen opens at noon.", 0.6, "Parks")]
    assert features("When does the park in Kopenhagen open?", parks)["names_unknown"] == 0.0


@pytest.mark.parametrize(("question", "missing"), [("with XR-7?", 0.0), ("with XR-8?", 1.0)])
def test_a_code_counts_as_a_name(question: str, missing: float) -> None:
    pumps = [passage("The pump works with XR-7 and with XT.", 0.6, "Pumps")]
    assert features(f"Which pump works {question}", pumps)["names_unknown"] == missing


def test_a_group_of_people_must_stand_near_the_matter_it_is_asked_with() -> None:
    rules = "The allowance for parental leave is paid each month. It is paid to mothers and to fathers."
    apart = passage(rules + " The canteen is open. The garden is open. It closes at night. Volunteers water it.", 0.6)
    assert features("What is the parental leave allowance for fathers?", [apart])["people_missing"] == 0.0
    assert features("What is the parental leave allowance for volunteers?", [apart])["people_missing"] == 1.0
    assert features("What is the parental leave allowance?", [apart])["people_missing"] == 0.0


def test_a_thing_whose_existence_is_asked_must_be_named() -> None:
    office = [passage("The office has a canteen on the ground floor.", 0.5, "Office")]
    assert features("Is there a gym in the office?", office)["names_unknown"] == 1.0
    assert features("Is there a canteen in the office?", office)["names_unknown"] == 0.0


def test_rows_of_a_table_within_the_figure_asked_about_speak_for_an_answer(embedder: MiniLM) -> None:
    fleet = passage("Boat: Albatros; Quay: North; Seats: 24\nBoat: Dipper; Quay: South; Seats: 6", 0.5, "Boats")
    assert features("Which boat has room for 20 people?", [fleet], embedder)["row"] == 1.0
    assert features("Which boat has room for 40 people?", [fleet], embedder)["row"] == 0.0
    assert features("Where are 20 people told about fraud?", [fleet], embedder)["row"] == 0.0


def test_a_row_with_the_asked_column_and_all_the_rest_speaks_for_an_answer(embedder: MiniLM) -> None:
    table = passage("Boat\tCoast\tBerth fee\nAlbatros\tnorth\t40 EUR\nDipper\tsouth\t25 EUR", 0.5, "Fees")

    def row(question: str) -> float:
        return features(question, [table], embedder)["row"]

    assert row("What is the berth fee of the Dipper?") == 1.0
    assert row("What is the berth fee of the Robin?") == 0.0
    assert row("What is the difference in the berth fee between Albatros and Dipper?") == 1.0
    assert row("What is the difference in the berth fee between Albatros and Robin?") == 0.0
