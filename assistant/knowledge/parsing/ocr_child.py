"""Recognises text on pages of one PDF; runs as a process of its own, under limits, which may be killed.

``python -m assistant.knowledge.parsing.ocr_child`` reads requests from its input, a line of JSON each: the file first,
then a page at a time. It answers each page with a line: ``text``, or ``failed`` with a word for the log.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from assistant.knowledge.parsing.limits import Limits
from assistant.knowledge.parsing.ocr import MODELS
from assistant.knowledge.parsing.ocr_lines import Box, text_of

# Pixels of a page's longer side: 144 dots an inch on A4. More is scaled down again by the recogniser.
LONG_SIDE = 1700
# A small page may carry a large picture.
MOST_SCALE = 4.0
# Of 1: what the recogniser is less sure of is mostly dirt.
SURE = 0.5


class Engine:
    """The recogniser with its models from the wheel. Naming them keeps it from looking elsewhere for any."""

    def __init__(self, models: Path) -> None:
        from rapidocr import RapidOCR

        detection, recognition = (str(models / name) for name in MODELS)
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.text_score": SURE,
                "Det.model_path": detection,
                "Rec.model_path": recognition,
            }
        )

    def text(self, picture: Any) -> str:
        """Return the text of a picture (rows of pixels), in reading order."""
        found: Any = self._engine(picture, use_cls=False)
        if found.boxes is None or found.txts is None:
            return ""
        return text_of([(_box(corners), str(word)) for corners, word in zip(found.boxes, found.txts, strict=True)])


def picture_of(pdf: Any, page: int) -> Any:
    """Draw a page, counted from 1, as rows of pixels in colour."""
    drawn = pdf[page - 1]
    longer = max(*drawn.get_size(), 1.0)
    return drawn.render(scale=min(LONG_SIDE / longer, MOST_SCALE), rev_byteorder=False).to_numpy()


def main() -> int:
    """Answer requests until there are no more."""
    answers = _answers_alone()
    first = json.loads(sys.stdin.readline())
    Limits(first["seconds"], first["memory_mb"], threads=True).apply()
    engine, pdf = Engine(Path(first["models"])), _opened(Path(first["path"]), first["password"])
    for line in sys.stdin:
        try:
            answer = {"text": engine.text(picture_of(pdf, json.loads(line)["page"]))}
        except Exception as error:  # one page that cannot be drawn must not cost the others
            answer = {"failed": type(error).__name__}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    return 0


def _answers_alone() -> Any:
    """Keep the output for answers: whatever a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answers


def _opened(path: Path, password: str | None) -> Any:
    from assistant.knowledge.parsing.pdf_content import open_pdfium

    return open_pdfium(path, password)


def _box(corners: Any) -> Box:
    across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    return min(across), min(down), max(across), max(down)


if __name__ == "__main__":
    sys.exit(main())
