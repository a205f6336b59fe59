"""What ``assistant guard`` does: the guardrail's scores for a file of texts, for measuring it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.cli import output
from assistant.cli.batch_file import read_lines

if TYPE_CHECKING:
    from assistant.settings import Settings


def guard(settings: Settings, batch: Path) -> None:
    """Print a JSON line with id and score (0 to 1, higher is more like an attack) for each line of the batch file."""
    from assistant.bootstrap import attack_classifier_for, embedder_for

    items = read_lines(batch, "id", "text")
    classifier = attack_classifier_for(settings, embedder_for(settings))
    for item in items:
        output.line({"id": item["id"], "score": round(classifier.judge(item["text"]).score, 6)})
