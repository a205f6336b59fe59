"""What a run found: one value a line, beside what the last record of the project has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.evaluation.measures import mean


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of one suite on one set; ``count`` is how many questions, texts or files it rests on."""

    suite: str
    set: str
    name: str
    value: float
    count: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells figures of two runs to be the same."""
        return self.suite, self.set, self.name


def of_mean(suite: str, set_: str, name: str, values: Sequence[float]) -> Figure:
    """Return the figure of a mean."""
    return Figure(suite, set_, name, mean(values), len(values))


NAME_WIDTH = 48


def header() -> str:
    """Return the line above the lines of figures."""
    return f"{'suite':<11} {'set':<18} {'figure':<{NAME_WIDTH}} {'now':>8} {'last':>8} {'change':>8} {'of':>6}"


def line(figure: Figure, last: Mapping[tuple[str, str, str], Figure]) -> str:
    """Return a figure as a line, beside its ``last`` value and the difference."""
    old = last.get(figure.key)
    was = "" if old is None else _number(old.value)
    change = "" if old is None else _change(figure.value - old.value)
    return (
        f"{figure.suite:<11} {figure.set:<18} {figure.name:<{NAME_WIDTH}} {_number(figure.value):>8} {was:>8} "
        f"{change:>8} {figure.count:>6,}"
    )


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _change(value: float) -> str:
    return "" if math.isnan(value) else "=" if abs(value) < 0.0005 else f"{value:+.3f}"
