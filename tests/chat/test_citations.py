"""Markers of a model become numbered citations with verbatim quotes, while the text streams."""

from __future__ import annotations

import pytest

from assistant.chat.citations import CitationResolver
from assistant.domain import PageSpan, Passage

LEAVE = "Full-time employees receive 27 days of annual leave. Up to 5 days carry over to March. Ask your manager first."
NOTICE = "The notice period is three months. During probation it is two weeks."


def passage(text: str, *, start: int = 0, name: str = "Handbook.pdf", spans: tuple[PageSpan, ...] = ()) -> Passage:
    return Passage(
        chunk_id=f"{name}:1:{start}",
        document_id=name,
        document=name,
        title=name,
        version=1,
        space="general",
        start=start,
        end=start + len(text),
        page=4,
        heading_path=("Leave",),
        text=text,
        score=1.0,
        similarity=0.8,
        spans=spans,
    )


def resolved(text: str, *passages: Passage, size: int | None = None) -> tuple[str, CitationResolver]:
    resolver = CitationResolver(passages or (passage(LEAVE), passage(NOTICE, name="Contract.pdf")))
    step = size or len(text) or 1
    pieces = [resolver.feed(text[at : at + step]).text for at in range(0, len(text), step)]
    return "".join(pieces) + resolver.finish().text, resolver


def quotes(resolver: CitationResolver) -> list[str]:
    return [citation.quote for citation in resolver.citations]


def test_numbers_follow_the_order_of_first_appearance() -> None:
    text, resolver = resolved(
        "The notice period is three months. [2] Full-time employees receive 27 days of annual leave. [1]"
    )
    assert text.endswith("three months. [1] Full-time employees receive 27 days of annual leave. [2]")
    assert [citation.document for citation in resolver.citations] == ["Contract.pdf", "Handbook.pdf"]
    assert [citation.n for citation in resolver.citations] == [1, 2]


def test_the_quote_is_the_sentence_before_the_marker() -> None:
    _, resolver = resolved("Up to 5 days carry over to March. [1]")
    assert quotes(resolver) == ["Up to 5 days carry over to March."]


def test_a_quote_counts_in_the_text_of_the_document() -> None:
    _, resolver = resolved("Up to 5 days carry over to March [1].", passage(LEAVE, start=1000))
    citation = resolver.citations[0]
    assert LEAVE[citation.start - 1000 : citation.end - 1000] == citation.quote == "Up to 5 days carry over to March."


def test_line_breaks_of_the_page_do_not_hide_a_sentence() -> None:
    _, resolver = resolved(
        "Full-time employees receive 27 days of annual leave. [1]",
        passage("Intro.\nFull-time employees\nreceive 27   days of annual leave.\nMore."),
    )
    assert quotes(resolver) == ["Full-time employees\nreceive 27   days of annual leave."]


def test_a_paraphrase_is_quoted_by_the_sentence_most_like_it() -> None:
    _, resolver = resolved("You can take 5 unused days into the next year, until March. [1]")
    assert quotes(resolver) == ["Up to 5 days carry over to March."]


def test_a_figure_weighs_more_than_common_words() -> None:
    _, resolver = resolved("Employees in full time get 27. [1]")
    assert "27" in quotes(resolver)[0]


def test_an_answer_in_other_words_altogether_quotes_the_passage() -> None:
    _, resolver = resolved("Urlaub. [1]", passage("Annual leave is granted."))
    assert quotes(resolver) == ["Annual leave is granted."]


def test_neighbouring_sentences_of_one_passage_share_a_citation_that_grows() -> None:
    text, resolver = resolved(
        "Full-time employees receive 27 days of annual leave. [1] Up to 5 days carry over to March. [1]"
    )
    assert text.count("[1]") == 2
    assert quotes(resolver) == [LEAVE.removesuffix(" Ask your manager first.")]


