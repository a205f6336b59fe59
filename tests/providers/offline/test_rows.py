"""Answers from tables."""

from __future__ import annotations

from collections.abc import Callable

Ask = Callable[..., str]

BERTHS = (
    "Harbours.pdf",
    "Berths",
    "Berths\nA berth is paid by the night.\nHarbour\tCoast\tBerth (EUR)\tMooring buoy (EUR)\n"
    "Old Town\tnorth\t40\t15\nSand Bay\tsouth\t25\t12\nOther harbours\t\t20\t10",
)


def test_a_row_of_a_pdf_is_told_with_the_names_of_its_columns(ask: Ask) -> None:
    assert ask("What does a mooring buoy cost in Sand Bay?", BERTHS) == (
        "Harbour: Sand Bay; Coast: south; Berth (EUR): 25; Mooring buoy (EUR): 12 [1]"
    )
