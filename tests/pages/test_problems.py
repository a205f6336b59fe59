"""An error is told as a sentence with a reference that the log has too, never as a trace."""

from __future__ import annotations

import logging
import re

import pytest

from assistant.errors import NotFound
from pages.components.problems import sentence


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
