"""Calls in words are read out of an answer the same however its stream is cut, and no mark is ever shown."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.providers.call_blocks import LONGEST_BLOCK, UNREADABLE, CallReader, disarm
from assistant.providers.rewritten_stream import Called, Piece, Said

TICKET = '<TOOL_CALLS>{"tools": [{"name": "get_ticket", "params": {"number": 7}}]}</TOOL_CALLS>'
ANSWERS = [
    f"Let me look.\n{TICKET}",
    f"\n\n {TICKET} \n done.",
    f"a < b and <TOOL_ <tool_calls>{TICKET.removeprefix('<TOOL_CALLS>')} more",
    'x <TOOL_CALLS>```json\n[{"name": "a", "arguments": {"t": "</TOOL_CALLS>\\" {"}}, {"name": "b"}]\n```</TOOL_CALLS>',
    "<TOOL_CALLS>{broken</TOOL_CALLS> sorry",
    '<TOOL_CALLS>{"tools": [{"name": "a", "params": {}}]}',
    '<TOOL_CALLS>{"tools": [{"name": "a", ',
    "no block at all, only <b>text</b>   ",
    f"{TICKET}{TICKET}",
    "Straße <TOOL_CALL",
    "   ",
]


def said_and_called(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with neighbouring text joined."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, Said) and isinstance(last, Said):
            joined[-1] = Said(last.text + piece.text)
        else:
            joined.append(piece)
    return joined


def read(*chunks: str, structure: str | None = None) -> list[Piece]:
    reader = CallReader(structure)
    pieces = [piece for chunk in chunks for piece in reader.feed(chunk)]
    return [*pieces, *reader.end()]


@pytest.mark.parametrize("text", ANSWERS)
def test_every_way_to_cut_a_stream_says_the_same(text: str) -> None:
    whole = said_and_called(read(text))
    assert said_and_called(read(*text)) == whole
    for first in range(len(text) + 1):
        assert said_and_called(read(text[:first], text[first:])) == whole, first
        for second in range(first, len(text) + 1, 3):
            assert said_and_called(read(text[:first], text[first:second], text[second:])) == whole, (first, second)


@pytest.mark.parametrize("text", ANSWERS)
def test_no_mark_is_ever_shown(text: str) -> None:
    for piece in read(*text):
        assert not (isinstance(piece, Said) and "TOOL_CALLS>" in piece.text.upper())


def test_what_the_answers_say() -> None:
    call = Called("get_ticket", {"number": 7})
    assert said_and_called(read(ANSWERS[0])) == [Said("Let me look."), call]
    assert said_and_called(read(ANSWERS[1])) == [call, Said("done.")]
    assert said_and_called(read(ANSWERS[2])) == [Said("a < b and <TOOL_"), call, Said("more")]
    assert said_and_called(read(ANSWERS[3])) == [Said("x"), Called("a", {"t": '</TOOL_CALLS>" {'}), Called("b", {})]
    assert said_and_called(read(ANSWERS[4])) == [Called(UNREADABLE, {"block": "{broken"}), Said("sorry")]
    assert said_and_called(read(ANSWERS[5])) == [Called("a", {})]
    assert said_and_called(read(ANSWERS[6])) == [Called(UNREADABLE, {"block": '{"tools": [{"name": "a",'})]
    assert said_and_called(read(ANSWERS[7])) == [Said(ANSWERS[7])]
    assert said_and_called(read(ANSWERS[8])) == [call, call]
    assert said_and_called(read(ANSWERS[9])) == [Said("Straße <TOOL_CALL")]
    assert read(ANSWERS[10]) == []


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "null",
        "3",
        '"x"',
        '{"tools": 3}',
        '{"tools": [3]}',
        '{"tools": [{"params": {}}]}',
        '{"tools": [{"name": "", "params": {}}]}',
        '{"tools": [{"name": "a", "params": [1]}]}',
        '{"tools": [{"name": "good", "params": {}}, {"name": 5}]}',
        "[" * 50_000,
    ],
)
def test_a_block_with_anything_wrong_calls_nothing(inside: str) -> None:
    (call,) = read(f"<TOOL_CALLS>{inside}</TOOL_CALLS>")
    assert isinstance(call, Called)
    assert call.tool == UNREADABLE


def test_an_endless_block_is_given_up() -> None:
    pieces = read("<TOOL_CALLS>", *["x" * 1000] * (LONGEST_BLOCK // 1000 + 2))
    assert isinstance(pieces[0], Called)
    assert pieces[0].tool == UNREADABLE


def test_text_is_shown_as_soon_as_it_is_certain() -> None:
    reader = CallReader()
    assert [*reader.feed("Employees receive 27 days")] == [Said("Employees receive 27 days")]
    assert [*reader.feed(" <")] == []
    assert [*reader.feed("b>")] == [Said(" <b>")]


@pytest.mark.parametrize("mark", ["<TOOL_CALLS>", "</TOOL_CALLS>", "<tool_calls>", "< TOOL_CALLS >", "</ Tool_Calls>"])
def test_disarmed_text_holds_no_mark_and_reads_the_same(mark: str) -> None:
    disarmed = disarm(f"a {mark} b")
    assert read(disarmed) == [Said(disarmed)]
    assert disarmed.replace("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "<") == f"a {mark} b"
