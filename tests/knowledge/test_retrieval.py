"""Searches see exactly one whole version of each document, in every process, whatever is typed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from small_library import STAFF, Library
from sqlalchemy import update

from assistant.domain import Person
from assistant.knowledge.service import KnowledgeBase
from assistant.storage.rows import EMBEDDED, ChunkRow

PAGES = [
    "Employees receive 27 days of annual leave each year.",
    "Report a lost laptop to the service desk at once. The form is HR-2024-07.",
    "The canteen serves vegetarian meals every day.",
]


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    return KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )


def test_question_finds_its_passage_with_page_and_spans(library: Library, knowledge: KnowledgeBase) -> None:
    document_id = library.put("Handbook.pdf", PAGES)
    best = knowledge.search(STAFF, "How much vacation do I get?")[0]
    assert (best.document_id, best.document, best.title, best.page) == (document_id, "Handbook.pdf", "Handbook", 1)
    assert best.chunk_id == f"{document_id}:1:0"
    assert best.heading_path == ("Rules",)
    text, pages = knowledge.document_text(STAFF, document_id, 1)
    assert text[best.start : best.end] == best.text == PAGES[0]
    assert best.spans == (pages[0],)
    assert text[pages[1].start : pages[1].end] == PAGES[1]


def test_similarity_is_the_cosine_of_question_and_chunk(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Handbook.pdf", PAGES)
    question = "lost laptop"
    vectors = library.embedder.embed([question, PAGES[1]])
    best = knowledge.search(STAFF, question)[0]
    assert best.similarity == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-3)


def test_code_is_found_by_its_letters(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Handbook.pdf", PAGES)
    assert knowledge.search(STAFF, "hr-2024-07")[0].page == 2


def test_new_version_replaces_the_old_one_in_every_search(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Handbook.pdf", PAGES)
    library.put("Handbook.pdf", ["Employees receive 30 days of annual leave each year.", PAGES[1]])
    found = knowledge.search(STAFF, "annual leave days")
    assert {passage.version for passage in found} == {2}
    assert found[0].text == "Employees receive 30 days of annual leave each year."


def test_version_that_is_not_whole_yet_is_not_found(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Handbook.pdf", PAGES)
    pages = ["Employees receive 40 days of annual leave each year."]
    _, job = library.accept("Handbook.pdf", pages)
    library.store.claim(job)
    library.read(job, "Handbook.pdf", pages)
    found = knowledge.search(STAFF, "annual leave days 40")
    assert {passage.version for passage in found} == {1}


def test_deleted_document_no_longer_answers(library: Library, knowledge: KnowledgeBase, editor: Person) -> None:
    document_id = library.put("Handbook.pdf", PAGES)
    library.put("Canteen.pdf", ["The canteen opens at eight."])
    assert knowledge.search(STAFF, "annual leave")[0].document_id == document_id
    knowledge.delete(editor, document_id)
    assert {passage.document for passage in knowledge.search(STAFF, "annual leave")} == {"Canteen.pdf"}


def test_deletion_in_one_process_reaches_the_vectors_that_another_keeps(
    library: Library, knowledge: KnowledgeBase, editor: Person
) -> None:
    document_id = library.put("Handbook.pdf", PAGES)
    other = KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )
    assert other.search(STAFF, "canteen meals")
    knowledge.delete(editor, document_id)
    assert other.search(STAFF, "canteen meals") == []


def test_several_queries_are_fused(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Handbook.pdf", PAGES)
    found = knowledge.retrieve(STAFF, ["vegetarian meals", "lost laptop"], k=2)
    assert {passage.page for passage in found} == {2, 3}


def test_vectors_of_the_caller_are_used(library: Library, knowledge: KnowledgeBase) -> None:
    library.put("Handbook.pdf", PAGES)
    vectors = library.embedder.embed([PAGES[2]])
    found = knowledge.retrieve(STAFF, ["zzz"], k=1, query_vectors=vectors)
    assert found[0].page == 3
    assert found[0].similarity == pytest.approx(1.0, abs=1e-2)


@pytest.mark.parametrize("strange", ["", "  ", '"', "*", "NEAR(", "😀", "x" * 100_000, "\0", "a AND OR NOT ("])
def test_hostile_queries_do_no_harm(library: Library, knowledge: KnowledgeBase, strange: str) -> None:
    library.put("Handbook.pdf", PAGES)
    found = knowledge.search(STAFF, strange)
    assert len(found) in (0, 3)


def test_all_spaces_are_searched_together(library: Library, knowledge: KnowledgeBase, editor: Person) -> None:
    library.put("Handbook.pdf", PAGES[:2])
    space = knowledge.add_space(editor, "canteen")
    library.put("Canteen.pdf", PAGES[2:], space.id)
    found = knowledge.search(STAFF, "vegetarian meals")
    assert [passage.space for passage in found] == [space.id, "general", "general"]
    exact = knowledge._exact.of(EMBEDDED).nearest([space.id], library.embedder.embed(["x"]), 9)
    assert [row for row, _ in exact[0]] == [3]


def test_empty_knowledge_base_finds_nothing(knowledge: KnowledgeBase) -> None:
    assert knowledge.search(STAFF, "annual leave") == []


def test_exact_search_equals_sorting_by_cosine(library: Library, knowledge: KnowledgeBase) -> None:
    texts = [f"Paragraph {n} speaks about topic {n % 7} and number {n * n}." for n in range(60)]
    library.put("Long.pdf", texts)
    vectors = library.embedder.embed(texts)
    query = library.embedder.embed(["topic 3 and number 25"])
    order = np.argsort(-(vectors @ query[0]))[:10]
    exact = knowledge._exact.of(EMBEDDED).nearest(["general"], query, 10)[0]
    assert [row - 1 for row, _ in exact] == pytest.approx(order.tolist())


@pytest.mark.parametrize(
    "asked",
    [
        "leave",
        "ANNUAL LEAVE DAYS?!",
        "annual leave " * 300,
        "27",
        "Wie viele Urlaubstage habe ich?",
        "休暇は何日ですか",
        "SELECT * FROM documents; DROP TABLE chunks; --",
        "^(annual|leave)+.*[0-9]{2}$",
        'NEAR("annual" leave, 5) OR title:leave* NOT -day',
        "FY'26 (fy2026)",
    ],
)
def test_whatever_a_question_looks_like_it_is_searched(library: Library, knowledge: KnowledgeBase, asked: str) -> None:
    library.put("Handbook.pdf", PAGES)
    assert len(knowledge.search(STAFF, asked)) == len(PAGES)


@pytest.mark.parametrize(
    "asked", ["leave", "ANNUAL LEAVE DAYS", "annual leave " * 300, "27", "How mutch anual leeve do I get?"]
)
def test_one_word_capitals_a_very_long_question_a_number_and_typos_find_their_page(
    library: Library, knowledge: KnowledgeBase, asked: str
) -> None:
    library.put("Handbook.pdf", PAGES)
    assert knowledge.search(STAFF, asked)[0].page == 1


def test_neighbouring_chunks_come_as_one_passage_that_is_exactly_the_text_between_its_ends(
    library: Library, knowledge: KnowledgeBase
) -> None:
    document_id = library.put("Leave.md", [PAGES[0], "Annual leave of five days may be carried over."])
    with library.database.write() as session:
        session.execute(update(ChunkRow).values(page_from=1, page_to=1))
    found = knowledge.search(STAFF, "annual leave")
    text, _ = knowledge.document_text(STAFF, document_id, 1)
    assert [(passage.start, passage.end) for passage in found] == [(0, len(text))]
    assert found[0].text == text
    assert found[0].chunk_id == f"{document_id}:1:0"


def test_two_editions_of_a_policy_are_told_apart_by_the_year_that_is_asked_for(
    library: Library, knowledge: KnowledgeBase
) -> None:
    for year, cost in (("2026", 120), ("2024", 100)):
        library.put(
            f"Travel policy {year}.pdf", [f"A hotel may cost {cost} euros a night, and meals are paid as well."]
        )
    newest = knowledge.search(STAFF, "What may a hotel cost?", 1)
    asked = knowledge.search(STAFF, "What might a hotel cost in 2024?", 2)
    assert [passage.document for passage in newest] == ["Travel policy 2026.pdf"]
    assert {passage.document for passage in asked} == {"Travel policy 2024.pdf", "Travel policy 2026.pdf"}


def _report(company: str, year: int, figures: Mapping[str, int]) -> list[str]:
    """Forty pages of a company's report, most of which speak of the company and the year."""
    cover = f"{company} Incorporated. Annual report for the year {year}. Contents: letter, figures, {company} abroad."
    said = [f"{company} and the year {year}, part {n}: what {company} did in {year} in town {n}." for n in range(37)]
    return [cover, *said, *(f"{words} amounted to EUR {figure} million." for words, figure in figures.items())]


def test_named_long_document_is_searched_for_what_is_asked_of_it(library: Library, knowledge: KnowledgeBase) -> None:
    for code, company, year, cash in (("ACM 2021", "Acme", 2021, 31), ("ACM 2022", "Acme", 2022, 47)):
        library.put(f"{code}.pdf", _report(company, year, {"Dividends": cash + 1, "Money in the bank": cash}))
    library.put("BLT 2022.pdf", _report("Bolt", 2022, {"Dividends": 12, "Money in the bank": 11}))
    best = knowledge.search(STAFF, "How much cash did Acme have at the end of 2022?")[0]
    assert (best.document, best.page) == ("ACM 2022.pdf", 40)
    assert knowledge.search(STAFF, "How much cash does Acme have by its latest report?")[0].document == "ACM 2022.pdf"
    assert knowledge.search(STAFF, "How much cash did Bolt have in 2022?")[0].text.endswith("11 million.")
