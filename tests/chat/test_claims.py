"""An answer is cut into sentences while it streams, and only those that state something are looked up."""

from __future__ import annotations

import pytest

from assistant.chat.claims import LONGEST, Sentence, Sentences, states, words_of

ANSWER = """Hi! Full-time employees get 27 days of leave. [1] Up to 5 days **carry over.** [2] Ask Mr. Smith, e.g. here.

## Steps
Here are the steps:
1. Open the portal. [1]
2. Choose **Annual leave** and send.

**Eligibility**
A paragraph that is wrapped
goes on here. Next one.

| City | Cap |
|---|---|
| Vienna | 155 euros [1] |

```python
leave = "Employees get 40 days."
```
The sources say nothing about Oslo. Which site do you mean?
The last has no end"""


def cut(text: str, size: int | None = None) -> list[Sentence]:
    reader, step = Sentences(), size or len(text)
    found = [one for at in range(0, len(text), step) for one in reader.feed(text[at : at + step])]
    found += reader.finish()
    assert reader.decided == len(text)
    return found


def test_the_sentences_that_state_something() -> None:
    assert [ANSWER[one.start : one.end] for one in cut(ANSWER) if one.states] == [
        "Full-time employees get 27 days of leave. [1]",
        "Up to 5 days **carry over.** [2]",
        "Ask Mr. Smith, e.g. here.",
        "1. Open the portal. [1]",
        "2. Choose **Annual leave** and send.",
        "A paragraph that is wrapped\ngoes on here.",
        "Next one.",
        "| Vienna | 155 euros [1] |",
        "The last has no end",
    ]


def test_markers_belong_to_the_sentence_before_them_and_are_not_its_words() -> None:
    first = next(one for one in cut(ANSWER) if one.states)
    assert (first.text, first.cited) == ("Full-time employees get 27 days of leave.", (1,))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 19])
def test_pieces_of_any_size_give_the_same_sentences(size: int) -> None:
    assert cut(ANSWER, size) == cut(ANSWER)


def test_a_sentence_comes_out_as_soon_as_the_next_word_is_whole() -> None:
    reader = Sentences()
    assert reader.feed("Leave is 27 days. [1] Up") == []
    assert [one.text for one in reader.feed(" to")] == ["Leave is 27 days."]


@pytest.mark.parametrize(
    "text",
    [
        "Which site do you mean?",
        "Here is how it is done:",
        "Yes.",
        "I hope this helps.",
        "Let me look that up.",
        "The documents do not say who approves it.",
        "Parking is not mentioned in the sources.",
        "The canteen's prices are missing.",
        "There is no information about parking.",
        "The knowledge base does not answer this.",
    ],
)
def test_what_needs_no_source(text: str) -> None:
    assert not states(text)


@pytest.mark.parametrize(
    "text",
    [
        "Employees get 27 days.",
        "Documents may not be removed from the office.",
        "The sources do not say it, but employees get 40 days.",
        "Sure, contractors get paid leave.",
        "Certainly! Contractors get paid leave.",
        "I do not have doubts that contractors get paid leave.",
        "Ask your manager first.",
        "I can confirm that employees get 40 days.",
        "The knowledge base holds 40 recipes.",
    ],
)
def test_what_needs_one(text: str) -> None:
    assert states(text)


def test_a_sentence_with_a_marker_always_needs_it() -> None:
    assert states("I hope that employees get 40 days.", cited=True)


def test_code_that_never_ends_states_nothing() -> None:
    assert cut("```\nEmployees get 40 days.\n") == []


def test_a_sentence_that_never_ends_is_taken_in_parts() -> None:
    assert max(one.end - one.start for one in cut("word " * LONGEST, 5)) <= LONGEST + 5


def test_the_words_of_a_sentence_are_told_without_the_signs_around_them() -> None:
    text = "- **Ask first.** [1]\n\n| Vienna | 155 euros [2] |"
    assert words_of(text, 0, 20) == "Ask first.**".removesuffix("**")
    assert words_of(text, 22, len(text)) == "Vienna | 155 euros"


def test_the_words_of_a_sentence_are_told_without_the_stars_within() -> None:
    text = "* Every employee has **27 working days** of leave. [1]"
    assert words_of(text, 0, len(text)) == "Every employee has 27 working days of leave."
    assert words_of("**Guests** get 2 * 3 of `a*b`.", 0, 30) == "Guests get 2 * 3 of `a*b`."
