"""What the offline model says where nothing is to be quoted."""

from __future__ import annotations

from assistant.providers.offline.talk import REPEATED, general


def test_an_unclear_word_is_asked_back_about() -> None:
    assert general("vacation").startswith('What would you like to know about "vacation"?')


def test_of_a_page_of_signs_only_the_beginning_is_said_again() -> None:
    assert len(general("x" * 4000)) < REPEATED + 200
    assert len(general("1 " * 2000)) < REPEATED + 200
