from __future__ import annotations

import pytest

from assistant.providers.offline.leaning import in_english, leans


@pytest.mark.parametrize(
    "asked",
    [
        "Where can I get those?",
        "Does he approve trips too?",
        "Is there another form?",
        "And the same for the Graz site?",
        "Exceptions",
        "cheaper hotels, please",
        "tell me more",
    ],
)
def test_a_question_leans_when_it_points_back_or_is_a_mere_phrase(asked: str) -> None:
    assert leans(asked)


@pytest.mark.parametrize(
    "asked",
    [
        "How do I report a lost laptop?",
        "Is there a canteen in Graz?",
        "Is it allowed to park in the yard?",
        "What is the IT support number?",
        "I think that the printer is broken",
        "Thanks, that sounds good.",
        "ok, nice one",
    ],
)
def test_a_question_with_its_own_subject_and_small_talk_do_not_lean(asked: str) -> None:
    assert not leans(asked)


def test_a_long_story_tells_what_it_points_back_to() -> None:
    assert not leans("My laptop broke on the train and " + "I carried it home and " * 8 + "what do I do with it now?")


@pytest.mark.parametrize(
    "asked",
    [
        "Wie viele Tage sind das?",
        "¿Y cuántos días para los contratistas?",
        "Et pour les stagiaires ?",
        "それはいくらですか",
        "मेरी छुट्टी?",
    ],
)
def test_another_language_is_told_from_english(asked: str) -> None:
    assert not in_english(asked)
    assert not leans(asked)


@pytest.mark.parametrize("asked", ["Leeds?", "and for contractors?", "résumé template", "42", ""])
def test_what_is_too_short_to_tell_counts_as_english(asked: str) -> None:
    assert in_english(asked)
