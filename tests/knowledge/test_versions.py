"""What changed between two versions is shown line by line, whatever the texts."""

from __future__ import annotations

import random

from assistant.knowledge.versions import (
    CUT,
    LINE_CHARACTERS,
    MOST_CHARACTERS,
    MOST_LINES,
    SHOWN_LINES,
    difference,
)
from assistant.library import DiffLine


def _applied(old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines taken away and added."""
    lines = difference(old, new)
    return [one.text for one in lines if one.sign == "-"], [one.text for one in lines if one.sign == "+"]


def test_equal_texts_have_no_difference() -> None:
    assert difference("one\ntwo", "one\ntwo") == []
    assert difference("", "") == []


def test_a_changed_line_stands_between_its_neighbours() -> None:
    old = "\n".join(f"Rule {n}." for n in range(20))
    new = old.replace("Rule 10.", "Rule ten.")
    assert difference(old, new) == [
        DiffLine("@", "7 equal lines left out"),
        *(DiffLine(" ", f"Rule {n}.") for n in (7, 8, 9)),
        DiffLine("-", "Rule 10."),
        DiffLine("+", "Rule ten."),
        *(DiffLine(" ", f"Rule {n}.") for n in (11, 12, 13)),
        DiffLine("@", "6 equal lines left out"),
    ]


def test_a_paragraph_that_moved_is_taken_away_and_added() -> None:
    assert _applied("a\nb\nc\nd\ne", "d\na\nb\nc\ne") == (["d"], ["d"])


def test_lines_that_stand_often_are_compared_too() -> None:
    assert _applied("x\nx\nx", "x\nx") == (["x"], [])


def test_any_change_leads_from_the_old_text_to_the_new_one() -> None:
    dice = random.Random(7)  # noqa: S311  # a test's dice
    for _ in range(300):
        old = [dice.choice("abcdefg") for _ in range(dice.randrange(12))]
        new = [dice.choice("abcdefg") for _ in range(dice.randrange(12))]
        lines = difference("\n".join(old), "\n".join(new))
        if old == new:
            assert lines == []
        elif not any(line.sign == "@" for line in lines):
            assert [line.text for line in lines if line.sign != "+"] == old
            assert [line.text for line in lines if line.sign != "-"] == new


def test_long_texts_with_the_same_lines_again_and_again_are_cut_not_waited_for() -> None:
    old = "\n".join(f"row {n % 100}" for n in range(20_000))
    new = "\n".join(f"row {n * 7 % 100}" for n in range(20_000))
    lines = difference(old, new)
    assert len(lines) == SHOWN_LINES + 1
    assert lines[-1] == DiffLine("@", CUT)


def test_only_the_beginnings_of_very_long_texts_are_compared_and_that_is_told() -> None:
    old = "\n".join("a" for _ in range(MOST_LINES + 10))
    assert difference(old, old + "\nmore") == [DiffLine("@", CUT)]
    assert difference("x" * MOST_CHARACTERS, "y")[-1] == DiffLine("@", CUT)


def test_a_line_without_end_is_shown_by_its_beginning() -> None:
    lines = difference("x" * 100_000, "y" * 100_000)
    assert [(line.sign, len(line.text)) for line in lines] == [("-", LINE_CHARACTERS), ("+", LINE_CHARACTERS)]


def test_thorough_comparisons_have_one_budget_for_the_whole_text() -> None:
    dice = random.Random(7)  # noqa: S311  # a test's dice
    side = [[f"mark {n // 200}" if n % 200 == 0 else dice.choice("ab") for n in range(49_800)] for _ in range(2)]
    lines = difference("\n".join(side[0]), "\n".join(side[1]))
    assert len(lines) == SHOWN_LINES + 1
