from __future__ import annotations

from assistant.table_rows import table_rows


def written(*lines: str) -> list[str]:
    return [row.written() for row in table_rows("\n".join(lines)) if not row.heads]


def test_each_cell_is_written_behind_the_name_of_its_column() -> None:
    assert written("Harbour\tOpen\tBerth (EUR)", "Old Town\tall year\t40") == [
        "Harbour: Old Town; Open: all year; Berth (EUR): 40"
    ]


def test_an_empty_cell_is_left_out_and_shifts_no_other() -> None:
    assert written("Harbour\tOpen\tBerth", "Sand Bay\t\t25") == ["Harbour: Sand Bay; Berth: 25"]


def test_where_the_first_column_has_no_name_its_cell_stands_alone() -> None:
    assert written("2025\t2026", "Net income\t$\t12\t$\t15", "Costs\t9\t8") == [
        "Net income; 2025: $12; 2026: $15",
        "Costs; 2025: 9; 2026: 8",
    ]


def test_pairs_of_name_and_value_are_no_table_with_a_header() -> None:
    lines = ("Owner\tAda Brandt", "Version\t4.2", "Valid from\t1 March 2026")
    assert written(*lines) == ["Owner: Ada Brandt", "Version: 4.2", "Valid from: 1 March 2026"]


def test_two_columns_have_a_header_where_all_below_are_figures() -> None:
    assert written("Harbour\tBerths", "Old Town\t40", "Sand Bay\t25")[0] == "Harbour: Old Town; Berths: 40"


def test_a_header_repeated_on_the_next_page_names_the_rows_before_it_too() -> None:
    lines = ("Old Town\tnorth\t40", "Harbour\tCoast\tBerths", "Sand Bay\tsouth\t25")
    assert written(*lines) == [
        "Harbour: Old Town; Coast: north; Berths: 40",
        "Harbour: Sand Bay; Coast: south; Berths: 25",
    ]


def test_a_table_that_begins_with_figures_has_no_names() -> None:
    assert written("Old Town\t12\t40", "Sand Bay\t11\t25") == ["Old Town | 12 | 40", "Sand Bay | 11 | 25"]


def test_lines_in_small_letters_go_on_with_the_row_above() -> None:
    assert written("Harbour\tRule\tFine", "Old Town\tno\tas the harbour", "master decides")[0].endswith(
        "Fine: as the harbour master decides"
    )
