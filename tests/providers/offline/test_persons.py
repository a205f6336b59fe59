from __future__ import annotations

import pytest

from assistant.providers.offline.persons import last_named, name_in


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Is Anna Berger the head of finance?", "Anna Berger"),
        ("The head of finance is Jan van der Meer, room 12.", "Jan van der Meer"),
        ("Who approves trips to New York?", ""),
        ("See the Travel Policy.", ""),
        ("the head of finance", ""),
        ("WHO IS ANNA BERGER", ""),
    ],
)
def test_a_name_is_two_words_in_capitals_that_are_no_place_and_no_document(text: str, name: str) -> None:
    assert name_in(text) == name


def test_whom_the_person_named_goes_before_whom_an_answer_names() -> None:
    told = ["Anna Berger signs, and in her absence Carl Olsen."]
    assert last_named(["Does Eva Lind sign?", "Where is the form?"], told) == "Eva Lind"
    assert last_named(["Who signs?"], told) == "Anna Berger"
    assert last_named([], []) == ""
