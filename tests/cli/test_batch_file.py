"""Batch files are read as programs write them, and refused as a whole with a sentence when they cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.cli.batch_file import history, read_lines
from assistant.errors import AssistantError


def written(folder: Path, text: str) -> Path:
    path = folder / "questions.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_a_newline_ends_a_line(tmp_path: Path) -> None:
    text = "one\u2028two\x85three"
    path = written(tmp_path, json.dumps({"id": 1, "text": text}, ensure_ascii=False) + "\r\n\n")
    assert read_lines(path, "id", "text") == [{"id": 1, "text": text}]


@pytest.mark.parametrize("given", [None, [1, 2], {"a": 1}, 7.5, "\udfff"])
def test_an_id_may_be_anything(tmp_path: Path, given: object) -> None:
    path = written(tmp_path, json.dumps({"id": given, "text": "leave?"}))
    assert read_lines(path, "id", "text")[0]["id"] == given


def test_what_no_database_takes_is_left_out_of_a_text(tmp_path: Path) -> None:
    path = written(tmp_path, r'{"id": 1, "text": "le\ud800a\u0000ve"}')
    assert read_lines(path, "id", "text")[0]["text"] == "leave"


@pytest.mark.parametrize("text", ["null", "5", '{"a": 1}'])
def test_a_text_that_is_no_string_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, f'{{"id": 1, "text": "leave?"}}\n{{"id": 2, "text": {text}}}')
    with pytest.raises(AssistantError, match=r"Line 2 of questions\.jsonl has a text that is not a string"):
        read_lines(path, "id", "text")


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1}', "[" * 100_000])
def test_a_line_that_is_no_object_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(AssistantError, match=r"Line 1 of questions\.jsonl is not a JSON object with id, text"):
        read_lines(written(tmp_path, line), "id", "text")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_bytes(b"\xff\xfe{\x00")
    with pytest.raises(AssistantError, match="not text in UTF-8"):
        read_lines(path, "id", "text")


def test_a_history_is_pairs_or_objects() -> None:
    said = [("user", "How many days?"), ("assistant", "27.")]
    assert history({"id": 1, "history": [list(pair) for pair in said]}) == said
    assert history({"id": 1, "history": [{"role": role, "text": text} for role, text in said]}) == said
    assert history({"id": 1, "history": []}) is None


@pytest.mark.parametrize("given", ["abc", 5, ["How many?"], [["user", "a", "b"]], [["robot", "a"]], [["user", None]]])
def test_any_other_history_is_refused_with_its_id(given: object) -> None:
    with pytest.raises(AssistantError, match="The history of 'q7' cannot be read"):
        history({"id": "q7", "history": given})
