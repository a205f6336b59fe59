"""A folder is recognised by its files, and what cannot be used is named by file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from question_folders import write_lines, write_qrels

from assistant.errors import AssistantError
from assistant.evaluation.corpus_files import digest, files_of
from assistant.evaluation.question_sets import QuestionSet, find_sets


def test_the_sets_of_a_folder_are_found_by_their_files_and_chosen_by_name(tmp_path: Path) -> None:
    write_lines(tmp_path / "one" / "queries.jsonl.gz", [{"_id": "q", "text": "Who?"}])
    write_lines(tmp_path / "two" / "train.jsonl", [{"text": "hello", "label": "greeting"}])
    (tmp_path / "notes").mkdir()
    assert [one.name for one in find_sets(tmp_path)] == ["one", "two"]
    assert [one.name for one in find_sets(tmp_path, ["two"])] == ["two"]
    assert [one.name for one in find_sets(tmp_path / "one")] == ["one"]
    with pytest.raises(AssistantError, match=r"no set 'three' in .*; it has one, two"):
        find_sets(tmp_path, ["three"])


def test_a_folder_without_sets_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match="holds no question set"):
        find_sets(tmp_path)
    with pytest.raises(AssistantError, match="There is no folder"):
        find_sets(tmp_path / "missing")


def test_a_question_keeps_what_is_known_of_its_answer(tmp_path: Path) -> None:
    row = {"_id": "q", "text": "Who?", "answerable": True, "answers": ["Ann"], "reference": "Ann did.", "passage": "p"}
    write_lines(tmp_path / "queries.jsonl", [row])
    (query,) = QuestionSet(tmp_path).queries
    assert (query.answers, query.references, query.passage, query.answerable) == (("Ann",), ("Ann did.",), "p", True)


def test_plain_histories_are_by_turns_only_where_all_of_a_set_are_even(tmp_path: Path) -> None:
    both = [{"_id": "a", "text": "And?", "history": ["Who?", "Ann."]}]
    write_lines(tmp_path / "even" / "queries.jsonl", both)
    write_lines(tmp_path / "odd" / "queries.jsonl", [*both, {"_id": "b", "text": "So?", "history": ["Who?"]}])
    assert QuestionSet(tmp_path / "even").queries[0].history == (("user", "Who?"), ("assistant", "Ann."))
    assert QuestionSet(tmp_path / "odd").queries[0].history == (("user", "Who?"), ("user", "Ann."))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", r"Line 2 of broken/queries\.jsonl is not a JSON object\."),
        ('["q", "Who?"]', r"Line 2 of broken/queries\.jsonl is not a JSON object\."),
        ('{"_id": "q"}', r"Line 2 of broken/queries\.jsonl has no 'text', or one that is no text\."),
        ('{"_id": "q", "text": "?", "answers": 3}', r"Question 2 of broken/queries\.jsonl has 'answers' that"),
        ('{"_id": "q", "text": "?", "answerable": "yes"}', r"Question 2 of .* has 'answerable' that is neither"),
        ('{"_id": "q", "text": "?", "history": [1]}', r"Question 2 of broken/queries\.jsonl has a history that"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(line: str, said: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "broken" / "queries.jsonl", [{"_id": "a", "text": "Who?"}])
    with (tmp_path / "broken" / "queries.jsonl").open("a") as lines:
        lines.write(line + "\n")
    with pytest.raises(AssistantError, match=said):
        _ = QuestionSet(tmp_path / "broken").queries


def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "queries.jsonl.gz").write_bytes(b"plain text")
    with pytest.raises(AssistantError, match=r"set/queries\.jsonl\.gz cannot be unpacked"):
        _ = QuestionSet(tmp_path / "set").queries
    (tmp_path / "set" / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\n")
    with pytest.raises(AssistantError, match=r"Line 2 of set/qrels\.tsv is not a query, a document and a score"):
        _ = QuestionSet(tmp_path / "set").qrels
    (tmp_path / "set" / "manifest.json").write_text('[{"file": "missing.pdf"}]')
    with pytest.raises(AssistantError, match=r"set/manifest\.json lists 'missing\.pdf', which is not there"):
        _ = QuestionSet(tmp_path / "set").files


def test_documents_become_the_files_that_somebody_would_upload(tmp_path: Path) -> None:
    rows = [
        {"_id": "kb/1", "title": "Leave", "text": "27 days."},
        {"_id": "kb 1", "title": "", "text": "No title."},
        {"_id": "kb-1", "title": "Again", "text": "Same name."},
        {"_id": "page", "title": "Page", "text": "Words", "html": "<h1>Page</h1>"},
    ]
    write_lines(tmp_path / "corpus.jsonl", rows)
    files = list(files_of(QuestionSet(tmp_path)))
    assert [(file.id, file.name, file.data) for file in files] == [
        ("kb/1", "kb-1.md", b"# Leave\n\n27 days."),
        ("kb 1", "kb 1.txt", b"No title."),
        ("kb-1", "kb-1 2.md", b"# Again\n\nSame name."),
        ("page", "page.html", b"<h1>Page</h1>"),
    ]
    assert digest(iter(files)) == digest(iter(files)) != digest(iter(files[1:]))


def test_documents_of_another_folder_are_taken_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "Plan.pdf").write_bytes(b"%PDF")
    (tmp_path / "papers" / "List.csv").write_bytes(b"a,b")
    write_lines(tmp_path / "set" / "queries.jsonl", [{"_id": "q", "text": "?"}])
    (tmp_path / "set" / "set.json").write_text(json.dumps({"documents": "../papers"}))
    write_qrels(tmp_path / "set" / "qrels.tsv", [("q", "Plan#p0", 1)])
    one = QuestionSet(tmp_path / "set")
    assert one.by_page
    assert [(file.id, file.name) for file in files_of(one)] == [("List.csv", "List.csv"), ("Plan", "Plan.pdf")]
    (tmp_path / "set" / "set.json").write_text(json.dumps({"documents": "nowhere"}))
    with pytest.raises(AssistantError, match=r"set/set\.json names a folder that is not there: 'nowhere'"):
        _ = QuestionSet(tmp_path / "set").documents
