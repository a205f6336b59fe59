"""What a benchmark found: figures with targets, raw samples, and the facts of the machine that bear on them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from bench.places import RESULTS

LIBRARIES = ("streamlit", "chromadb", "onnxruntime")


@dataclass(frozen=True)
class Figure:
    """One measured value; ``target`` is the most it may be, or with ``at_least`` the least, None where it is told."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def ok(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(frozen=True)
class Result:
    """One benchmark's figures and the samples they come from."""

    name: str
    figures: tuple[Figure, ...]
    samples: Mapping[str, object]
    notes: tuple[str, ...] = field(default=())


def machine() -> dict[str, object]:
    """Facts that bear on the figures; nothing that names the machine."""
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_average_1_minute": round(os.getloadavg()[0], 1),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def write(result: Result) -> None:
    """Write bench/results/NAME.json."""
    row = {
        "name": result.name,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "figures": [_rounded(figure) for figure in result.figures],
        "notes": list(result.notes),
        "samples": result.samples,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{result.name}.json"
    path.write_text(json.dumps(row, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _rounded(figure: Figure) -> dict[str, object]:
    return {**asdict(figure), "value": round(figure.value, 3), "ok": figure.ok}


def table(result: Result) -> str:
    """The figures as lines of a table: measured, target, ok."""
    marks = {None: "", True: "ok", False: "MISSED"}
    rows = [f"{result.name:<62}{'measured':>12} {'':<5}{'target':>9}"]
    for figure in result.figures:
        bound = ">=" if figure.at_least else "<="
        target = "" if figure.target is None else f"{bound} {figure.target:g}"
        rows.append(f"  {figure.name:<60}{short(figure.value):>12} {figure.unit:<5}{target:>9}  {marks[figure.ok]}")
    return "\n".join(rows)


def short(value: float) -> str:
    """A number with three digits that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