def test_the_steps_of_a_list_share_a_citation_that_grows_over_the_list_marks() -> None:
    steps = "1. Open the portal.\n2. Choose the first day of leave.\n3. Press Send and wait."
    text, resolver = resolved(
        "1. Open the portal. [1]\n2. Choose the first day of leave. [1]\n3. Press Send and wait. [1]", passage(steps)
    )
    assert quotes(resolver) == [steps.removeprefix("1. ")]
    assert text.count("[1]") == 3


def test_distant_sentences_of_one_passage_are_citations_of_their_own() -> None:
    text, resolver = resolved("Full-time employees receive 27 days of annual leave. [1] Ask your manager first. [1]")
    assert text.endswith("first. [2]")
    assert quotes(resolver) == ["Full-time employees receive 27 days of annual leave.", "Ask your manager first."]


def test_the_same_sentence_cited_again_keeps_its_number() -> None:
    sentence = "Full-time employees receive 27 days of annual leave."
    text, resolver = resolved(f"{sentence} [1]\n\nAsk your manager first. [1]\n\nSo again: {sentence} [1]")
    assert text.endswith("annual leave. [1]")
    assert len(resolver.citations) == 2


def test_a_number_already_shown_never_changes_and_quotes_only_grow() -> None:
    text = "Full-time employees receive 27 days of annual leave. [1] Up to 5 days carry over to March. [1][2] Bye. [2]"
    resolver = CitationResolver([passage(LEAVE), passage(NOTICE, name="Contract.pdf")])
    seen: dict[int, str] = {}
    for char in text:
        resolver.feed(char)
        for citation in resolver.citations:
            assert seen.get(citation.n, "") in citation.quote
            seen[citation.n] = citation.quote
    assert sorted(seen) == [1, 2]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11])
@pytest.mark.parametrize(
    "text",
    [
        "Up to 5 days carry over to March. [1] The notice period is three months. [2] End.",
        "Both [1, 2] and [1][2] and [9] and `a[1]` and [1](http://x) and ![2](y) and \\[1] end",
        "Line\n\n- 27 days [1]\n- three months [2]\n\n```\nx[1]\n```\nAfter [1].",
        "Lone ` tick [1]\n\nNext [2] and 【1†source】 and 【2】 too, [ 1 ; 2 ] [x] [1",
    ],
)
def test_pieces_of_any_size_give_the_same_text_and_citations(text: str, size: int) -> None:
    whole_text, whole = resolved(text)
    pieces_text, pieces = resolved(text, size=size)
    assert pieces_text == whole_text
    assert pieces.citations == whole.citations
    assert pieces.dropped == whole.dropped


def test_nothing_of_half_a_marker_is_shown() -> None:
    resolver = CitationResolver([passage(LEAVE)])
    assert resolver.feed("27 days of leave. [").text == "27 days of leave."
    assert resolver.feed("1").text == ""
    assert resolver.feed("]").text == ""
    piece = resolver.feed(" Next")
    assert piece.text == " [1] Next"
    assert piece.changed


def test_a_bracket_that_turns_out_to_be_text_is_shown_as_it_is() -> None:
    text, resolver = resolved("See [1 of 3] and [a] and list[] and [", size=1)
    assert text == "See [1 of 3] and [a] and list[] and ["
    assert resolver.citations == ()


def test_a_marker_without_passage_is_dropped_and_counted() -> None:
    text, resolver = resolved("The moon is cheese. [7] Yes [0].")
    assert text == "The moon is cheese. Yes."
    assert resolver.dropped == 2
    assert resolver.citations == ()


def test_known_and_unknown_numbers_in_one_marker_keep_the_known() -> None:
    text, resolver = resolved("Up to 5 days carry over to March. [1, 9]")
    assert text.endswith("March. [1]")
    assert resolver.dropped == 1


def test_two_markers_after_a_sentence_cite_both_passages() -> None:
    text, resolver = resolved("The notice period for leave is three months. [1][2]")
    assert text.endswith("[1][2]")
    assert {citation.document for citation in resolver.citations} == {"Handbook.pdf", "Contract.pdf"}


def test_a_list_in_one_marker_is_written_as_single_markers() -> None:
    text, _ = resolved("Employees have three months notice. [1, 2]")
    assert text.endswith("notice. [1][2]")


