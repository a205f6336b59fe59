"""The encoding of an HTML file: by its byte order mark, by its own word, or by a guess."""

from __future__ import annotations

import re

from assistant.knowledge.parsing.characters import decoded

# Browsers look for the declaration in the first 1,024 bytes.
DECLARED_WITHIN = 1024
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)


def decode_html(data: bytes) -> str:
    """Return the text of an HTML file without null characters."""
    declared = _CHARSET.search(data[:DECLARED_WITHIN])
    named = declared.group(1).decode("ascii").lower() if declared and not data.startswith(_MARKS) else ""
    # What could be read up to here as single bytes is not in units of two, whatever it says.
    return decoded(data, "" if named.startswith(("utf-16", "utf-32")) else named).replace("\x00", "")
