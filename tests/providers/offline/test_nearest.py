from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.providers.offline import nearest
from assistant.providers.offline.nearest import NearestLabels, with_names


def unit(rows: list[list[float]]) -> NDArray[np.float32]:
    vectors = np.array(rows, dtype=np.float32)
    normed: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


EXAMPLES = unit([[1, 0, 0.1], [1, 0.2, 0], [0, 1, 0.1], [0.1, 1, 0]])
LABELS = [("a", "leave"), ("b", "leave"), ("c", "travel"), ("d", "travel")]


def clouds(labels: int, each: int, spread: float = 0.1) -> tuple[list[tuple[str, str]], NDArray[np.float32]]:
    """Examples around a middle for each label."""
    random = np.random.default_rng(3)
    middles = random.normal(size=(labels, 16))
    places = [n % labels for n in range(labels * each)]
    vectors = [(middles[place] + spread * random.normal(size=16)).tolist() for place in places]
    return [("", str(place)) for place in places], unit(vectors)


def test_a_vector_takes_the_label_of_its_neighbours() -> None:
    guesses = [NearestLabels(LABELS, EXAMPLES).guess("", vector) for vector in unit([[1, 0, 0.1], [0, 1, 0.1]])]
    assert [guess.label for guess in guesses] == ["leave", "travel"]
    assert [guess.nearest for guess in guesses] == [0, 2]


def test_words_decide_where_meanings_are_alike() -> None:
    texts = ["freeze my account", "freeze the account", "what is my balance", "what is the balance"]
    examples = [(text, label) for text, label in zip(texts, ["freeze", "freeze", "balance", "balance"], strict=True)]
    classifier = NearestLabels(examples, unit([[1, 0.1], [0.1, 1], [1, 0.1], [0.1, 1]]))
    between = unit([[1, 1]])[0]
    assert classifier.guess("please freeze my account", between).label == "freeze"
    assert classifier.guess("my balance please", between).label == "balance"


def test_the_choice_is_unsure_between_labels() -> None:
    classifier = NearestLabels(*clouds(4, 20))
    middles = [classifier._vectors[n::4].mean(axis=0) for n in range(4)]
    clear, between = (classifier.guess("", unit([row.tolist()])[0]) for row in (middles[0], middles[0] + middles[1]))
    assert clear.choice > 0.9
    assert between.choice < clear.choice - 0.2


def test_confidence_falls_with_the_distance_to_all_examples() -> None:
    examples, vectors = clouds(12, 10)
    classifier = NearestLabels(examples, vectors)
    near = [classifier.guess("", vector).confidence for vector in vectors]
    random = np.random.default_rng(8)
    far = [classifier.guess("", vector).confidence for vector in unit(random.normal(size=(50, 16)).tolist())]
    assert min(near) > 0.8
    assert np.median(far) < 0.5


def test_confidence_is_the_share_that_is_right() -> None:
    examples, vectors = clouds(12, 40, spread=1.4)
    known, asked = slice(None, 240), slice(240, None)
    classifier = NearestLabels(examples[known], vectors[known])
    guesses = [classifier.guess("", vector) for vector in vectors[asked]]
    right = np.mean([guess.label == label for guess, (_, label) in zip(guesses, examples[asked], strict=True)])
    assert 0.6 < right < 0.95
    for told in ([guess.confidence for guess in guesses], [guess.choice for guess in guesses]):
        assert abs(np.mean(told) - right) < 0.08


def test_a_large_set_votes_by_a_part_of_its_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    examples, vectors = clouds(4, 100)
    monkeypatch.setattr(nearest, "LANDMARKS", 60)
    monkeypatch.setattr(nearest, "BLOCK", 150)
    classifier = NearestLabels(examples, vectors)
    guesses = [classifier.guess("", vector) for vector in vectors[:4]]
    assert [guess.label for guess in guesses] == ["0", "1", "2", "3"]
    assert min(guess.confidence for guess in guesses) > 0.7


@pytest.mark.parametrize("labels", [["a"], ["a", "b"], ["a", "a", "b"]])
def test_a_handful_of_examples_is_enough_and_leaves_much_open(labels: list[str]) -> None:
    vectors = EXAMPLES[[0, 2, 3]][: len(labels)]
    classifier = NearestLabels([("", label) for label in labels], vectors)
    guess = classifier.guess("", vectors[0])
    assert guess.label == "a"
    assert 0 < guess.confidence < 1
    assert 0 < guess.choice < 1


@pytest.mark.parametrize(
    "text", ["", "   ", "\U0001f600", "\ud800", "年次有給休暇は何日ですか", "x" * 10_000, "a b " * 9_000]
)
def test_any_text_gets_a_label(text: str) -> None:
    classifier = NearestLabels([*LABELS, (text, "odd")], unit([*EXAMPLES.tolist(), [0, 0, 1]]))
    assert classifier.guess(text, unit([[0, 0.1, 1]])[0]).label == "odd"
    assert classifier.guess(text, EXAMPLES[0]).confidence < 1


def test_the_name_of_a_label_is_one_more_example_where_it_holds_words() -> None:
    examples = [
        ("where is it", "card_arrival"),
        ("and now", "card_arrival"),
        ("x", "7"),
        ("y", "HR Support"),
        ("z", ""),
    ]
    assert with_names(examples)[len(examples) :] == [("card arrival", "card_arrival"), ("HR Support", "HR Support")]


def test_labels_without_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="2 examples for 4 vectors"):
        NearestLabels(LABELS[:2], EXAMPLES)
