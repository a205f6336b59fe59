"""The command on small sets: all suites, what it keeps, and how it ends when it cannot go on."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from evaluating import Evaluation, by_key
from question_folders import write_lines, write_qrels
from waiting import until

from assistant.evaluation.sampling import sample

CORPUS = [
    {
        "_id": "kettle",
        "title": "Kettle",
        "text": "The kettle in the kitchen holds 1.7 litres and boils in three minutes.",
    },
    {
        "_id": "bicycle",
        "title": "Bicycle shed",
        "text": "The bicycle shed behind the mill is locked at 21:00 each evening.",
    },
    {"_id": "library", "title": "Library", "text": "Ines Falk runs the library, which lends each book for four weeks."},
    {"_id": "garden", "title": "", "text": "The garden is watered by volunteers on Tuesday and on Saturday."},
]
QUERIES = [
    {
        "_id": "q1",
        "text": "How much does the kettle hold?",
        "answerable": True,
        "answers": ["1.7 litres"],
        "passage": "kettle",
    },
    {"_id": "q2", "text": "Who runs the library?", "answerable": True, "answers": ["Ines Falk"], "passage": "library"},
    {"_id": "q3", "text": "What is the price of a horse in Peru?", "answerable": False},
    {
        "_id": "q4",
        "text": "When is it locked?",
        "history": ["Where is the bicycle shed?", "Behind the mill."],
        "rewrite": "When is the bicycle shed locked?",
    },
]


@dataclass(frozen=True)
class Runs:
    """Small sets of each kind and what a first run of all suites found."""

    sets: Path
    evaluation: Evaluation
    record: dict[str, Any]
    told: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("runs")
    sets = folder / "sets"
    _write_village(sets / "village")
    write_lines(sets / "talk" / "queries.jsonl", QUERIES[-1:])
    _write_chores(sets / "chores")
    _write_odd_files(sets / "odd")
    write_lines(sets / "pages" / "corpus.jsonl", CORPUS)
    evaluation = Evaluation(folder)
    record, told = evaluation.record(str(sets), "--out", str(folder / "record.json"))
    return Runs(sets, evaluation, record, told)


def _write_village(folder: Path) -> None:
    write_lines(folder / "corpus.jsonl.gz", CORPUS)
    write_lines(folder / "queries.jsonl.gz", QUERIES)
    write_qrels(folder / "qrels.tsv", [("q1", "kettle", 1), ("q2", "library", 1), ("q4", "bicycle", 1)])


def _write_chores(folder: Path) -> None:
    colours, animals = ["red", "green", "blue", "yellow", "black"], ["dog", "cat", "horse", "cow", "goat"]
    rows = [{"text": f"paint the wall {word}", "label": "paint"} for word in colours]
    rows += [{"text": f"feed the {word}", "label": "feed"} for word in animals]
    strange = {"text": "what is the capital of France", "label": "oos"}
    write_lines(folder / "train.jsonl", [*rows, strange])
    held_out = [{"text": "paint the door grey", "label": "paint"}, {"text": "feed the sheep", "label": "feed"}, strange]
    write_lines(folder / "val.jsonl", held_out)


def _write_odd_files(folder: Path) -> None:
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "good.txt").write_text("The kettle holds 1.7 litres.")
    (folder / "files" / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    (folder / "files" / "empty.docx").write_bytes(b"")
    files = [{"file": f"files/{name}"} for name in ("good.txt", "broken.pdf", "empty.docx")]
    (folder / "manifest.json").write_text(json.dumps(files))


def test_documents_and_questions_are_measured_by_each_suite_that_they_have_what_it_takes_for(runs: Runs) -> None:
    found = by_key(runs.record)
    assert found["retrieval", "village", "nDCG@10"] == 1.0
    assert found["retrieval", "village", "hit@1, stand-alone"] == 1.0
    assert found["follow-ups", "village", "nDCG@10, as the chat searches"] == 1.0
    assert found["follow-ups", "village", "F1, our stand-alone form"] > 0.7
    assert found["follow-ups", "talk", "changed where people did"] == 1.0
    assert found["answers", "village", "accepted words in the first 60"] == 1.0
    assert found["answers", "village", "cites the right passage first"] == 1.0
    assert found["answers", "village", "quotes verbatim on their page"] == 1.0
    assert found["abstention", "village", "AUROC"] == 1.0
    assert found["abstention", "village", "answered of the unanswerable"] == 0.0


def test_labelled_texts_are_told_apart_and_strange_ones_found_unsure(runs: Runs) -> None:
    found = by_key(runs.record)
    assert found["routing", "chores", "accuracy, 10 examples"] == 1.0
    assert found["routing", "chores", "accuracy, all examples"] == 1.0
    assert found["routing", "chores", "out-of-scope AUROC, 10 examples"] == 1.0


def test_files_of_a_manifest_are_read_or_refused_in_a_sentence(runs: Runs) -> None:
    found = by_key(runs.record)
    assert found["reader", "odd", "text or a plain sentence"] == 1.0
    assert found["reader", "odd", "gave text"] == pytest.approx(1 / 3, abs=0.001)


def test_what_nothing_can_be_measured_with_is_said_and_stands_in_the_record(runs: Runs) -> None:
    assert "pages: there is nothing that the suites asked for could measure." in runs.told
    assert runs.record["notes"] == ["pages: there is nothing that the suites asked for could measure."]
    assert json.loads((runs.evaluation.folder / "record.json").read_text())["figures"] == runs.record["figures"]


def test_kept_documents_serve_the_next_run_which_stands_beside_the_last_result(runs: Runs) -> None:
    (kept,) = runs.evaluation.kept.glob("village-*")
    (kept / "evaluation.json").write_text("{}")  # with which no document is known by its name any more
    last = str(runs.evaluation.folder / "record.json")
    again = runs.evaluation.run(str(runs.sets), "--set", "village", "--suite", "retrieval", "--against", last)
    assert again.returncode == 0, again.stderr
    lines = [line.split() for line in again.stdout.splitlines() if "nDCG@10 " in line]
    assert lines == [["retrieval", "village", "nDCG@10", "0.000", "1.000", "-1.000", "3"]]
    assert list(runs.evaluation.scratch.glob("assistant-eval-*")) == []


@pytest.fixture
def _heard() -> Iterator[None]:
    """Have Ctrl-C heard by what is started here: a shell that starts the tests behind it has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heard")
