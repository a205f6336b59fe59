"""Build the sample documents from their sources.

    python data/sample_sources/build.py [--out FOLDER]

The plain formats (md, txt, csv, html) are kept as they are in data/samples; the
binary ones are rendered from the files beside this script, always to the same bytes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import blocks
import pdf
import sheets
import slides
import word

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent / "samples"
WORDS_PER_PAGE = 450
FEWEST_PAGES = 60
PDF_PAGE = re.compile(rb"/Type\s*/Page\b")
PLAIN_SUFFIXES = {".md", ".txt", ".csv", ".html"}

RENDERERS: dict[str, Callable[[Path], bytes]] = {
    "pdf": pdf.build,
    "docx": word.build,
    "pptx": slides.build,
    "xlsx": sheets.build,
}


@dataclass(frozen=True)
class Built:
    """One sample and how long it is in pages."""

    name: str
    pages: int


def main() -> None:
    """Build every sample, print their lengths, and refuse too short a set."""
    parser = argparse.ArgumentParser(description="Build the sample documents.")
    parser.add_argument("--out", type=Path, default=SAMPLES)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    samples = sorted(build_all(out) + plain_samples(), key=lambda s: s.name.lower())
    for sample in samples:
        print(f"{sample.pages:4d}  {sample.name}")
    total = sum(sample.pages for sample in samples)
    print(f"{total:4d}  pages in {len(samples)} documents")
    if total < FEWEST_PAGES:
        raise SystemExit(f"The samples must have at least {FEWEST_PAGES} pages.")


def build_all(out: Path) -> list[Built]:
    """Render each binary sample into a folder."""
    built: list[Built] = []
    for kind, render in RENDERERS.items():
        for path in sorted((HERE / kind).iterdir()):
            content = render(path)
            target = out / f"{path.stem}.{kind}"
            target.write_bytes(content)
            built.append(Built(target.name, _length(kind, path, content)))
    return built


def plain_samples() -> list[Built]:
    """List the samples that are written by hand and only counted here."""
    paths = [p for p in SAMPLES.iterdir() if p.suffix in PLAIN_SUFFIXES]
    return [Built(p.name, _word_pages(p)) for p in paths]


def _length(kind: str, path: Path, content: bytes) -> int:
    if kind == "pdf":
        return len(PDF_PAGE.findall(content))
    if kind == "pptx":
        headings = [b for b in blocks.read(path).blocks if b.kind == "heading"]
        return 1 + len(headings)
    return _word_pages(path)


def _word_pages(path: Path) -> int:
    words = len(path.read_text(encoding="utf-8").split())
    return max(1, round(words / WORDS_PER_PAGE))


if __name__ == "__main__":
    main()
