"""``assistant eval`` as people run it: in a process of its own, with the embedding model lent to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from command_line import ROOT, CommandLine
from lent_model import shelf

Found = dict[tuple[str, str, str], float]
LONGEST_SECONDS = 220


@dataclass(frozen=True)
class Evaluation:
    """The command with a folder for its temporary files and one for what it keeps."""

    folder: Path

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    @property
    def scratch(self) -> Path:
        return self.folder / "scratch"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command."""
        self.scratch.mkdir(exist_ok=True)
        if not self.kept.exists():
            shutil.copytree(shelf(), self.kept / "model", copy_function=os.link)
        line = CommandLine(self.folder / "data", TMPDIR=str(self.scratch))
        command = [sys.executable, "-m", "assistant", "eval", *arguments, "--keep", str(self.kept)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=dict(line.environment), stdout=pipe, stderr=pipe, text=True)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        with self.start(*arguments) as running:
            said, told = running.communicate(timeout=LONGEST_SECONDS)
        return subprocess.CompletedProcess(arguments, running.returncode, said, told)

    def record(self, *arguments: str) -> tuple[dict[str, Any], str]:
        """Run the command, which must do its job; return its record and what it told meanwhile."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr


def by_key(record: dict[str, Any]) -> Found:
    """The values of a record by suite, set and name."""
    return {(row["suite"], row["set"], row["name"]): row["value"] for row in record["figures"]}
