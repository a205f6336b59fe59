"""What ``assistant eval`` does: the suites run on the real stack, in data folders of their own, and what is shown."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import log
from assistant import settings as settings_module
from assistant.cli import output
from assistant.errors import WrongUse
from assistant.evaluation import figures, runner
from assistant.evaluation import record as records
from assistant.evaluation.figures import Figure
from assistant.evaluation.library import CACHE, Stack, Workplace
from assistant.evaluation.progress import Progress, Tell
from assistant.evaluation.question_sets import QuestionSet, find_sets
from assistant.evaluation.record import Record
from assistant.evaluation.runner import SUITES, Options
from assistant.providers.minilm import MiniLM

if TYPE_CHECKING:
    from assistant.settings import Settings


LINE_SECONDS = 20.0
"""Between two lines of progress where they cannot stand over each other, as in a file."""


@dataclass(frozen=True)
class Files:
    """What a run reads and writes beside the sets, None for what is not wanted."""

    keep: Path | None = None
    out: Path | None = None
    against: Path | None = None


def evaluate(folder: Path, names: Sequence[str], options: Options, files: Files, *, as_json: bool) -> None:
    """Run the suites of ``options`` on the sets of a folder (those of these ``names``), and show what came of it."""
    unknown = [name for name in options.suites if name not in SUITES]
    if unknown:
        raise WrongUse(f"There is no suite {unknown[0]!r}; there are {', '.join(SUITES)}.")
    sets = find_sets(folder, names)
    shown = _Shown(records.read_figures(files.against or records.COMMITTED), silent=as_json)
    found = _measured(sets, options, files.keep, shown)
    if files.out is not None:
        files.out.write_text(records.as_text(found), encoding="utf-8")
    if as_json:
        output.line(records.as_row(found))


class _Shown:
    """What people see while a run goes on: its figures as they come, notes and how far it is."""

    def __init__(self, last: Sequence[Figure], *, silent: bool) -> None:
        self._last = {figure.key: figure for figure in last}
        self._silent = silent
        self._wide = 0
        self._told = -LINE_SECONDS
        self.notes: list[str] = []

    def tell(self, text: str) -> None:
        """Have ``text`` stand for the moment, at a terminal over what stood before."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text:<{self._wide}}" if text else f"\r{'':<{self._wide}}\r")
            self._wide = len(text)
        elif text and time.monotonic() - self._told > LINE_SECONDS:
            self._told = time.monotonic()
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def note(self, sentence: str) -> None:
        """Say what was left out."""
        self.tell("")
        self.notes.append(sentence)
        sys.stderr.write(f"{sentence}\n")

    def figure(self, one: Figure, *, first: bool) -> None:
        """Print a figure beside its last value."""
        if not self._silent:
            self.tell("")
            output.line(f"{figures.header()}\n" * first + figures.line(one, self._last))


def _measured(sets: Sequence[QuestionSet], options: Options, kept: Path | None, shown: _Shown) -> Record:
    """Run the suites in a folder that is gone afterwards, also when the person presses Ctrl-C."""
    began, found = time.monotonic(), list[Figure]()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what ends it otherwise would leave the folder
    with tempfile.TemporaryDirectory(prefix="assistant-eval-") as scratch:
        settings = settings_module.load()
        log.set_up(settings.log_level, Path(scratch), to_stderr=False, hide=log.secrets(settings))
        place = workplace(settings, Path(scratch), kept, shown.tell)
        for figure in runner.run(sets, options, place, shown.note):
            shown.figure(figure, first=not found)
            found.append(figure)
    told = {
        "suites": list(options.suites),
        "sets": [one.name for one in sets],
        "limit": options.limit,
        "provider": options.choice.provider,
        "model": options.choice.model,
    }
    return Record(found, told, shown.notes, time.monotonic() - began)


def workplace(settings: Settings, scratch: Path, kept: Path | None, tell: Tell, cache: Path | None = None) -> Workplace:
    """Return where a run works: ``cache`` is where the embedding model's graph is kept, if not beside the documents."""
    cache = cache or (kept or scratch).resolve() / "model"
    embedder = MiniLM(cache)
    return Workplace(partial(_open, settings, embedder, cache), embedder, scratch, kept, Progress(tell))


@contextmanager
def _open(settings: Settings, embedder: MiniLM, cache: Path, data_dir: Path) -> Iterator[Stack]:
    """Open the services as ``assistant ingest`` does, on another data folder and without the samples.

    All of them have the ``cache`` in common, so that the embedding model is built once.
    """
    from assistant import bootstrap

    cache.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(parents=True, exist_ok=True)
    if not (data_dir / CACHE).exists():
        (data_dir / CACHE).symlink_to(cache, target_is_directory=True)

    own = {"data_dir": data_dir, "database_url": None, "chroma_url": None, "samples": False, "watch_below": None}
    services = bootstrap.build(settings.model_copy(update=own), serves=False, embedder=embedder)
    try:
        yield Stack(services.knowledge, services.people.local(), lambda: services.chat)
    finally:
        services.close()
