from __future__ import annotations

import numpy as np
import pytest

from assistant.providers.offline.phrases import PLACES, Phrases

TEXTS = ["how do I reset my password", "how do I book a room", "how do I file a claim", "reset the router"]


def alike(phrases: Phrases, left: str, right: str) -> float:
    rows = phrases.of([left, right])
    return float(rows[0] @ rows[1])


def test_texts_are_alike_by_the_words_they_share() -> None:
    phrases = Phrases(TEXTS)
    assert alike(phrases, "reset my password", "Reset my password!") == pytest.approx(1.0)
    assert alike(phrases, "reset password", "book a room") < 0.05
    assert 0.1 < alike(phrases, "reset my password", "how do I reset my password") < 1


def test_order_counts_and_what_many_texts_hold_counts_little() -> None:
    phrases = Phrases(TEXTS)
    assert alike(phrases, "room book", "book room") < 0.9
    shared_rare = alike(phrases, "password please", "password now")
    assert shared_rare > alike(phrases, "how please", "how now")


@pytest.mark.parametrize("text", ["", " \n", "?!", "\U0001f600"])
def test_a_text_without_words_is_like_none(text: str) -> None:
    row = Phrases(TEXTS).of([text])
    assert row.shape == (1, PLACES)
    assert not row.any()
    assert not np.isnan(Phrases([text]).of(["reset"])).any()
