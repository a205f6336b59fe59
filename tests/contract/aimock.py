"""The npm package ``@copilotkit/aimock`` as a process: it speaks the wires of OpenAI, Anthropic and others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from contract.peers import INPUT_TOKENS, OUTPUT_TOKENS, PLANNER, Calls, Refuses, Says, Step

HERE = Path(__file__).parent
# The build for CommonJS also runs on the node 18 of Debian 12; the other one needs 20.15.
PROGRAM = HERE / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.cjs"
LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
INSTALL = f"npm ci --prefix {HERE.relative_to(HERE.parents[1])}"
USAGE = {
    "prompt_tokens": INPUT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}
STRUCTURE_TOOL = "final_result"
"""The tool by which pydantic-ai asks for a structure."""
PIECE_MS = 45
"""Between two pieces of an answer: longer than the stream to the page gathers text."""


def missing() -> str | None:
    """What stands in the way of running it, as a sentence; None when nothing does."""
    if shutil.which("node") is None:
        return "node is not installed: the contract tests of the providers need it."
    return None if PROGRAM.exists() else f"aimock is not installed: run `{INSTALL}`."


class AiMock:
    """One process for all tests; ``plays`` forgets what was before."""

    def __init__(self, folder: Path) -> None:
        unused = folder / "unused.json"
        unused.write_text(json.dumps({"fixtures": [{"match": {"model": "none"}, "response": {"content": "unused"}}]}))
        command = ["node", str(PROGRAM), "--port", "0", "--host", "127.0.0.1", "--fixtures", str(unused), "--strict"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.url = self._wait_for_address()
        self._http = httpx.Client(base_url=f"{self.url}/__aimock", trust_env=False, timeout=20)

    def plays(self, *steps: Step, plan: Mapping[str, Any] | None = None) -> None:
        """See ``Peer``; each step matches by its place."""
        fixtures = _plan_fixtures(plan) if plan is not None else []
        for place, step in enumerate(steps):
            last = place == len(steps) - 1
            fixtures.append({"match": {} if last else {"sequenceIndex": place}, **_played(step)})
        self._http.post("/reset").raise_for_status()
        self._http.post("/fixtures", json={"fixtures": fixtures}).raise_for_status()

    def plays_for_models(self, steps: Mapping[str, Step]) -> None:
        """Answer each model with a step of its own."""
        fixtures = [{"match": {"model": model}, **_played(step)} for model, step in steps.items()]
        self._http.post("/reset").raise_for_status()
        self._http.post("/fixtures", json={"fixtures": fixtures}).raise_for_status()

    def seen(self) -> list[Mapping[str, Any]]:
        """See ``Peer``; aimock keeps every request in the form of OpenAI's chat wire."""
        kept = self._http.get("/journal").raise_for_status().json()
        return [entry["body"] for entry in kept if entry["method"] == "POST"]

    def close(self) -> None:
        """End the process."""
        self._http.close()
        self._process.terminate()
        self._process.communicate(timeout=20)

    def _wait_for_address(self) -> str:
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if found := LISTENING.search(line):
                return found[1]
        raise AssertionError(f"aimock did not start:\n{''.join(said)}")


def _plan_fixtures(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The plan by a tool's arguments or as JSON text, whichever the model's profile asks for."""
    by_tool = {"toolCalls": [{"name": STRUCTURE_TOOL, "arguments": plan}], "usage": USAGE}
    as_text = {"content": json.dumps(plan), "usage": USAGE}
    return [
        {"match": {"toolName": STRUCTURE_TOOL}, "response": by_tool},
        {"match": {"systemMessage": PLANNER}, "response": as_text},
    ]


def _played(step: Step) -> dict[str, Any]:
    match step:
        case Says(text, reasoning):
            thought = {"reasoning": reasoning} if reasoning else {}
            return {"response": {"content": text, "usage": USAGE, **thought}, "latency": PIECE_MS}
        case Calls(tool, arguments):
            call = {"id": "call_1", "name": tool, "arguments": arguments}
            return {"response": {"toolCalls": [call], "usage": USAGE}}
        case Refuses(status, code, message):
            return {"response": {"error": {"message": message, "type": code, "code": code}, "status": status}}
