from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import UnreadableDocument
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
Write = Callable[[str, str | bytes], Path]
HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}}"
    r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 Titel 1;}{\s2 heading 2;}}"
    r"{\info{\title Leave guide}{\author Ann}}{\header Page one of all}{\*\generator Writer;}"
)


def test_headings_lists_and_tables_are_kept(read: Read, write: Write) -> None:
    document = read(
        write(
            "a.rtf",
            HEAD + r"\pard\s1 Leave\par\pard\s2 Notice\par\pard Ask early.\par"
            r"{\listtext\pard 1.\tab}\pard\ls1 Open the form\par{\listtext\pard 2.\tab}Send it\par"
            r"\pard\trowd\intbl Site\cell Days\cell Notice\cell\row Graz\cell 27\cell 4 weeks\cell\row\pard Done.\par}",
        )
    )
    assert document.text.split("\n\n") == [
        "Leave",
        "Notice",
        "Ask early.",
        "1. Open the form\n2. Send it",
        "Site: Graz; Days: 27; Notice: 4 weeks",
        "Done.",
    ]
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Leave"), (2, "Notice")]
    assert document.title == "Leave guide"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"Gr\'fc\'dfe", "Grüße"),
        (r"\f1 \'cf\'f0\'e8\'e2\'e5\'f2\f0  ab", "Привет ab"),
        (r"\u8364?50 \uc0\u8364 50 \uc2\u8364\'80\'81!", "€50 €50 €!"),
        (r"ab\u-10240?\u-8398?", "ab\U00010332"),
        ("one\\\ntwo", "one\n\ntwo"),
        (r"a\~b\_c \{x\} \emdash  y", "a b-c {x} — y"),
        (r'{\field{\*\fldinst HYPERLINK "http://x.example"}{\fldrslt the form}} here', "the form here"),
        (r"{\pict\wmetafile8 010203}text", "text"),
        (r"{\*\unheard of}text{\comment }", "text"),
        (r"\bin5 \}\}\}text", "text"),
        (r"{\i0\*\cs7 text}", "text"),
    ],
)
def test_letters_of_all_kinds_are_read(read: Read, write: Write, written: str, text: str) -> None:
    document = read(write("a.rtf", HEAD + r"\pard " + written + r"\par}"))
    assert document.text == text


@pytest.mark.parametrize(
    "content",
    [
        r"{\rtf1 " + "{" * 1_000_000,
        r"{\rtf1 " + "{x" * 100_000 + "}" * 100_000,
    ],
)
def test_groups_without_end_are_refused(read: Read, write: Write, content: str) -> None:
    with pytest.raises(UnreadableDocument, match="nested deeper"):
        read(write("a.rtf", content))


@pytest.mark.parametrize(
    "content",
    [
        r"{\rtf1" + "}" * 100_000 + " text}",
        r"{\rtf1\ansicpg99999999 \u9999999999 \bin-5 \uc999 \fcharset7\f9 text",
        r"{\rtf1 text\bin2147483647 gone}",
        r"{\rtf1 text\'zz\'\\\{" + "\\",
        r"{\rtf1" + r"\par" * 100_000 + r" text\cell\row}",
    ],
)
def test_broken_marks_cost_no_text(read: Read, write: Write, content: str) -> None:
    assert "text" in read(write("a.rtf", content)).text
