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


BOATS = (
    "Fleet.xlsx",
    "Boats",
    "Boats\n\nBoat: Albatros; Quay: North; Seats: 24; Extras: Heater, radar; Price EUR: 310; Delivery time: 3 weeks\n"
    "Boat: Cormorant; Quay: South; Seats: 12; Extras: Heater; Price EUR: 180; Delivery time: 1 week\n"
    "Boat: Dipper; Quay: South; Seats: 6; Extras: none; Price EUR: 90; Delivery time: 2 days",
)
SERVICE = (
    "Boat service.md",
    "Service",
    "Service\n\nSpare parts for the Cormorant are kept for ten years. Each Cormorant is painted every 4 years. "
    "A boat of the class Touring is handed over after 15 days.",
)
CLASSES = (
    "Fleet.xlsx",
    "Who sails what",
    "Who sails what\n\nGroup: Guide; Boat: Cormorant; Radio: yes\nGroup: Cook; Boat: Dipper; Radio: no",
)


def test_the_asked_cell_of_a_row_is_in_bold(written: Ask) -> None:
    assert "Delivery time: **1 week**" in written("What is the delivery time of the Cormorant?", BOATS)
    assert "Mooring buoy (EUR): **12**" in written("How much is a mooring buoy in Sand Bay?", BERTHS)


def test_who_asks_what_a_thing_costs_gets_the_row_with_its_price(ask: Ask) -> None:
    assert ask("How much does the Cormorant cost?", SERVICE, BOATS).startswith("Boat: Cormorant; Quay: South")


def test_the_row_that_has_the_asked_column_comes_before_prose_with_the_same_words(ask: Ask) -> None:
    manual = ("Guides.md", "Guides", "A guide checks the boat in the morning. The guide moors the boat in the evening.")
    assert ask("Which boat does a guide get?", manual, CLASSES) == "Group: Guide; Boat: Cormorant; Radio: yes [2]"


def test_rows_that_hold_no_more_than_the_tables_own_subject_stay_out(ask: Ask) -> None:
    classes = (
        "Fleet.xlsx",
        "Boats",
        "Boats\n\nNumber: B1; Class: Touring; Length: 9 m\nNumber: B2; Class: Loan boat; Length: 7 m",
    )
    assert ask("Which boat has the class Touring?", classes) == "Number: B1; Class: Touring; Length: 9 m [1]"


def test_rows_within_a_bound_are_all_told(ask: Ask) -> None:
    assert ask("Which boats have at least 12 seats?", SERVICE, BOATS).count("Boat:") == 2
    assert ask("Which boat has room for 20 people?", BOATS).startswith("Boat: Albatros")
    assert ask("Which boats are cheaper than EUR 100?", BOATS).startswith("Boat: Dipper")
    assert "Dipper" not in ask("Which boats at the quay South have more than 10 seats?", BOATS)


def test_of_rows_with_ranges_all_are_told_that_reach_beyond_the_amount(ask: Ask) -> None:
    repairs = (
        "Repairs.pdf",
        "Who agrees",
        "Who agrees\n\nCost of repair: Up to EUR 500; Agreed by: Skipper\n"
        "Cost of repair: EUR 500.01 to EUR 3,000; Agreed by: Harbour master\n"
        "Cost of repair: Above EUR 3,000; Agreed by: Owner",
    )
    beyond = ask("Who agrees to repairs above 2,000 euros?", repairs)
    assert "Harbour master" in beyond
    assert "Owner" in beyond
    assert "Skipper" not in beyond
    assert ask("Who agrees to a repair of 2,000 euros?", repairs).endswith("Agreed by: Harbour master [1]")


def test_a_number_that_names_a_thing_is_no_bound(ask: Ask) -> None:
    scales = ("Scales.xlsx", "Scales", "Scales\n\nScale: Robin 200; Price EUR: 90\nScale: Wren 500; Price EUR: 400")
    assert ask("How much is the Robin 200?", scales) == "Scale: Robin 200; Price EUR: 90 [1]"


def test_a_row_that_says_neither_yes_nor_no_does_not_answer_whether(ask: Ask) -> None:
    desk = (
        "Fleet.pdf",
        "Questions",
        "Subject\tContact\tExtension\nSailing at night\tAda Brandt\t431\nFuel\tBo Reed\t432",
    )
    night = ("Rules.md", "At night", "At night\n\nBoats may sail at night with two lamps.")
    assert ask("Is sailing at night allowed?", desk, night).startswith("Boats may sail at night")


def test_things_of_one_table_are_told_together_though_it_goes_on_in_another_passage(ask: Ask) -> None:
    rest = ("Harbours.pdf", "Berths", "Harbour\tCoast\tBerth (EUR)\tMooring buoy (EUR)\nWhite Cliff\tsouth\t33\t14")
    said = ask("What is the berth for Old Town and White Cliff?", BERTHS, rest)
    assert ("Old Town" in said, "White Cliff" in said, "Sand Bay" in said) == (True, True, False)


def test_rows_of_other_tables_stay_out(ask: Ask) -> None:
    terms = (
        "Fleet.xlsx",
        "Terms",
        "Terms\n\nSubject: Delivery; Term: Boats are delivered within 3 weeks of 1 payment.",
    )
    assert "Term:" not in ask("Which boats have a delivery time of 1 week?", BOATS, terms)


def test_the_name_of_a_column_does_not_tell_one_row_from_another(ask: Ask) -> None:
    repairs = (
        "Repairs.pdf",
        "Repairs",
        "Repair\tFixed price (EUR)\tFixed price (GBP)\nCost estimate for a repair\t95\t85\n"
        "Robin, exchange of the sail\t640\t560",
    )
    assert ask("What does the exchange of the sail of a Robin cost?", repairs).startswith("Repair: Robin")


def test_a_table_of_properties_is_read_by_row_and_column(written: Ask) -> None:
    sheet = (
        "Robin.pdf",
        "Sailing",
        "Sailing\nThe Robin 200 is the cruiser; the Robin 90 is the racer with a finer draught.\n"
        "Property\tRobin 200\tRobin 90\nLength\t9 m\t7 m\nDraught\t1.2 m\t0.9 m",
    )
    assert written("What is the draught of the Robin 90?", sheet) == (
        "Property: Draught; Robin 200: 1.2 m; Robin 90: **0.9 m** [1]"
    )


def test_the_highest_and_the_lowest_figure_of_a_column_are_picked_out(ask: Ask) -> None:
    assert ask("Which harbour has the cheapest berth?", BERTHS).startswith("Harbour: Other harbours")
    assert ask("Which harbour has the highest mooring buoy fee?", BERTHS).startswith("Harbour: Old Town")


def test_no_cell_is_in_bold_where_two_columns_may_be_meant(written: Ask) -> None:
    cover = (
        "Cover.pdf",
        "Cover",
        "Boat\tStandard cover\tWith papers\nRobin\t36 months\t48 months\nWren\t12 months\t18 months",
    )
    assert "**" not in written("What is the cover for the Robin with papers?", cover)
