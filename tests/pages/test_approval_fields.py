"""The arguments of a waiting call as fields, and what the fields give back."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from streamlit.testing.v1 import AppTest


class Ticket(BaseModel):
    """Arguments as a tool would have them."""

    title: str = Field(description="In a few words")
    details: str
    priority: Literal["low", "normal", "high"] = "normal"
    hours: int = Field(ge=1, le=40)
    share: float = 0.5
    urgent: bool = False
    tags: list[str] = []
    assignee: str | None = None
    extra: dict[str, int] = {}


SCHEMA = TypeAdapter(Ticket).json_schema()
ARGUMENTS: dict[str, Any] = {
    "title": "VPN is down",
    "details": "Nobody in Vienna can reach the network since Monday morning.\nThe router was restarted twice.",
    "priority": "high",
    "hours": 4,
    "share": 0.25,
    "urgent": True,
    "tags": ["vpn", "vienna"],
    "assignee": None,
    "extra": {"floor": 3},
}

RUN_SECONDS = 60


def script(schema: dict[str, object], arguments: dict[str, object]) -> None:
    import streamlit as st

    from pages.components.approval_fields import draw_fields

    st.session_state["held"] = draw_fields(schema, arguments, "call")


def drawn(schema: dict[str, Any], arguments: dict[str, Any]) -> AppTest:
    given = {"schema": schema, "arguments": arguments}
    app = AppTest.from_function(script, kwargs=given, default_timeout=RUN_SECONDS).run()
    assert not app.exception
    return app


def test_fields_left_alone_give_the_arguments_back() -> None:
    assert drawn(SCHEMA, ARGUMENTS).session_state["held"] == ARGUMENTS


def test_each_type_gets_its_own_kind_of_field() -> None:
    app = drawn(SCHEMA, ARGUMENTS)
    assert [field.label for field in app.text_input] == ["Title", "Assignee (optional)"]
    assert [field.label for field in app.number_input] == ["Hours", "Share (optional)"]
    assert [field.label for field in app.checkbox] == ["Urgent (optional)"]
    assert app.selectbox[0].options == ["low", "normal", "high"]
    assert [area.label for area in app.text_area] == [
        "Details",
        "Tags (optional), one a line",
        "Extra (optional), as JSON",
    ]


def test_changed_fields_give_values_of_the_right_type() -> None:
    app = drawn(SCHEMA, ARGUMENTS)
    app.number_input(key="call-hours").set_value(8)
    app.text_area(key="call-tags").set_value("vpn\n\n graz ")
    app.text_area(key="call-extra").set_value('{"floor": 4}')
    app.text_input(key="call-assignee").set_value("eva@example.com")
    app.selectbox(key="call-priority").select("low").run()
    held = app.session_state["held"]
    assert (held["hours"], held["tags"], held["extra"]) == (8, ["vpn", "graz"], {"floor": 4})
    assert (held["assignee"], held["priority"]) == ("eva@example.com", "low")
    assert Ticket.model_validate(held)


def test_a_field_that_holds_no_json_any_more_says_so_and_gives_nothing() -> None:
    app = drawn(SCHEMA, ARGUMENTS)
    app.text_area(key="call-extra").set_value("{floor").run()
    assert app.session_state["held"] is None
    assert app.error[0].value.startswith("This is not JSON any more")


@pytest.mark.parametrize("value", ["four", ["a"], {"b": 1}])
def test_an_argument_of_the_wrong_type_can_still_be_seen_and_mended(value: object) -> None:
    app = drawn(SCHEMA, {**ARGUMENTS, "hours": value})
    assert app.session_state["held"]["hours"] == value
    app.text_area(key="call-hours").set_value("4").run()
    assert app.session_state["held"]["hours"] == 4


def test_a_number_out_of_bounds_is_drawn_within_them() -> None:
    assert drawn(SCHEMA, {**ARGUMENTS, "hours": 400}).session_state["held"]["hours"] == 40


def test_an_argument_that_the_schema_does_not_know_is_shown_too() -> None:
    app = drawn({}, {"note": "call me"})
    assert app.text_input[0].label == "Note (optional)"
    assert app.session_state["held"] == {"note": "call me"}


def test_markdown_in_a_schema_is_shown_literally() -> None:
    schema = {"properties": {"x": {"type": "string", "title": "![x](http://other.example/x.png)"}}}
    app = drawn(schema, {"x": ""})
    assert app.text_input[0].label.startswith("!\\[x\\]")
