"""The generated documents of the benchmarks."""

from __future__ import annotations

from pathlib import Path

from bench.documents import write_documents


def test_documents_are_the_same_bytes_on_every_run(tmp_path: Path) -> None:
    first = write_documents(tmp_path / "a")
    second = write_documents(tmp_path / "b")
    assert [one.path.read_bytes() for one in first] == [one.path.read_bytes() for one in second]


def test_ten_are_pdf_and_ten_are_markdown_of_about_1500_words(tmp_path: Path) -> None:
    written = write_documents(tmp_path)
    texts = [one.path.read_text(encoding="utf-8") for one in written if one.path.suffix == ".md"]
    assert len([one for one in written if one.path.suffix == ".pdf"]) == len(texts) == 10
    assert all(1400 <= len(text.split()) <= 1700 for text in texts)


def test_each_question_is_answered_by_one_sentence_of_its_document(tmp_path: Path) -> None:
    written = write_documents(tmp_path)
    assert len({one.question for one in written}) == len(written)
    for one in written:
        if one.path.suffix == ".md":
            assert one.path.read_text(encoding="utf-8").count("has to be signed back in within") == 1
