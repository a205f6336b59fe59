"""The same words are shown once, and neighbouring chunks as one passage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from assistant.knowledge.arranging import Piece, arranged

RULE = "Travel by train is paid in second class; a hotel may cost {} euros a night, and meals are paid by receipt."


def _piece(version: int, number: int = 0, text: str = "", title: str = "", page: int | None = 1) -> Piece:
    return Piece(
        version, number, (page, page), "Rules", title or f"Document {'x' * version}", text or f"{version} {number}"
    )


def test_neighbours_become_one_passage_in_reading_order_at_the_place_of_the_better_one() -> None:
    pieces = {1: _piece(1, 4), 2: _piece(2), 3: _piece(1, 3)}
    assert arranged([1, 2, 3], pieces, 8) == [(3, 1), (2,)]


def test_joining_neighbours_makes_room_for_others() -> None:
    pieces = {1: _piece(1, 0), 2: _piece(1, 1), 3: _piece(2)}
    assert arranged([1, 2, 3], pieces, 2) == [(1, 2), (3,)]


def test_chunks_on_two_pages_or_under_two_headings_stay_apart() -> None:
    pages = {1: _piece(1, 0, page=1), 2: _piece(1, 1, page=2)}
    headings = {1: _piece(1, 0), 2: replace(_piece(1, 1), heading="Other rules")}
    assert arranged([1, 2], pages, 8) == arranged([1, 2], headings, 8) == [(1,), (2,)]


def test_a_passage_takes_two_chunks_at_most() -> None:
    pieces = {number: _piece(1, number) for number in range(4)}
    assert arranged([0, 1, 2, 3], pieces, 8) == [(0, 1), (2, 3)]


def test_the_same_text_in_two_documents_is_shown_once_as_long_as_there_is_other_text() -> None:
    pieces = {1: _piece(1, text="same"), 2: _piece(2, text="same"), 3: _piece(3, text="other")}
    assert arranged([1, 2, 3], pieces, 2) == [(2,), (3,)]
    assert arranged([1, 2, 3], pieces, 8) == [(2,), (3,), (1,)]


def test_of_two_editions_the_newer_is_shown_unless_the_question_names_one() -> None:
    old = _piece(2, text=RULE.format(100), title="Travel policy 2024")
    new = _piece(1, text=RULE.format(120), title="Travel policy 2026")
    assert arranged([1, 2], {1: old, 2: new}, 1) == [(2,)]
    assert arranged([1, 2], {1: replace(old, named={"2024"}), 2: new}, 2) == [(1,), (2,)]


def test_documents_of_other_titles_may_contradict_each_other() -> None:
    one = _piece(1, text=RULE.format(100), title="Travel policy")
    other = _piece(2, text=RULE.format(120), title="Staff handbook")
    assert arranged([1, 2], {1: one, 2: other}, 8) == [(1,), (2,)]


def test_what_still_holds_is_shown_before_what_ended() -> None:
    ended = replace(_piece(2, text="same"), valid_until=date(2020, 1, 1))
    assert arranged([1, 2], {1: ended, 2: _piece(1, text="same")}, 1) == [(2,)]


def test_each_edition_that_a_question_asks_for_has_its_share_of_the_places() -> None:
    old = {number: _piece(1, 2 * number, title="Tariff 2023") for number in range(4)}
    new = {number: _piece(2, 2 * number, title="Tariff 2025") for number in range(4, 8)}
    pieces = {**old, **new}
    assert arranged(range(8), pieces, 4) == [(0,), (1,), (2,), (3,)]
    asked = ["What did a berth cost in 2023 and in 2025?"]
    assert arranged(range(8), pieces, 4, asked) == [(0,), (1,), (4,), (5,)]
    assert arranged(range(8), pieces, 4, ["What does a berth cost in 2025?"]) == [(4,), (5,), (6,), (7,)]


def test_the_old_edition_stays_beside_the_new_one_where_it_is_asked_for_without_its_year() -> None:
    old = _piece(1, text=RULE.format(100), title="Travel policy 2024")
    new = _piece(2, text=RULE.format(120), title="Travel policy 2026")
    assert arranged([1, 2], {1: old, 2: new}, 2, ["Has the hotel cap changed?"]) == [(1,), (2,)]
    assert arranged([1, 2], {1: old, 2: new}, 1, ["What is the hotel cap?"]) == [(2,)]
