"""What the sentences of passages have to do with a question, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.domain import Passage
from assistant.knowledge.closeness import READ_AT_LEAST, READ_CHARACTERS, closeness, pieces
from assistant.providers.minilm import MiniLM, TokenVectors
from assistant.providers.offline.question import understand

TEXT = "The canteen opens at noon. Parking is free for guests. Dogs may come along on Fridays."
PASSAGE = Passage("c", "d", "House.md", "House", 1, "general", 0, len(TEXT), 1, ("House rules",), TEXT, 1.0, 0.5)


def near(question: str, embedder: MiniLM, *passages: Passage) -> dict[str, float]:
    asked = understand(question)
    return closeness(asked, dict.fromkeys(asked.terms, 1.0), passages or (PASSAGE,), embedder)


def test_a_question_that_a_sentence_answers_is_nearer_in_every_way_than_one_about_something_else(
    embedder: MiniLM,
) -> None:
    answered, other = near("May dogs come on Friday?", embedder), near("Who pays for the company car?", embedder)
    for name in ("second", "together", "whole"):
        assert answered[name] > other[name] + 0.1, name


def test_one_sentence_must_come_near_the_words_together(embedder: MiniLM) -> None:
    assert (
        near("When does the canteen open?", embedder)["together"] > near("Is the canteen free?", embedder)["together"]
    )


def test_a_sentence_far_down_a_long_text_is_found_by_its_words(embedder: MiniLM) -> None:
    filler = "The garden has roses and a pond with fish in it. " * 40
    long = replace(PASSAGE, text=filler + "Dogs may come along on Fridays.")
    assert len(long.text) > READ_CHARACTERS
    without = replace(PASSAGE, text=filler)
    question = "May dogs come on Friday?"
    assert near(question, embedder, long)["together"] > near(question, embedder, without)["together"] + 0.2


class Noting(MiniLM):
    """The real model, which notes what it was given."""

    def embed_tokens(self, text: str) -> TokenVectors:
        self.last = text
        return super().embed_tokens(text)


@pytest.fixture
def noting(embedder: MiniLM) -> Noting:
    return Noting(embedder._cache_dir)


def test_where_much_is_promising_nothing_else_is_read(noting: Noting) -> None:
    promising = "Dogs may come along on Fridays and stay until the evening. " * 9
    near("May dogs come on Friday?", noting, replace(PASSAGE, text=promising + "The garden has roses. " * 9))
    assert len(promising) > READ_AT_LEAST
    assert "evening" in noting.last
    assert "roses" not in noting.last


def test_where_little_is_promising_the_rest_is_read_up_to_a_length(noting: Noting) -> None:
    garden = "The garden has roses. " * 99
    near("May dogs come on Friday?", noting, replace(PASSAGE, text=f"Dogs may come along on Fridays. {garden}"))
    assert "Fridays" in noting.last
    assert READ_AT_LEAST < len(noting.last) < READ_CHARACTERS


@pytest.mark.parametrize("question", ["???", "42", "x" * 4000, "SELECT * FROM documents; --", "¿Dónde está? 東京"])
def test_odd_questions_are_compared_without_an_error(question: str, embedder: MiniLM) -> None:
    assert all(-1 <= value <= 1 for value in near(question, embedder).values())


@pytest.mark.parametrize("text", ["", " \n ", "word " * 2000, "。" * 50])
def test_odd_passages_are_compared_without_an_error(text: str, embedder: MiniLM) -> None:
    assert all(-1 <= value <= 1 for value in near("May dogs come?", embedder, replace(PASSAGE, text=text)).values())


def test_the_sentence_with_the_words_of_the_question_is_the_most_promising() -> None:
    asked = understand("Is parking free?")
    best = max(pieces(asked, dict.fromkeys(asked.terms, 1.0), [PASSAGE]), key=lambda piece: piece.worth)
    assert TEXT[slice(*best.span)] == "Parking is free for guests."