def test_the_same_number_twice_in_a_row_is_shown_once() -> None:
    text, resolver = resolved("Up to 5 days carry over to March. [1][1]")
    assert text.endswith("March. [1]")
    assert len(resolver.citations) == 1


def test_code_is_left_alone() -> None:
    text, resolver = resolved("Use `rows[1]` here.\n\n```python\nrows[1]\n```\n")
    assert text == "Use `rows[1]` here.\n\n```python\nrows[1]\n```\n"
    assert resolver.citations == ()


def test_a_lone_backtick_does_not_swallow_the_next_paragraph() -> None:
    text, resolver = resolved("A ` tick.\n\nUp to 5 days carry over to March. [1]")
    assert text.endswith("[1]")
    assert len(resolver.citations) == 1


def test_links_images_and_escapes_are_left_alone() -> None:
    written = "[1](https://example.test) ![2](x.png) \\[1]"
    text, resolver = resolved(written)
    assert text == written
    assert resolver.citations == ()


def test_brackets_of_other_model_families_are_markers_too() -> None:
    text, _ = resolved("Up to 5 days carry over to March.【1†Handbook.pdf, p. 4】")
    assert text.endswith("March.[1]")


def test_list_marks_and_emphasis_do_not_hide_a_sentence() -> None:
    _, resolver = resolved("1. **Ask your manager first.** [1]\n- _During probation it is two weeks._ [2]")
    assert quotes(resolver) == ["Ask your manager first.", "During probation it is two weeks."]


def test_a_second_search_gives_passages_that_can_be_cited_later() -> None:
    shelf = [passage(LEAVE)]
    resolver = CitationResolver(shelf)
    shelf.append(passage(NOTICE, name="Contract.pdf"))
    resolver.feed("During probation it is two weeks. [2]")
    resolver.finish()
    assert quotes(resolver) == ["During probation it is two weeks."]


def two_pages(first: str, second: str) -> Passage:
    text = f"{first}\n{second}"
    border = len(first) + 1
    return passage(text, start=500, spans=(PageSpan(4, 100, 500 + border - 1), PageSpan(5, 500 + border, 2000)))


def test_a_quote_stands_on_its_own_page() -> None:
    _, resolver = resolved(
        "Claims are paid monthly. [1] Receipts are kept. [1]",
        two_pages("Claims are paid monthly.", "Receipts are kept."),
    )
    assert [(citation.page, citation.quote) for citation in resolver.citations] == [
        (4, "Claims are paid monthly."),
        (5, "Receipts are kept."),
    ]


def test_a_sentence_over_a_page_border_is_quoted_with_its_larger_part() -> None:
    _, resolver = resolved(
        "Travel above two hundred euros is approved by a director. [1]",
        two_pages("Ask first. Travel above two hundred euros is approved", "by a director."),
    )
    assert [(citation.page, citation.quote) for citation in resolver.citations] == [
        (4, "Travel above two hundred euros is approved")
    ]


def test_a_format_without_pages_gives_none() -> None:
    _, resolver = resolved("Ask your manager first. [1]", passage(LEAVE, spans=(PageSpan(None, 0, len(LEAVE)),)))
    assert resolver.citations[0].page is None


def test_an_answer_without_markers_passes_unchanged() -> None:
    text, resolver = resolved("Hello! What would you like to know?\n", size=4)
    assert text == "Hello! What would you like to know?\n"
    assert (resolver.citations, resolver.dropped) == ((), 0)


def test_a_citation_carries_what_its_own_page_calls_itself() -> None:
    pages = (PageSpan(4, 0, 52, "iv"), PageSpan(5, 53, len(LEAVE)))
    _, resolver = resolved(
        "Full-time employees receive 27 days of annual leave. [1] And so. Ask your manager first. [1]",
        passage(LEAVE, spans=pages),
    )
    assert [(one.page, one.page_label) for one in resolver.citations] == [(4, "iv"), (5, None)]
