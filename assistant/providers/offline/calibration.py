"""Confidences that can be believed: of ten answers that are 70% sure, seven are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

USUAL = (1.5, 1.0)
"""The curve where little is known: right in four of five cases, and surer by the usual spread of scores. It weighs as
much as one example, so that it only matters where there is a handful."""

SPREAD = 0.05
"""The least spread of scores (they go from about 0 to 2), where a handful of examples scored alike."""

STEPS = 30
"""Newton steps; five are enough on ordinary sets."""


class Calibration:
    """A logistic curve from scores to the chance of being right, fitted to scores whose outcome is known (Platt)."""

    def __init__(self, scores: NDArray[np.floating], right: NDArray[np.bool_]) -> None:
        self._middle = float(scores.mean())
        self._spread = max(float(scores.std()), SPREAD)
        inputs = np.stack([np.ones(len(scores)), (scores - self._middle) / self._spread], axis=1)
        self._base, self._slope = _fitted(inputs, right.astype(np.float64))

    def of(self, score: float) -> float:
        """Return the chance that what has this score is right."""
        return float(_chance(np.array(self._base + self._slope * (score - self._middle) / self._spread)))


def _fitted(inputs: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[float, float]:
    usual = np.array(USUAL)
    curve = usual.copy()
    for _ in range(STEPS):
        chance = _chance(inputs @ curve)
        slope = inputs.T @ (chance - right) + (curve - usual)
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + np.eye(2)
        curve = curve - np.linalg.solve(bend, slope)
    return float(curve[0]), float(max(curve[1], 0.0))


def _chance(value: NDArray[np.float64]) -> NDArray[np.float64]:
    chance: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(value, -30, 30)))
    return chance
