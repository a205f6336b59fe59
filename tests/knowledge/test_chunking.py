from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.knowledge.chunking import MAX_TOKENS, chunk, contextual_text, page_spans
from assistant.library import Heading, ParsedDocument, ParsedPage
from assistant.providers.minilm import MiniLM

SENTENCE = "Employees who travel for the company book economy class in the portal of the travel office. "
STEPS = "\n".join(f"{n}. Open form number {n} and fill in every field of it." for n in range(1, 9))


def document(*pages: str, headings: Sequence[tuple[int, str]] = (), numbered: bool = True) -> ParsedDocument:
    text = "\n".join(pages)
    found: list[Heading] = []
    for level, words in headings:
        after = found[-1].start + 1 if found else 0
        found.append(Heading(text.index(words, after), level, words))
    parsed = tuple(ParsedPage(n if numbered else None, page) for n, page in enumerate(pages, 1))
    return ParsedDocument("Policy", parsed, tuple(found))


def squeezed(text: str) -> str:
    return "".join(text.split())


LONG = document(
    "Cover\n" + SENTENCE * 30,
    "Steps\nDo this:\n" + STEPS + "\n" + SENTENCE * 3,
    "x" * 3000 + " " + "word; " * 900 + "漢字" * 900,
    headings=[(1, "Cover"), (1, "Steps")],
)


def test_chunks_are_exact_spans_that_cover_everything_once(embedder: MiniLM) -> None:
    chunks = chunk(LONG, embedder.token_counts, LONG.title)
    assert [one.number for one in chunks] == list(range(len(chunks)))
    assert all(one.text == LONG.text[one.start : one.end] == one.text.strip() for one in chunks)
    assert squeezed("".join(one.text for one in chunks)) == squeezed(LONG.text)


def test_no_chunk_is_longer_than_the_embedder_reads(embedder: MiniLM) -> None:
    long_path = document("Head " * 60 + "\n" + SENTENCE * 20, headings=[(1, ("Head " * 60).strip())])
    for parsed in (LONG, long_path):
        chunks = chunk(parsed, embedder.token_counts, "A long title " * 30)
        texts = [contextual_text("A long title " * 30, one.heading_path, one.text) for one in chunks]
        assert max(embedder.token_counts(texts)) <= MAX_TOKENS


def test_prose_is_cut_at_sentences_into_chunks_of_about_equal_size(embedder: MiniLM) -> None:
    chunks = chunk(document(SENTENCE * 25), embedder.token_counts, "Policy")
    assert all(one.text.endswith("office.") for one in chunks)
    sizes = [len(one.text) for one in chunks]
    assert min(sizes) > 500
    assert max(sizes) <= 1250


def test_a_chunk_never_crosses_a_heading_and_knows_its_path(embedder: MiniLM) -> None:
    parsed = document(
        "Leave\nDays\nThere are 27 days.\nCarrying over\nUnused days lapse.\nTravel\nTake the train.",
        headings=[(1, "Leave"), (2, "Days"), (2, "Carrying over"), (1, "Travel")],
    )
    assert [(one.heading_path, one.text) for one in chunk(parsed, embedder.token_counts, "Policy")] == [
        (("Leave", "Days"), "Leave\nDays\nThere are 27 days."),
        (("Leave", "Carrying over"), "Carrying over\nUnused days lapse."),
        (("Travel",), "Travel\nTake the train."),
    ]


def test_a_heading_at_the_very_end_is_kept(embedder: MiniLM) -> None:
    parsed = document("Leave\nThere are 27 days.\nAnnex", headings=[(1, "Leave"), (1, "Annex")])
    assert [one.text for one in chunk(parsed, embedder.token_counts, "Policy")][-1] == "Annex"


def test_a_numbered_list_stays_whole_with_its_lead_in(embedder: MiniLM) -> None:
    text = SENTENCE * 8 + "\n\nTo claim, do this:\n" + STEPS + "\n\n" + SENTENCE * 8
    holding = [one for one in chunk(document(text), embedder.token_counts, "Policy") if "1. Open" in one.text]
    assert len(holding) == 1
    assert "To claim, do this:" in holding[0].text
    assert "8. Open" in holding[0].text


def test_a_list_longer_than_a_chunk_is_cut_between_its_items(embedder: MiniLM) -> None:
    items = "\n".join(f"{n}. Open form number {n} and fill in every field of it carefully." for n in range(1, 60))
    chunks = chunk(document("Do this:\n" + items), embedder.token_counts, "Policy")
    assert len(chunks) > 2
    assert all(one.text.endswith("carefully.") for one in chunks)


def test_table_rows_are_never_cut(embedder: MiniLM) -> None:
    rows = [f"Article: A-{n}; Product: Balance number {n}; Price EUR: {n * 100}" for n in range(60)]
    chunks = chunk(document("\n".join(rows)), embedder.token_counts, "Prices")
    assert [row for one in chunks for row in one.text.split("\n")] == rows


def test_pages_of_a_chunk_are_told(embedder: MiniLM) -> None:
    parsed = document("First page ends in the middle of", "a sentence that goes on here.")
    (only,) = chunk(parsed, embedder.token_counts, "Policy")
    assert (only.page_from, only.page_to) == (1, 2)
    assert [(span.number, parsed.text[span.start : span.end]) for span in page_spans(parsed)] == [
        (1, parsed.pages[0].text),
        (2, parsed.pages[1].text),
    ]


def test_sheets_are_not_mixed(embedder: MiniLM) -> None:
    parsed = document("Room: Mira; Seats: 6", "Phone: A; Price: 9", numbered=False)
    chunks = chunk(parsed, embedder.token_counts, "Rooms")
    assert [(one.text, one.page_from) for one in chunks] == [
        ("Room: Mira; Seats: 6", None),
        ("Phone: A; Price: 9", None),
    ]


@pytest.mark.parametrize("text", ["a", "\n\na", "...", "1.", "a\n" * 400, "🙂" * 2000, "ab" * 4000])
def test_odd_texts_are_covered(embedder: MiniLM, text: str) -> None:
    chunks = chunk(document(text), embedder.token_counts, "t")
    assert squeezed("".join(one.text for one in chunks)) == squeezed(text)


def test_the_context_line_names_title_and_headings_once_and_stays_short() -> None:
    assert contextual_text("Policy", ["Policy", "Leave"], "27 days.") == "Policy > Leave\n27 days."
    assert contextual_text("Policy", [], "27 days.") == "Policy\n27 days."
    line = contextual_text("Policy", ["first " * 40, "second " * 40, "Leave"], "x").split("\n")[0]
    assert line == "Policy > Leave"


def test_many_headings_whose_words_stand_nowhere_are_not_looked_for_in_the_whole_text() -> None:
    text = "word\n" * 40_000
    headings = tuple(Heading(at * 5, 1, "nowhere to be found") for at in range(40_000))
    chunks = chunk(ParsedDocument("t", (ParsedPage(None, text),), headings), lambda texts: [3] * len(texts), "t")
    assert sum(len(one.text) for one in chunks) >= 4 * 40_000
