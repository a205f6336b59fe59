from __future__ import annotations

import pytest

from assistant.providers.offline.question import understand
from assistant.providers.offline.spans import Seeker, Wanted, wanted


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many bicycles are there?", Wanted.FIGURE),
        ("When was the bridge opened?", Wanted.DATE),
        ("Who opened the bridge?", Wanted.NAME),
        ("What is the ferry called?", Wanted.NAME),
        ("What does the ferry carry?", Wanted.THING),
        ("What is the number of the harbour office? Answer with the telephone number.", Wanted.FIGURE),
        ("Which boat is the oldest? Provide only its name.", Wanted.NAME),
        ("How does the harbour keep count? State a number.", Wanted.FIGURE),
        ("Why is the ferry late?", None),
    ],
)
def test_a_question_wants_a_kind_of_words(question: str, kind: Wanted | None) -> None:
    assert wanted(understand(question)) is kind


@pytest.mark.parametrize(
    ("question", "sentence", "words"),
    [
        ("How much is a ticket?", "A ticket costs EUR 4.50 on board.", "EUR 4.50"),
        ("How long is the crossing?", "The crossing takes twenty minutes in calm weather.", "twenty minutes"),
        ("When was the ferry built?", "The ferry was built in May 1931 and rebuilt later.", "May 1931"),
        ("Who leads the harbour?", "The harbour is led by Ada Brandt since spring.", "Ada Brandt"),
        ("On which day are wages paid?", "Wages of GBP 3.50 are paid on the 27th.", "the 27th"),
        ("Who is the harbour master?", "Since May that is Ada Brandt.", "Ada Brandt"),
        ("What is the network called?", "The network is called Quay_Guest.", "Quay_Guest"),
        ("How do I reach the pilot? What is the e-mail address?", "Write to pilot@quay.example.", "pilot@quay.example"),
    ],
)
def test_the_words_that_answer_are_found(question: str, sentence: str, words: str) -> None:
    found = Seeker(understand(question)).only(sentence)
    assert found is not None
    assert sentence[found[0] : found[1]] == words


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many of the 12 bicycles are red?", "Of the 12 bicycles none is painted."[:20]),
        ("Who leads the harbour of Oslo?", "The harbour of Oslo is led by a council."),
        ("Who leads the harbour?", "Nobody leads it."),
        ("How much is a ticket?", "A ticket costs EUR 4 by day and EUR 6 at night."),
        ("What does the ferry carry?", "The ferry carries Danish cattle."),
    ],
)
def test_what_was_said_already_or_stands_among_others_is_no_answer_by_itself(question: str, sentence: str) -> None:
    assert Seeker(understand(question)).only(sentence) is None


def test_a_price_is_no_time_and_a_month_no_name() -> None:
    assert Seeker(understand("When is lunch?")).spans("Lunch costs GBP 12.30 or 12.30 EUR.") == []
    assert Seeker(understand("Who owns the rule?")).spans("The rule is read again every January and Monday.") == []
