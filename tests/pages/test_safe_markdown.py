"""What a model or a document writes can never load, link or draw more than text."""

from __future__ import annotations

import re

import pytest

from pages.components.safe_markdown import blocks, escape, safe

HOSTILE = [
    "![x](http://other.example/p.png?leak=1)",
    "[![x](http://other.example/p.png)](http://other.example)",
    "![x][ref]\n\n[ref]: http://other.example/p.png",
    "<img src=http://other.example/p.png>",
    "<iframe src='http://other.example'></iframe>",
    "[click](http://other.example)",
    "[click](javascript:alert(1))",
    "[click](data:text/html;base64,AAAA)",
    "<http://other.example/auto>",
    "http://other.example/bare and www.other.example/bare",
    "| a |\n|---|\n| ![x](http://other.example/p.png) |",
    "> ![x](http://other.example/p.png)",
    "- ![x](http://other.example/p.png)",
    "**![x](http://other.example/p.png)**",
    "# ![x](http://other.example/p.png)",
    "[1]: http://other.example\n\nText [1]",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_image_link_or_html_survives(text: str) -> None:
    shown = safe(text, numbers=(1,))
    without_code = re.sub(r"`[^`]*`", "", shown)
    assert "http" not in without_code
    assert "www." not in without_code
    assert not re.search(r"(?<!\\)[<\[](?!1\])", without_code.replace(":blue-badge[", ""))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("costs $5 or $6", r"costs \$5 or \$6"),
        (":red[alarm] :smile and me: ask", r"\:red\[alarm\] \:smile and me: ask"),
        (":material/home: :+1: :100: 10:30:45", ":\u2060material/home: :\u2060+1: :\u2060100: 10:30:45"),
        ("at 10:30, see snake_case", "at 10:30, see snake_case"),
        ("27 days of annual leave.", "27 days of annual leave."),
        ("write hr@north.example", "write `hr@north.example`"),
        ("a * b * c", r"a \* b \* c"),
    ],
)
def test_text_is_shown_literally(text: str, shown: str) -> None:
    assert safe(text) == shown


JOINED = [
    r"http\://other.example",
    "http&colon;//other.example",
    "[http:]()//other.example",
    "[http:](x)//other.example",
    "![http:]()//other.example",
    "_http://other.example",
    "1http://other.example",
    "(www.other.example",
    "_www.other.example",
    "[www.]()other.example",
    "[ada]()@other.example",
    "| a | b |\n|---|---|\n| http://x\\|www.other.example | `c\\|www.other.example` |",
]


@pytest.mark.parametrize("text", JOINED)
def test_no_address_is_put_together_from_parts_or_hidden_behind_a_sign(text: str) -> None:
    shown = safe(text)
    without_code = re.sub(r"`[^`]*`", "", shown.replace(r"\|", ""))
    assert not re.search(r"http://|www\.|\S@\S", without_code)


def test_a_bar_in_an_address_ends_no_cell() -> None:
    table = safe("| a | b |\n|---|---|\n| http://x\\|y | z |")
    assert table.splitlines()[-1] == r"| `http://x\|y` | z |"


LINKS = ("wiki.example.com",)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[the wiki](https://wiki.example.com/a?b&c)", "[the wiki](<https://wiki.example.com/a?b&amp;c>)"),
        ("see https://wiki.example.com/a?b&c.", "see <https://wiki.example.com/a?b&c>."),
        ("<https://wiki.example.com/a>", "<https://wiki.example.com/a>"),
        ("[**a** <b>](https://wiki.example.com)", r"[a \<b>](<https://wiki.example.com>)"),
        ("[x](https://evil.example/a)", "x (`https://evil.example/a`)"),
        ("[x](http://wiki.example.com)", "x (`http://wiki.example.com`)"),
        ("[https://wiki.example.com](https://evil.example)", "<https://wiki.example.com> (`https://evil.example`)"),
        (
            "[www.evil.example](https://wiki.example.com)",
            "[www\u2060.evil.example](<https://wiki.example.com>)",
        ),
        ("![x](https://wiki.example.com/p.png)", "x (`https://wiki.example.com/p.png`)"),
        ("[![x](https://wiki.example.com/p.png)](https://wiki.example.com)", "[x](<https://wiki.example.com>)"),
        ("[](https://wiki.example.com)", " (`https://wiki.example.com`)"),
        ("[a](https://\u0440aypal.example)", "a (`https://xn--aypal-uye.example`)"),
        ("`https://wiki.example.com`", "`https://wiki.example.com`"),
    ],
)
def test_only_an_address_of_a_named_host_is_a_link_and_others_stand_behind_their_words(text: str, shown: str) -> None:
    assert safe(text, links=LINKS) == shown


