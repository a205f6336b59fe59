"""No page draws a name, a title or any other text that is not ours as markdown: read from the code of the pages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "pages"
DRAWS = {
    *("markdown", "caption", "write", "info", "warning", "error", "success", "toast", "title", "header", "subheader"),
    *("button", "toggle", "checkbox", "radio", "selectbox", "multiselect", "text_input", "text_area", "number_input"),
    *("expander", "popover", "tabs", "page_link", "link_button", "download_button", "metric", "status", "update"),
    *("pills", "segmented_control", "form_submit_button", "slider", "date_input", "file_uploader", "chat_input"),
}
"""Of Streamlit's functions those whose text or label is markdown."""
DRAWN = {"label", "body", "help", "text", "value"}
"""And of their named arguments; ``value`` is a metric's alone."""
NOT_OURS = {
    *("name", "title", "text", "quote", "email", "message", "question", "answer", "error", "detail", "path", "label"),
    *("reason", "heading", "query", "note", "owner", "category", "tags", "agent", "address", "problem", "why", "model"),
    *("serving", "provider", "subject", "action", "filename", "description"),
}
"""Attributes that hold what people, documents, models or servers wrote."""
MADE_SAFE = {
    "escape",
    "safe",
    "blocks",
    "len",
    "bool",
    "counted",
    "moment",
    "duration",
    "isinstance",
    "supporting",
    "lines",
}


def named(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def drawn_parts(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments that become markdown: the first, and those by name."""
    yield from call.args[:1]
    for keyword in call.keywords:
        if keyword.arg in DRAWN and not (keyword.arg in ("value", "text") and named(call) != "metric"):
            yield keyword.value


def unescaped(node: ast.AST) -> Iterator[ast.Attribute]:
    """Attributes that are not ours, outside of what makes them safe."""
    if isinstance(node, ast.Attribute) and node.attr in NOT_OURS:
        yield node
        return
    for child in shown_of(node):
        yield from unescaped(child)


def shown_of(node: ast.AST) -> list[ast.AST]:
    """The parts of an expression that may become words: of a condition both ways, of a call what it is given."""
    if isinstance(node, ast.Call):
        return [] if named(node) in MADE_SAFE else [*node.args, *(keyword.value for keyword in node.keywords)]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, (ast.Lambda, ast.Compare, ast.Subscript)):  # a subscript looks a word of ours up by a value
        return []
    return list(ast.iter_child_nodes(node))


def strays(path: Path) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    drawing = [call for call in calls if isinstance(call.func, ast.Attribute) and named(call) in DRAWS]
    return [
        f"line {one.lineno}: {ast.unparse(one)}"
        for call in drawing
        for part in drawn_parts(call)
        for one in unescaped(part)
    ]


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.py")), ids=lambda path: path.relative_to(PAGES).as_posix())
def test_what_is_not_ours_is_escaped(path: Path) -> None:
    assert strays(path) == []


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.py")), ids=lambda path: path.relative_to(PAGES).as_posix())
def test_no_page_writes_html_but_the_style(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    assert "unsafe_allow_html" not in code
    assert "components.v1" not in code


def test_a_name_that_is_drawn_as_it_is_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text('st.markdown(f"**{one.name}** {escape(one.title)}")\nst.button(one.label, key=one.name)\n')
    assert strays(page) == ["line 1: one.name", "line 2: one.label"]
