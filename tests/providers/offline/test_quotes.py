from __future__ import annotations

import pytest

from assistant.providers.offline.quotes import Quote


def test_the_answering_words_stand_between_stars() -> None:
    assert Quote(1, "A ticket costs EUR 4.50.", bold=(15, 23)).write() == "A ticket costs **EUR 4.50**. [1]"


@pytest.mark.parametrize(
    "text", ["A *ticket* costs EUR 4.50.", "`fare` is EUR 4.50.", "See [the list](x): EUR 4.50.", "a _b_ EUR 4.50"]
)
def test_nothing_is_in_bold_beside_signs_that_are_markdown(text: str) -> None:
    start = text.index("EUR")
    assert "**" not in Quote(1, text, bold=(start, start + 8)).write()


def test_no_star_stands_inside_a_word() -> None:
    assert Quote(1, "Room A12b is free.", bold=(6, 8)).write() == "Room A12b is free. [1]"
