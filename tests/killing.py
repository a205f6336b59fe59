"""Lives of a whole library in a process of its own that may be killed at any labelled point, and what it said before.

One warm process has everything imported and forks each life: starting the libraries anew takes seconds.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from assistant import bootstrap, faults
from assistant import settings as settings_module
from assistant.domain import Document, Person
from assistant.knowledge.service import KnowledgeBase
from assistant.settings import PROJECT

WAIT_SECONDS = 60.0
# A parser that a busy machine does not let come to its end is given up within a life.
PARSE_SECONDS = 20
Say = Callable[[dict[str, str]], None]
LIFE_SECONDS = 150
"""Longer than any life takes on a busy machine: one that hangs fails."""
TESTS = Path(__file__).parent
SHARED = "shared.md"


@dataclass
class Told:
    """What a library's user knows: which bytes each name must have, which it may have, what must be gone.

    An upload that was begun and never acknowledged may be there or not.
    """

    must: dict[str, str] = field(default_factory=dict)
    may: dict[str, set[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)

    def hear(self, event: dict[str, str]) -> None:
        """Take in one line that a life wrote."""
        name, digest = event["name"], event.get("sha256", "")
        if event["did"] == "begins to put":
            self.may.setdefault(name, set()).add(digest)
        elif event["did"] == "put":
            self.must[name], self.may[name] = digest, set()
        elif event["did"] == "begins to delete":
            self.leaving.add(name)
        else:
            self.gone.add(name)
            self.must.pop(name, None)


class Zygote:
    """The warm process. ``live`` runs one life in a fork of it."""

    def __init__(self) -> None:
        paths = [str(PROJECT), str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            # Not as a script: each reader of a file would run the script anew to have its names.
            [sys.executable, "-c", "import killing; killing.main()"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, data_dir: Path, number: int, fault: tuple[str, int] | None, told: Told) -> bool:
        """Run a life, let ``told`` hear what it says, and return whether it was killed at the fault.

        Fails when it ended in any other way than by the fault or by itself.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"data_dir": str(data_dir), "number": number, "fault": fault}) + "\n")
        stdin.flush()
        for line in stdout:
            event = json.loads(line)
            if "ended" in event:
                assert event["ended"] in (0, -9), f"life {number} with {fault} ended with {event}"
                return bool(event["ended"])
            told.hear(event)
        raise AssertionError("the warm process died")

    def close(self) -> None:
        """End the warm process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Life:
    """What one life does: adds a file, replaces one, deletes one, and waits until all is done."""

    def __init__(self, knowledge: KnowledgeBase, person: Person, number: int, say: Say) -> None:
        self._knowledge = knowledge
        self._person = person
        self._number = number
        self._say = say

    def run(self) -> None:
        """Do it all."""
        self._put(f"own-{self._number}.md", text(self._number, "own"))
        self._put(SHARED, text(self._number, "shared"))
        self._wait()
        for document in self._knowledge.documents(self._person):
            if document.name.startswith("own-") and document.name != f"own-{self._number}.md":
                self._delete(document)
        self._wait()

    def _put(self, name: str, data: bytes) -> None:
        event = {"name": name, "sha256": hashlib.sha256(data).hexdigest()}
        self._say({"did": "begins to put", **event})
        self._knowledge.upload(self._person, name, data)
        self._say({"did": "put", **event})

    def _delete(self, document: Document) -> None:
        self._say({"did": "begins to delete", "name": document.name})
        self._knowledge.delete(self._person, document.id)
        self._say({"did": "deleted", "name": document.name})

    def _wait(self) -> None:
        ids = [document.id for document in self._knowledge.documents(self._person)]
        documents = self._knowledge.wait_until_done(ids, WAIT_SECONDS)
        assert all(document.status.is_final for document in documents), documents
        assert self._knowledge.wait_until_indexed(WAIT_SECONDS)


def text(number: int, kind: str) -> bytes:
    """A small document that no other life writes; two chunks, so that one may be missing."""
    rules = (f"# Part {part}\n\nThe {kind} rule {number} of part {part} asks for form {number}{part}." for part in "ab")
    return "\n\n".join(rules).encode()


def _serve(requests: IO[str]) -> None:
    for line in requests:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_born(request)
        _, status = os.waitpid(child, 0)
        _say({"ended": os.waitstatus_to_exitcode(status)})


def _be_born(request: dict[str, Any]) -> None:
    code = 1
    try:
        faulthandler.dump_traceback_later(WAIT_SECONDS - 10)  # of a life that hangs
        signal.alarm(LIFE_SECONDS)
        _live(Path(request["data_dir"]), request["number"], request["fault"])
        code = 0
    except BaseException:  # whatever it is, this fork must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _live(data_dir: Path, number: int, fault: tuple[str, int] | None) -> None:
    name, nth = fault or (faults.POINTS[0], 0)
    settings = settings_module.load(data_dir=data_dir, samples=False, parse_seconds=PARSE_SECONDS)
    with faults.injected(name, nth, faults.kill), bootstrap.opened(settings, own_index=True) as services:
        Life(services.knowledge, services.people.local(), number, _say).run()
        if name == "backup_copied":
            _back_up(services)


def _back_up(services: bootstrap.Services) -> None:
    from assistant.knowledge.backups import back_up

    with tempfile.TemporaryDirectory() as folder:
        back_up(services.people.local(), services.database, services.settings, Path(folder) / "library.backup")


def _say(event: dict[str, Any]) -> None:
    # One write: a line is heard whole or not at all.
    os.write(1, (json.dumps(event) + "\n").encode())


def main() -> None:
    """Import what lives need, so that it is there when one begins, and serve."""
    import chromadb  # noqa: F401
    import onnxruntime  # type: ignore[import-untyped]  # noqa: F401
    import tokenizers  # noqa: F401

    import assistant.knowledge.ingest
    import assistant.knowledge.plain_jobs
    import assistant.knowledge.reading  # noqa: F401

    _serve(sys.stdin)
