from __future__ import annotations

from collections.abc import Callable

import pytest

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


def test_a_difference_is_seen_however_sure_the_first_document_is(ask: Ask) -> None:
    notice = ("Notice.md", "Kiosk", "The kiosk in Sand Bay is open from 11:30 to 14:00 on working days.")
    others = [
        (f"Bay {n}.md", "Bay", f"The bay has {n} berths. Boats moor at the north quay of the bay.") for n in "345"
    ]
    news = ("News.md", "Kiosk", "The kiosk in Sand Bay is open from 12:00 to 14:30 on working days.")
    assert ask("When is the kiosk in Sand Bay open?", notice, *others, news).startswith(DIFFERENT)


def test_documents_that_agree_are_no_conflict(ask: Ask) -> None:
    again = ("Reception.md", "Fees", "The fee for a lost badge is 10 EUR, cash only.")
    assert DIFFERENT not in ask(QUESTION, FEES, again)


def test_a_price_elsewhere_and_a_rule_for_others_are_no_conflict(ask: Ask) -> None:
    oslo = ("Oslo.md", "Lunch", "The lunch in the canteen in Oslo costs EUR 7.")
    rome = ("Rome.md", "Lunch", "The lunch in the canteen in Rome costs EUR 5.")
    guests = ("Guests.md", "Lunch", "The lunch in the canteen in Oslo costs visitors EUR 11.")
    assert DIFFERENT not in ask("How much is the lunch in the canteen in Oslo?", oslo, rome)
    assert DIFFERENT not in ask("How much is the lunch in the canteen in Oslo?", oslo, guests)


@pytest.mark.parametrize(
    ("question", "one", "other", "bold"),
    [
        (
            "When is the boat shed open?",
            "The boat shed is open from 08:00 to 17:30, Monday to Friday.",
            "The boat shed is open from 9 am to 6 pm, Monday to Friday.",
            ("**08:00 to 17:30**", "**9 am to 6 pm**"),
        ),
        (
            "On which days is the boat shed open?",
            "The boat shed is open Monday to Friday from 08:00 to 17:00.",
            "The boat shed is open Monday to Saturday from 8:00 to 17:00.",
            ("**Monday to Friday**", "**Monday to Saturday**"),
        ),
        (
            "Is the boat shed open on Saturdays?",
            "The boat shed is open Monday to Friday from 08:00 to 17:00.",
            "The boat shed is open Monday to Saturday from 8:00 to 17:00.",
            ("**Monday to Friday**", "**Monday to Saturday**"),
        ),
        (
            "Who looks after the boat shed?",
            "The boat shed is looked after by Ada Brandt.",
            "The boat shed is looked after by Nils Moen.",
            ("**Ada Brandt**", "**Nils Moen**"),
        ),
        (
            "What percentage of the fare do members save?",
            "Members save 10 per cent of the fare on 2 trips a month.",
            "Members save 15% of the fare on two trips a month.",
            ("**10 per cent**", "**15%**"),
        ),
        (
            "What is the deposit for a boat?",
            "The deposit for a boat is 40 euros.",
            "The deposit for a boat is EUR 50.",
            ("**40 euros**", "**EUR 50**"),
        ),
        (
            "What is the phone number of the boat shed?",
            "The phone number of the boat shed is +47 55 12 30 10.",
            "The phone number of the boat shed is +47 55 12 30 99.",
            ("**+47 55 12 30 10**", "**+47 55 12 30 99**"),
        ),
    ],
)
def test_other_times_days_names_and_shares_are_shown_side_by_side(
    question: str, one: str, other: str, bold: tuple[str, str], written: Ask
) -> None:
    said = written(question, ("Harbour guide.md", "Boat shed", one), ("Welcome.md", "Boat shed", other))
    assert said.startswith(DIFFERENT)
    assert all(part in said for part in bold)


def test_a_yes_and_a_no_of_the_same_thing_are_a_conflict(ask: Ask) -> None:
    yes = ("Welcome.md", "Dogs", "Dogs are allowed on the ferry in the morning.")
    no = ("Rules.md", "Dogs", "Dogs are not allowed on the ferry in the morning.")
    assert ask("Are dogs allowed on the ferry?", yes, no).startswith(DIFFERENT)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("When does the office open?", "The office opens at 08:00 every day.", "The office opens at 8 am every day."),
        ("How long may I keep a boat?", "A boat may be kept for two weeks.", "A boat may be kept for 14 days."),
        ("What is the deposit for a boat?", "The deposit for a boat is 40 euros.", "The deposit for a boat is EUR 40."),
        ("What is the share of members?", "The share of members is ten percent.", "The share of members is 10 %."),
        (
            "How long is the trip?",
            "The trip takes 40 minutes in a boat of 12 seats.",
            "The trip takes 55 minutes in a boat of 30 seats.",
        ),
        (
            "When is the boat shed open?",
            "The boat shed is open on Monday from 08:00 to 12:00.",
            "The boat shed is open on Friday from 10:00 to 17:00.",
        ),
        (
            "What is the weekly deposit for a rowing boat?",
            "The weekly deposit at the shed for a rowing boat is 40 euros.",
            "The weekly deposit at the shed for a sailing boat is 90 euros.",
        ),
    ],
)
def test_the_same_in_other_words_and_other_things_are_no_conflict(
    question: str, one: str, other: str, ask: Ask
) -> None:
    assert DIFFERENT not in ask(question, ("Harbour.md", "Shed", one), ("Welcome.md", "Shed", other))


def test_a_place_in_the_name_of_a_document_counts_as_named(ask: Ask) -> None:
    bergen = ("Guide to Bergen.md", "Shed", "The boat shed is open from 08:00 to 17:00.")
    oslo = ("Guide to Oslo.md", "Shed", "The boat shed is open from 09:00 to 18:00.")
    other = ("Welcome.md", "Shed", "The boat shed in Bergen is open from 09:00 to 18:00.")
    question = "When is the boat shed in Bergen open?"
    assert DIFFERENT not in ask(question, bergen, oslo)
    assert ask(question, other, bergen).startswith(DIFFERENT)


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
