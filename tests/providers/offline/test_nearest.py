from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.providers.offline import nearest
from assistant.providers.offline.nearest import NearestLabels


def unit(rows: list[list[float]]) -> NDArray[np.float32]:
    vectors = np.array(rows, dtype=np.float32)
    normed: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return normed


EXAMPLES = unit([[1, 0, 0.1], [1, 0.2, 0], [0, 1, 0.1], [0.1, 1, 0]])
LABELS = [("a", "leave"), ("b", "leave"), ("c", "travel"), ("d", "travel")]


def test_a_vector_takes_the_label_of_its_neighbours() -> None:
    guesses = [NearestLabels(LABELS, EXAMPLES).guess(vector) for vector in unit([[1, 0, 0.1], [0, 1, 0.1]])]
    assert [guess.label for guess in guesses] == ["leave", "travel"]
    assert [guess.nearest for guess in guesses] == ["a", "c"]


def test_confidence_falls_between_the_labels() -> None:
    classifier = NearestLabels(LABELS, EXAMPLES)
    clear, between = (classifier.classify(vector)[1] for vector in unit([[1, 0.1, 0], [1, 1, 0]]))
    assert clear > 0.9
    assert 0.4 < between < 0.6


def test_a_large_set_votes_by_a_part_of_its_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    centres = unit(random.normal(size=(4, 16)).tolist())
    labels = [("", str(n % 4)) for n in range(400)]
    vectors = unit([(centres[n % 4] + 0.1 * random.normal(size=16)).tolist() for n in range(400)])
    monkeypatch.setattr(nearest, "LANDMARKS", 60)
    classifier = NearestLabels(labels, vectors)
    assert [classifier.classify(centre)[0] for centre in centres] == ["0", "1", "2", "3"]


def test_labels_without_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="2 examples for 4 vectors"):
        NearestLabels(LABELS[:2], EXAMPLES)
