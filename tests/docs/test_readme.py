"""The README's blocks run, its targets exist and its links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.startswith(".venv/bin/assistant ")]


@pytest.mark.parametrize("target", re.findall(r"^make ([a-z]+)", "\n".join(BLOCKS), flags=re.MULTILINE))
def test_each_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_each_link_of_the_readme_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_command_line_block_runs_on_an_empty_data_folder(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
    environment["ASSISTANT_DATA_DIR"] = str(tmp_path)
    assert len(COMMANDS) >= 5
    for command in COMMANDS:
        arguments = [sys.executable, "-m", "assistant", *shlex.split(command)[1:]]
        done = subprocess.run(
            arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.strip()
