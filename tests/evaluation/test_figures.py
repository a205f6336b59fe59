"""Figures beside the last ones, and records that can be read again."""

from __future__ import annotations

import json
import math
import platform
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.evaluation.figures import Figure, line
from assistant.evaluation.record import Record, as_row, as_text, read_figures

NOW = Figure("retrieval", "papers", "nDCG@10", 0.71254, 306)


def test_a_figure_stands_beside_its_last_value_and_the_difference() -> None:
    before = Figure("retrieval", "papers", "nDCG@10", 0.7, 306)
    assert line(NOW, {before.key: before}).split() == [
        "retrieval",
        "papers",
        "nDCG@10",
        "0.713",
        "0.700",
        "+0.013",
        "306",
    ]
    assert line(NOW, {NOW.key: NOW}).split()[-2:] == ["=", "306"]
    assert line(NOW, {}).split() == ["retrieval", "papers", "nDCG@10", "0.713", "306"]


def test_a_record_can_be_read_again_and_names_no_machine(tmp_path: Path) -> None:
    undefined = Figure("abstention", "papers", "AUROC", math.nan, 0)
    record = Record([NOW, undefined], {"limit": None}, ["papers: 1 of 9 documents could not be read."], 90)
    (tmp_path / "record.json").write_text(as_text(record), encoding="utf-8")
    read = read_figures(tmp_path / "record.json")
    assert (read[0].key, read[0].value, read[0].count) == (NOW.key, 0.7125, 306)
    assert math.isnan(read[1].value)
    assert json.loads(as_text(record)) == as_row(record)
    assert platform.node() not in as_text(record)


def test_a_missing_record_has_no_figures_and_another_file_is_refused(tmp_path: Path) -> None:
    assert read_figures(tmp_path / "missing.json") == []
    (tmp_path / "other.json").write_text("[1, 2]")
    with pytest.raises(AssistantError, match=r"other\.json is no record of an evaluation"):
        read_figures(tmp_path / "other.json")
