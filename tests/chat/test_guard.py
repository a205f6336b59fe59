"""What may be asked, and how a title is kept."""

from __future__ import annotations

import pytest

from assistant.chat.guard import LONGEST_NAME, MAX_TITLE, check_choice, cleaned, title
from assistant.domain import ModelChoice
from assistant.errors import QuestionRefused


def test_blanks_around_a_question_do_not_count() -> None:
    assert cleaned("  What?\n\n", 5) == "What?"


def test_the_bound_counts_characters_after_cleaning() -> None:
    assert cleaned("  12345\0 ", 5) == "12345"
    with pytest.raises(QuestionRefused, match="6 characters, at most 5"):
        cleaned("123456", 5)


def test_signs_and_any_script_are_questions() -> None:
    for question in ("???", "休暇は何日", "🏖?"):
        assert cleaned(question, 10) == question


@pytest.mark.parametrize("text", ["", " ", "\0\0", "\u200b\u2060", "\ud83d"])
def test_what_nobody_can_see_is_no_question(text: str) -> None:
    with pytest.raises(QuestionRefused, match="no question yet"):
        cleaned(text, 10)


def test_a_title_is_one_line_of_bounded_length() -> None:
    assert title(" My\n  leave ") == "My leave"
    assert len(title("x" * 500)) == MAX_TITLE
    with pytest.raises(QuestionRefused):
        title(" \n ")


@pytest.mark.parametrize("name", ["two\nlines", "half\ud800", "nul\0", "x" * (LONGEST_NAME + 1)])
def test_what_no_provider_can_call_a_model_is_refused_before_it_is_stored(name: str) -> None:
    for choice in (ModelChoice("openai", name), ModelChoice(name)):
        with pytest.raises(QuestionRefused, match="one line of at most 200 characters"):
            check_choice(choice)
    check_choice(ModelChoice("openrouter", "vendor/model:free (a better one)"))


def test_a_key_in_place_of_a_models_id_is_refused_before_it_is_stored() -> None:
    with pytest.raises(QuestionRefused, match="looks like a key"):
        check_choice(ModelChoice("openai", "sk-proj-aB3dE5gH7jK9mN1pQ2sT4vW6"))
    check_choice(ModelChoice("openrouter", "anthropic/claude-sonnet-5.5"))
