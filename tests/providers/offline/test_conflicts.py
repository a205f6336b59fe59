from __future__ import annotations

from collections.abc import Callable

from assistant.chat.quotes import locate
from assistant.domain import Passage
from assistant.providers.passages import DIFFERENT

Ask = Callable[..., str]

FEES = ("Fees.pdf", "Fees", "The fee for a lost badge is 10 EUR. It is taken from the salary.")
PRICES = ("Price list 2026.pdf", "Fees", "The fee for a lost badge is 15 EUR. Keep it dry.")
RECEPTION = ("Reception.md", "Fees", "Updated 2024-05-01. The fee for a lost badge is 12 EUR.")
QUESTION = "What is the fee for a lost badge?"


def test_two_documents_that_differ_are_shown_side_by_side(written: Ask) -> None:
    assert written(QUESTION, FEES, PRICES) == (
        f"{DIFFERENT}\n\n- Fees.pdf:\n  The fee for a lost badge is **10 EUR**. [1]\n"
        "- Price list 2026.pdf:\n  The fee for a lost badge is **15 EUR**. [2]"
    )


def test_the_newer_of_two_dated_documents_is_marked(written: Ask) -> None:
    said = written(QUESTION, RECEPTION, PRICES)
    assert "- Price list 2026.pdf, newer:\n  The fee for a lost badge is **15 EUR**. [2]" in said
    assert "- Reception.md, 2024-05-01:\n  The fee for a lost badge is **12 EUR**. [1]" in said


def test_a_year_and_a_month_of_it_are_not_told_apart(written: Ask) -> None:
    month = ("Reception.md", "Fees", "Updated 2026-05. The fee for a lost badge is 12 EUR.")
    assert "newer" not in written(QUESTION, month, PRICES)


def test_documents_that_agree_are_no_conflict(ask: Ask) -> None:
    again = ("Reception.md", "Fees", "The fee for a lost badge is 10 EUR, cash only.")
    assert DIFFERENT not in ask(QUESTION, FEES, again)


def test_a_price_elsewhere_and_a_rule_for_others_are_no_conflict(ask: Ask) -> None:
    oslo = ("Oslo.md", "Lunch", "The lunch in the canteen in Oslo costs EUR 7.")
    rome = ("Rome.md", "Lunch", "The lunch in the canteen in Rome costs EUR 5.")
    guests = ("Guests.md", "Lunch", "The lunch in the canteen in Oslo costs visitors EUR 11.")
    assert DIFFERENT not in ask("How much is the lunch in the canteen in Oslo?", oslo, rome)
    assert DIFFERENT not in ask("How much is the lunch in the canteen in Oslo?", oslo, guests)


def test_a_document_that_says_it_is_superseded_contradicts_nothing(ask: Ask) -> None:
    over = ("Old fees.pdf", "Fees", "This list is superseded by the list of March. The fee for a lost badge is 9 EUR.")
    assert DIFFERENT not in ask(QUESTION, FEES, over)


def test_a_side_is_quoted_verbatim_under_its_name(written: Ask) -> None:
    line = written(QUESTION, FEES, PRICES).split("\n\n")[1].split(" [1]")[0]
    found = locate(line, _passage(FEES[2]))
    assert found is not None
    assert FEES[2][found.start : found.end] == "The fee for a lost badge is 10 EUR."


def test_the_name_of_a_document_is_no_markdown(written: Ask) -> None:
    said = written(QUESTION, ("**Fees** [1](x).pdf", "Fees", FEES[2]), PRICES)
    assert "- Fees 1 (x).pdf:\n" in said


def _passage(text: str) -> Passage:
    return Passage(
        chunk_id="d:1:0",
        document_id="d",
        document="Fees.pdf",
        title="Fees",
        version=1,
        space="general",
        start=0,
        end=len(text),
        page=None,
        heading_path=(),
        text=text,
        score=1.0,
        similarity=1.0,
    )
