from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import UnreadableDocument
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
Write = Callable[[str, str | bytes], Path]


def test_fields_are_lines_and_lists_of_objects_rows_under_headings(read: Read, write: Write) -> None:
    value = {
        "office": "Graz",
        "open": True,
        "floors": [1, 2],
        "closed": None,
        "rooms": [{"name": "Mira", "seats": 6, "has": {"screen": True}}, {"name": "Vega", "seats": 10}],
        "contact": {"name": "Ann", "hours": {"from": "8:00"}},
    }
    document = read(write("office_data.json", json.dumps(value)))
    assert [line for line in document.text.split("\n") if line] == [
        "office: Graz",
        "open: yes",
        "floors: 1, 2",
        "closed:",
        "rooms",
        "name: Mira; seats: 6; has.screen: yes",
        "name: Vega; seats: 10",
        "contact",
        "name: Ann",
        "contact > hours",
        "from: 8:00",
    ]
    assert [(heading.level, heading.text) for heading in document.headings] == [
        (1, "rooms"),
        (1, "contact"),
        (2, "contact > hours"),
    ]
    assert document.title == "office data"


def test_a_value_on_each_line_is_a_row_each(read: Read, write: Write) -> None:
    text = '{"site": "Graz", "days": 27}\n\n{"site": "Linz", "days": 25}\n'
    assert read(write("a.jsonl", text)).text == "site: Graz; days: 27\nsite: Linz; days: 25"


@pytest.mark.parametrize("content", ['{"broken": "json', "nothing like it", '{"a": 1} trailing'])
def test_what_is_no_json_is_read_as_text(read: Read, write: Write, content: str) -> None:
    assert read(write("a.json", content)).text == content


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 500 + '"deep"' + "]" * 500,
        '{"a":' * 500 + '"deep"' + "}" * 500,
        '[{"a":' * 300 + '"deep"' + "}]" * 300,
    ],
)
def test_endless_nesting_is_refused(read: Read, write: Write, content: str) -> None:
    with pytest.raises(UnreadableDocument, match="nested deeper"):
        read(write("a.json", content))


def test_numbers_of_any_length_cost_nothing(read: Read, write: Write) -> None:
    assert "office" in read(write("a.json", '{"office": ' + "9" * 100_000 + "}")).text
