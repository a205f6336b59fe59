from __future__ import annotations

import numpy as np
import pytest

from assistant.providers.offline.calibration import Calibration


def test_the_curve_meets_how_often_scores_were_right() -> None:
    random = np.random.default_rng(1)
    scores = random.uniform(0, 2, size=4000)
    right = random.uniform(size=4000) < 1 / (1 + np.exp(-4 * (scores - 1)))
    curve = Calibration(scores, right)
    for score, chance in ((0.5, 0.12), (1.0, 0.5), (1.5, 0.88)):
        assert curve.of(score) == pytest.approx(chance, abs=0.04)


@pytest.mark.parametrize("right", [[True], [False], [True, True, True], [False, False], [True, False]])
def test_a_handful_of_outcomes_makes_no_certainty(right: list[bool]) -> None:
    curve = Calibration(np.linspace(0.4, 0.6, len(right)), np.array(right))
    assert 0.05 < curve.of(0.5) < 0.99


def test_a_higher_score_is_never_less_sure() -> None:
    curve = Calibration(np.array([0.1, 0.2, 0.8, 0.9] * 20), np.array([True, True, False, False] * 20))
    assert curve.of(0.9) >= curve.of(0.1)


def test_no_score_is_too_far_out() -> None:
    curve = Calibration(np.array([0.5, 0.6, 0.7]), np.array([True, True, False]))
    assert 0 <= curve.of(-1e9) <= curve.of(1e9) <= 1
