"""The encoding of an HTML file: by its byte order mark, by its own word, or by a guess."""

from __future__ import annotations

import re

from assistant.knowledge.parsing.characters import decode

# Browsers look for the declaration in the first 1,024 bytes.
DECLARED_WITHIN = 1024
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)


def decode_html(data: bytes) -> str:
    """Return the text of an HTML file without null characters."""
    declared = _CHARSET.search(data[:DECLARED_WITHIN])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(declared.group(1).decode("ascii")).replace("\x00", "")
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data).replace("\x00", "")
