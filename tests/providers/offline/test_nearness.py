from __future__ import annotations

import pytest

from assistant.providers.minilm import MiniLM
from assistant.providers.offline.nearness import READ_CHARACTERS, nearness

QUESTION = "When does the swimming pool open?"
POOL = "The pool opens at nine in summer."
CANTEEN = "Soup is served with bread on Fridays."


def test_the_piece_that_speaks_of_what_is_asked_is_nearer(embedder: MiniLM) -> None:
    pool, canteen = nearness(QUESTION, "Town", [POOL, CANTEEN], embedder)
    assert pool.similarity > canteen.similarity
    assert pool.words > canteen.words


def test_words_of_the_heading_count_for_the_pieces_under_it(embedder: MiniLM) -> None:
    (under_pool,) = nearness(QUESTION, "Swimming pool", ["It opens at nine in summer."], embedder)
    (under_park,) = nearness(QUESTION, "Car park", ["It opens at nine in summer."], embedder)
    assert under_pool.words > under_park.words


def test_all_pieces_of_a_passage_tell_how_near_it_comes(embedder: MiniLM) -> None:
    found = nearness(QUESTION, "Town", [CANTEEN, POOL], embedder)
    assert found[0].passage == found[1].passage
    assert found[0].passage >= max(one.words for one in found)


@pytest.mark.parametrize("length", [1, READ_CHARACTERS // len(CANTEEN) + 1, 2 * READ_CHARACTERS // len(CANTEEN) + 2])
def test_every_piece_of_a_long_passage_is_read(length: int, embedder: MiniLM) -> None:
    found = nearness(QUESTION, "Town", [*[CANTEEN] * length, POOL], embedder)
    assert len(found) == length + 1
    assert max(found, key=lambda one: one.similarity) is found[-1]


def test_a_piece_without_words_is_near_to_nothing(embedder: MiniLM) -> None:
    (found,) = nearness(QUESTION, "", [""], embedder)
    assert found.similarity == 0.0
    assert found.words == 0.0
