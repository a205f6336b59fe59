"""Runs the ``assistant`` command as people do: its own process on its own data folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lent_model import lend

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 120


class CommandLine:
    """The command on one data folder; ``prefix`` stands before the interpreter, for example to cut the network."""

    def __init__(self, data_dir: Path, prefix: tuple[str, ...] = (), **extra: str) -> None:
        lend(data_dir)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
        self.environment: Mapping[str, str] = {**clean, "ASSISTANT_DATA_DIR": str(data_dir), **extra}
        self.prefix = prefix

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self.prefix, sys.executable, "-m", "assistant", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )

    def lines(self, *arguments: str) -> list[Any]:
        """The JSON values printed, one a line; the command must have done its job."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def value(self, *arguments: str) -> Any:
        (value,) = self.lines(*arguments)
        return value
