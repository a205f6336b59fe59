"""Reading table-heavy PDFs: our reader (text, headings, labels, margins) against pypdf's text alone, in turn.

The files are not in this repository: set BENCH_PDFS to a folder of PDFs. Times are processor time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pypdf

from assistant.knowledge.parsing import pdf
from bench.results import Figure, Result

VARIABLE = "BENCH_PDFS"
TARGET = 10.0

NOTES = (
    "Processor time of one process, each file by both in turn; a first reading of each is not counted. Ours is "
    "everything that ingestion does in the parser: pdfium's text, headings from outline or type, page labels, words "
    "mended at line ends, running headers left out. pypdf's is extract_text() of each page and nothing else.",
)


def run(rounds: int) -> Result:
    """Read each file with both, ``rounds`` times; compare the medians of the sums."""
    files = _files()
    _both(files[0])
    ours: list[dict[str, float]] = []
    alone: list[dict[str, float]] = []
    for _ in range(rounds):
        times = {path.name: _both(path) for path in files}
        ours.append({name: one for name, (one, _) in times.items()})
        alone.append({name: other for name, (_, other) in times.items()})
    pages = sum(len(pypdf.PdfReader(path).pages) for path in files)
    return _result(ours, alone, pages)


def _files() -> list[Path]:
    folder = os.environ.get(VARIABLE, "")
    files = sorted(Path(folder).glob("*.pdf")) if folder else []
    if not files:
        raise SystemExit(f"Set {VARIABLE} to a folder of PDF files.")
    return files


def _both(path: Path) -> tuple[float, float]:
    return _seconds(lambda: _ours(path)), _seconds(lambda: _alone(path))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _ours(path: Path) -> None:
    pdf.parse(path, path.name, lambda _done, _total: None)


def _alone(path: Path) -> None:
    for page in pypdf.PdfReader(path).pages:
        page.extract_text()


def _result(ours: list[dict[str, float]], alone: list[dict[str, float]], pages: int) -> Result:
    own = median(sum(times.values()) for times in ours)
    other = median(sum(times.values()) for times in alone)
    by_file = [median(run[name] for run in alone) / median(run[name] for run in ours) for name in ours[0]]
    figures = (
        Figure("PDF reading, pypdf / ours", other / own, "", TARGET, at_least=True),
        Figure("the same, of the file with the least", min(by_file), ""),
        Figure("pages a second, ours", pages / own, ""),
        Figure("pages a second, pypdf", pages / other, ""),
    )
    samples = {"ours": [_rounded(times) for times in ours], "pypdf": [_rounded(times) for times in alone]}
    return Result("pdf_parsing", figures, samples, NOTES)


def _rounded(times: dict[str, float]) -> dict[str, float]:
    return {name: round(seconds, 4) for name, seconds in times.items()}
