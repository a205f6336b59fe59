from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import UnreadableDocument
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
Write = Callable[[str, str | bytes], Path]
PAGE = """<!doctype html><html><head><title>Graz | Intranet</title><style>p{color:red}</style></head><body>
<header><a href="/">Intranet</a></header><nav><ul><li>News</li><li>People</li></ul></nav>
<main><h1>Site <em>Graz</em></h1><p>The site opens at 07:00<br>on <b>week</b>days.</p>
<h2>Parking</h2><ol start="3"><li>Open the portal.</li><li><p>Send the form.</p><ul><li>in time</li></ul></li></ol>
<table><tr><th>Group</th><th>Price</th></tr><tr><td>Staff</td><td>free</td></tr></table>
<script>alert("x")</script><p hidden>secret</p></main><footer>Imprint</footer></body></html>"""


def test_the_main_text_is_read_without_the_frame_of_the_page(read: Read, write: Write) -> None:
    document = read(write("graz.html", PAGE))
    assert document.text == (
        "Site Graz\n\nThe site opens at 07:00\non weekdays.\n\nParking\n\n"
        "3. Open the portal.\n4. Send the form.\n- in time\n\nGroup: Staff; Price: free"
    )
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Site Graz"), (2, "Parking")]
    assert document.title == "Site Graz"


def test_a_page_without_main_part_loses_only_its_frame(read: Read, write: Write) -> None:
    page = (
        "<body><nav>Menu</nav><header><h1>Leave</h1></header><div>Take <i>27</i> days.</div><footer>x</footer></body>"
    )
    assert read(write("leave.htm", page)).text == "Leave\n\nTake 27 days."


def test_a_fragment_and_broken_markup_are_read(read: Read, write: Write) -> None:
    assert read(write("bit.html", "<p>One<p>Two <b>three</p></div>")).text == "One\n\nTwo three"


def test_the_declared_encoding_counts(read: Read, write: Write) -> None:
    page = '<meta charset="iso-8859-1"><p>Zöhrer</p>'.encode("latin-1")
    assert read(write("name.html", page)).text == "Zöhrer"


def test_very_deep_nesting_is_read_without_failing(read: Read, write: Write) -> None:
    assert "deep" in read(write("deep.html", "<div>" * 5_000 + "deep")).text


def test_a_page_of_scripts_has_no_text(read: Read, write: Write) -> None:
    with pytest.raises(UnreadableDocument, match="no text"):
        read(write("app.html", "<html><body><script>run()</script></body></html>"))