@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_quietly_and_leaves_no_temporary_folder(
    ended_by: signal.Signals, tmp_path: Path
) -> None:
    _write_village(tmp_path / "village")
    evaluation = Evaluation(tmp_path)
    running = evaluation.start(str(tmp_path / "village"), "--suite", "retrieval")
    until(lambda: any(evaluation.scratch.glob("*/village/assistant.sqlite")), 60)
    running.send_signal(ended_by)
    said, told = running.communicate(timeout=60)
    assert (running.returncode, said) == (1, "")
    assert "Traceback" not in told
    assert list(evaluation.scratch.glob("assistant-eval-*")) == []
    assert [path.name for path in evaluation.kept.iterdir()] == ["model"]


def test_wrong_use_and_folders_that_cannot_be_used_end_in_one_sentence(tmp_path: Path) -> None:
    write_lines(tmp_path / "broken" / "queries.jsonl", [{"_id": "q", "text": "Who?"}, {"_id": "p"}])
    write_lines(tmp_path / "broken" / "corpus.jsonl", CORPUS)
    evaluation = Evaluation(tmp_path)
    strange = evaluation.run(str(tmp_path), "--suite", "magic")
    assert strange.returncode == 2
    assert strange.stderr.startswith("There is no suite 'magic'; there are retrieval, ")
    broken = evaluation.run(str(tmp_path), "--set", "broken")
    assert broken.returncode == 1
    assert broken.stderr.strip() == "Line 2 of broken/queries.jsonl has no 'text', or one that is no text."


@pytest.mark.parametrize("limit", [1, 3])
def test_a_limit_draws_the_same_questions_in_every_run(limit: int) -> None:
    drawn = sample(range(100), limit)
    assert drawn == sample(range(100), limit)
    assert len(drawn) == limit
    assert drawn == sorted(drawn)
