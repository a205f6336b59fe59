"""An error is told as a sentence with a reference that the log has too, never as a trace."""

from __future__ import annotations

import logging
import re

import pytest
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.errors import NotFound
from pages.components.problems import sentence
from pages.components.signed_out import ENDED


def test_a_foreseen_error_is_told_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    error = NotFound("There is no such document.")
    with caplog.at_level(logging.WARNING, logger="assistant.pages"):
        assert sentence(error) == f"There is no such document. (Reference {error.reference})"
    assert error.reference in caplog.text


def test_an_unforeseen_error_tells_nothing_but_its_reference(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("secret /path/of/a/file")
    except ValueError as error:
        told = sentence(error)
    assert told.startswith("Something went wrong.")
    assert "secret" not in told
    reference = re.search(r"Reference (\w+)", told)
    assert reference is not None
    assert reference.group(1) in caplog.text


def test_markdown_in_an_error_is_shown_literally() -> None:
    told = sentence(NotFound("There is no space named '![x](http://other.example/p.png)'."))
    assert r"!\[x\](`http://other.example/p.png`" in told


def _callback_page() -> None:
    import streamlit as st

    from assistant.errors import SignedOut
    from pages.components import signed_out
    from pages.components.guard import is_left
    from pages.components.problems import told_here, told_later

    def act() -> None:
        with told_later():
            raise SignedOut("gone")

    if is_left():
        signed_out.draw()
        st.stop()
    st.write("half a page")
    st.button("later", on_click=act)
    if st.button("here"):
        with told_here():
            raise SignedOut("gone")


@pytest.mark.parametrize("place", [0, 1])
def test_who_is_found_signed_out_gets_no_half_page_and_no_error(services: Services, place: int) -> None:
    del services
    page = AppTest.from_function(_callback_page, default_timeout=30).run()
    assert page.markdown[0].value == "half a page"
    page.button[place].click().run()
    assert not page.exception
    assert not page.error
    assert not page.button
    assert page.subheader[0].value == ENDED
