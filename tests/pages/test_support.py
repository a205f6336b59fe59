"""What stands behind the sentences of an answer, and what is told of a source."""

from __future__ import annotations

from datetime import UTC, datetime

from assistant.chat.checking import NOTE
from assistant.domain import Support, Turn, TurnStatus
from pages.components.support import MARK, notes, supporting

ANSWER = "Leave is 27 days. [1] It carries over. It is sold."
SUPPORT = (
    Support(0, 21, 1.0, 1, found=True, verbatim=True),
    Support(22, 38, 0.8, 2, found=True),
    Support(39, 50, 0.2, None, found=False),
)


def test_a_sentence_that_is_not_found_is_marked_and_one_without_a_marker_is_given_its_source() -> None:
    assert notes(ANSWER, SUPPORT) == {38: ":blue-badge[2]", 50: MARK}


def test_a_note_in_place_of_a_sentence_is_not_marked_too() -> None:
    assert notes(NOTE, (Support(0, len(NOTE), 0.0, None, found=False),)) == {}


def test_the_mark_says_it_in_words() -> None:
    assert "not found in the sources" in MARK


def test_a_source_tells_what_it_bears_out_and_how_well() -> None:
    turn = Turn("t", "c", 1, "?", TurnStatus.COMPLETE, ANSWER, datetime.now(UTC), support=SUPPORT)
    assert supporting(turn, 1) == ["\u201cLeave is 27 days.\u201d :gray[word for word]"]
    assert supporting(turn, 2) == ["\u201cIt carries over.\u201d :gray[score 0.80]"]
