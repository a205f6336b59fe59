from __future__ import annotations

import pytest

from assistant.providers.offline.wording import without_comparing


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Compare the fee in Oslo and Bergen", "what is the fee in Oslo and Bergen"),
        ("What is the difference between the fees in Oslo and Bergen?", "What is the fees in Oslo and Bergen?"),
        ("How does the fee in Oslo compare with Bergen?", "How does the fee in Oslo Bergen?"),
        ("What is the fee in Oslo?", "What is the fee in Oslo?"),
    ],
)
def test_that_things_are_compared_is_no_part_of_what_a_source_must_hold(question: str, asked: str) -> None:
    assert without_comparing(question) == asked
