"""Odd, broken and hostile files: each ends in text or in a plain sentence, and none holds the others up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.domain import DocumentStatus
from assistant.errors import UploadRefused
from assistant.evaluation.figures import Figure, of_mean
from assistant.evaluation.library import Stack
from assistant.evaluation.progress import Progress
from assistant.evaluation.question_sets import QuestionSet

SUITE = "reader"
LONGEST_SECONDS = 300.0
"""No file may take longer: the reader's own limits end a file before that."""
UNEXPECTED = "Something went wrong while reading"
"""How the sentence begins that stands for a fault of ours."""
UNDER_WAY = (DocumentStatus.QUEUED, DocumentStatus.PARSING, DocumentStatus.EMBEDDING)
"""Until then a file can still fail; what comes after is the index's."""
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class _End:
    """How one file ended: ``ready``, else with a ``sentence`` (None: not at all), after so many ``seconds``."""

    ready: bool
    sentence: str | None
    seconds: float


def measure(one: QuestionSet, files: Sequence[Path], stack: Stack, progress: Progress) -> list[Figure]:
    """Return the shares of files that ended as they may, that gave text, and the slowest's seconds."""
    ends = [
        _read(file, number, stack) for number, file in enumerate(progress.over(files, f"{one.name}: reading files"))
    ]
    return [
        of_mean(SUITE, one.name, "text or a plain sentence", [float(_is_orderly(end)) for end in ends]),
        of_mean(SUITE, one.name, "gave text", [float(end.ready) for end in ends]),
        Figure(SUITE, one.name, "slowest (s)", max((end.seconds for end in ends), default=0.0), len(ends)),
    ]


def _is_orderly(end: _End) -> bool:
    return end.ready or (end.sentence is not None and not end.sentence.startswith(UNEXPECTED))


def _read(file: Path, number: int, stack: Stack) -> _End:
    """Upload one file and wait for its end; the numbers keep files of one name apart."""
    began = time.monotonic()
    try:
        upload = stack.knowledge.upload(stack.person, f"{number} {file.name}", file.read_bytes(), limited=False)
    except UploadRefused as error:
        return _End(ready=False, sentence=error.message, seconds=time.monotonic() - began)
    while (document := stack.knowledge.document(stack.person, upload.document_id)).status in UNDER_WAY:
        if time.monotonic() - began > LONGEST_SECONDS:
            return _End(ready=False, sentence=None, seconds=time.monotonic() - began)
        time.sleep(LOOK_SECONDS)  # between two looks at how far it is
    failed = document.status is DocumentStatus.FAILED
    return _End(ready=not failed, sentence=document.error, seconds=time.monotonic() - began)