def test_a_long_address_is_shown_in_part() -> None:
    assert len(safe(f"![x](data:image/png;base64,{'A' * 5000})")) < 250


@pytest.mark.parametrize("unit", ["a", "a@", "1.", "http:", ":a", "[", "](", "*a_"])
def test_a_long_text_without_blanks_is_written_all_the_same(unit: str) -> None:
    assert safe(unit * 20_000)


@pytest.mark.parametrize("text", ["# heading", "1. item", "- item", "+ item", "> quote", "=== rule"])
def test_a_label_never_becomes_a_block(text: str) -> None:
    assert "\\" in escape(text)
    assert "\n" not in escape(text + "\nsecond line")


def test_known_markers_become_badges_and_others_stay_text() -> None:
    assert safe("Leave is paid. [2] See [7].", numbers=(1, 2)) == r"Leave is paid. :blue-badge[2] See \[7\]."


def test_lists_keep_their_numbers_and_depth() -> None:
    text = "3. three\n4. four\n   - inner\n   - more"
    assert safe(text) == text


def test_tables_and_emphasis_are_kept() -> None:
    assert safe("| a | b |\n|---|---|\n| *1* | **2** |") == "| a | b |\n| --- | --- |\n| *1* | **2** |"


def test_code_stays_code_and_is_not_drawn_as_a_diagram() -> None:
    assert safe("```mermaid\ngraph TD\n```") == "```text\ngraph TD\n```"
    assert safe("```python\nx = '[1]'\n```", numbers=(1,)) == "```python\nx = '[1]'\n```"


def test_headings_of_an_answer_are_smaller_than_the_pages_own() -> None:
    assert safe("# Big") == "#### Big"


def test_only_the_last_block_changes_while_text_grows() -> None:
    text = "First paragraph.\n\n- one\n- two\n\nLast paragraph grows and ends here."
    grown: list[str] = []
    for end in range(1, len(text) + 1):
        now = blocks(text[:end])
        assert now[: max(0, len(grown) - 1)] == grown[: max(0, len(grown) - 1)]
        grown = now
    assert len(grown) == 3


MARK = ":orange-badge[not found]"


def noted(text: str, *places: int) -> str:
    return "\n\n".join(blocks(text, (1,), dict.fromkeys(places, MARK)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One. Two.", f"One. {MARK} Two."),
        ("**One.** Two", f"**One. {MARK}** Two"),
        ("One. [1] Two", f"One. :blue-badge[1] {MARK} Two"),
        ("- One.\n- Two", f"- One. {MARK}\n- Two"),
        ("See `x.y` Two", f"See `x.y` {MARK} Two"),
        ("www.a.example Two", f"`www.a.example` {MARK} Two"),
    ],
)
def test_a_note_stands_behind_the_sentence_it_is_about(text: str, shown: str) -> None:
    place = text.index("Two") if "Two" in text and not text.startswith("-") else text.index("\n")
    assert noted(text, place) == shown


def test_a_note_on_a_row_stays_in_the_table() -> None:
    text = "| a | b |\n|---|---|\n| 1 | 2 |"
    assert noted(text, len(text)) == f"| a | b |\n| --- | --- |\n| 1 | 2 {MARK} |"


def test_no_text_can_write_a_note() -> None:
    for fake in ("\ue0000\ue001", MARK, "[1]\ue0000\ue001", "`\ue0000\ue001`"):
        shown = noted(f"It is so. {fake} End.", len("It is so."))
        assert shown.count(MARK) == 1
        assert shown.startswith(f"It is so. {MARK}")
        assert MARK not in "\n".join(blocks(f"It is so. {fake}", (1,)))


def test_code_that_holds_the_place_of_a_note_is_shown_as_it_is() -> None:
    assert noted("```\nOne. Two.\n```", 8) == "```text\nOne. Two.\n```"
