"""Sentences of an answer are looked up while it streams; what is not found is marked, or a note stands in its place."""

from __future__ import annotations

import pytest

from assistant.chat.checking import NOTE, Checked
from assistant.chat.citations import CitationResolver
from assistant.domain import Citation, Passage, Support, Unsupported

LEAVE = "Full-time employees receive 27 days of annual leave. Up to 5 days carry over to March. Ask your manager first."
NOTICE = "The notice period is three months. During probation it is two weeks."
INVENTED = "Unused leave is sold to colleagues at a fair."


def passage(text: str, name: str) -> Passage:
    return Passage(name, name, name, name, 1, "general", 0, len(text), 4, (), text, 1.0, 0.8)


class Read:
    """An answer that was read in pieces of some size."""

    def __init__(self, text: str, unsupported: Unsupported = "mark", size: int | None = None, asked: str = "") -> None:
        passages = (passage(LEAVE, "Handbook.pdf"), passage(NOTICE, "Contract.pdf"))
        self.checked = Checked(CitationResolver(passages), passages, unsupported, 0, asked)
        step = size or len(text) or 1
        self.pieces = [self.checked.feed(text[at : at + step]) for at in range(0, len(text), step)]
        self.pieces.append(self.checked.finish())

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def support(self) -> tuple[Support, ...]:
        return self.checked.support

    @property
    def citations(self) -> tuple[Citation, ...]:
        return self.checked.citations

    def told(self) -> list[tuple[str, bool, int | None]]:
        return [(self.text[one.start : one.end], one.found, one.n) for one in self.support]


def test_each_sentence_is_tied_to_the_citation_that_bears_it_out() -> None:
    read = Read("The notice period is three months. [2] Up to 5 days carry over to March. [1]")
    assert read.told() == [
        ("The notice period is three months. [1]", True, 1),
        ("Up to 5 days carry over to March. [2]", True, 2),
    ]
    assert all(one.verbatim and one.score == 1 for one in read.support)


def test_a_sentence_without_a_marker_is_given_the_source_that_says_it() -> None:
    read = Read("The notice period is three months. Up to 5 days carry over to March. [1]")
    assert [n for _, _, n in read.told()] == [1, 2]
    assert [one.quote for one in read.citations] == [
        "The notice period is three months.",
        "Up to 5 days carry over to March.",
    ]
    assert read.text.endswith("March. [2]")


def test_the_wrong_marker_does_not_hide_the_right_source() -> None:
    read = Read("Up to 5 days carry over to March. [2]")
    assert read.told() == [("Up to 5 days carry over to March. [1]", True, 2)]
    assert read.citations[1].document == "Handbook.pdf"


def test_a_marker_alone_makes_nothing_found() -> None:
    read = Read(f"{INVENTED} [1] During probation the notice is nine weeks. [2]")
    assert [(found, n) for _, found, n in read.told()] == [(False, None), (False, None)]
    assert INVENTED in read.text


def test_what_states_nothing_is_not_looked_up() -> None:
    assert Read("Hello! Here are the steps:\n\nWhich site do you mean?").support == ()


def test_without_passages_nothing_is_looked_up() -> None:
    checked = Checked(CitationResolver([]), [], "withhold", 0, "")
    assert checked.feed("Employees get 40 days. Really.") + checked.finish() == "Employees get 40 days. Really."
    assert checked.support == ()


def test_a_result_of_the_calculator_needs_no_passage() -> None:
    read = Read("", asked="What is 27 times 3?")
    read.checked.calculated("27 * 3", "81")
    text = read.checked.feed("That makes 81 days. It makes 82 days. ") + read.checked.finish()
    assert [(text[one.start : one.end], one.found) for one in read.support] == [("It makes 82 days.", False)]


def test_a_figure_that_was_only_repeated_is_no_result() -> None:
    read = Read("")
    read.checked.calculated("40", "40")
    read.checked.feed("Employees get 40 days. ")
    read.checked.finish()
    assert [one.found for one in read.support] == [False]


def test_left_out_a_note_stands_in_the_place_of_a_sentence() -> None:
    read = Read(f"The notice period is three months. [2] {INVENTED} [1] Ask your manager first. [1]", "withhold")
    assert read.text == f"The notice period is three months. [1] {NOTE} Ask your manager first. [2]"
    assert [found for _, found, _ in read.told()] == [True, False, True]
    assert read.told()[1] == (NOTE, False, None)


def test_left_out_sentences_in_a_row_share_a_note() -> None:
    read = Read(f"{INVENTED} {INVENTED} Ask your manager first.", "withhold")
    assert read.text == f"{NOTE} Ask your manager first."
    assert [found for _, found, _ in read.told()] == [False, False, True]


def test_the_sources_of_what_is_left_out_are_not_told_and_leave_no_gap() -> None:
    read = Read(f"{INVENTED} [2] Ask your manager first. [1]", "withhold")
    assert read.text.endswith("Ask your manager first. [1]")
    assert [(one.n, one.document) for one in read.citations] == [(1, "Handbook.pdf")]


def test_a_note_takes_the_place_of_emphasis_at_the_beginning_too() -> None:
    assert Read("**Guests** get a free limousine.", "withhold").text == NOTE
    assert Read("- **Guests** get a free limousine.\n", "withhold").text == f"- {NOTE}\n"


def test_left_out_of_a_list_or_a_table_the_rest_keeps_its_form() -> None:
    steps = Read(f"1. Ask your manager first. [1]\n2. {INVENTED}\n", "withhold")
    assert steps.text == f"1. Ask your manager first. [1]\n2. {NOTE}\n"
    table = Read("| Leave | Days |\n|---|---|\n| annual leave | 27 days |\n| bridge days | 99 days |\n", "withhold")
    assert table.text == f"| Leave | Days |\n|---|---|\n| annual leave | 27 days |\n| {NOTE} |\n"


def test_nothing_is_shown_that_is_left_out_later() -> None:
    for size in (1, 3, 8):
        read = Read(f"Ask your manager first. [1] {INVENTED} [1] Up to 5 days carry over to March.", "withhold", size)
        assert "colleagues" not in read.text


@pytest.mark.parametrize("unsupported", ["mark", "withhold"])
@pytest.mark.parametrize("size", [1, 2, 5, 11])
def test_pieces_of_any_size_give_the_same_text_support_and_citations(unsupported: Unsupported, size: int) -> None:
    text = f"Ask your manager first. {INVENTED} [2]\n\n- The notice period is three months. [2]\n- `code [1]` [1] end"
    whole, pieces = Read(text, unsupported), Read(text, unsupported, size)
    assert pieces.text == whole.text
    assert pieces.support == whole.support
    assert pieces.citations == whole.citations


def test_what_looks_like_the_note_is_looked_up_like_any_sentence() -> None:
    read = Read(f"{INVENTED} {NOTE}", "mark")
    assert not read.support[0].found
