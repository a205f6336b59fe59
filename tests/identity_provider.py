"""The npm package ``oidc-provider`` as a process: a certified OpenID Connect provider to sign in with."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.aimock import INSTALL
from running_app import free_port

HERE = Path(__file__).parent / "contract"
PROGRAM = HERE / "identity_provider.mjs"
CLIENT, SECRET = "assistant", "not-a-secret-at-all"
OLDEST_NODE = 20
"""Debian 12 has 18, on which the package does not run."""


def too_old() -> str | None:
    """Say as a sentence that the node of this machine cannot run it; None when it can, and where there is none."""
    if shutil.which("node") is None:
        return None
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    is_old = int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE
    return f"oidc-provider needs node {OLDEST_NODE}, and this is {version}." if is_old else None


def missing() -> str | None:
    """What is not there to run it, as a sentence; None when all is."""
    if shutil.which("node") is None:
        return "node is not installed: signing in by a real provider is not tested."
    installed = (HERE / "node_modules" / "oidc-provider").exists()
    return None if installed else f"oidc-provider is not installed: run `{INSTALL}`."


class IdentityProvider:
    """One process; ``people`` are claims by what somebody types to sign in."""

    def __init__(self, people: Mapping[str, Mapping[str, Any]]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._people = people
        self._process: subprocess.Popen[str] | None = None

    def start(self, app_url: str) -> None:
        """Begin to serve the app at this address."""
        given = {
            "port": self.port, "client": CLIENT, "secret": SECRET, "people": self._people,
            "comesBackTo": f"{app_url}/auth/oidc/callback", "endsAt": f"{app_url}/auth/oidc/ended",
        }  # fmt: skip
        command = ["node", str(PROGRAM), json.dumps(given)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        _wait(self._process)

    def settings(self) -> dict[str, str]:
        """The app's variables for this provider."""
        return {
            "ASSISTANT_AUTH": "oidc",
            "ASSISTANT_OIDC_ISSUER": self.url,
            "ASSISTANT_OIDC_CLIENT_ID": CLIENT,
            "ASSISTANT_OIDC_CLIENT_SECRET": SECRET,
            "ASSISTANT_OIDC_SCOPES": "openid email profile groups",
        }

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=20)


def _wait(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "listening on" in line:
            return
    raise AssertionError(f"the provider did not start:\n{''.join(said)}")
