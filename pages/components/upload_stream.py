"""Streaming of files from an uploader to the upload route, by a script of ours in the page.

Streamlit's own uploader holds each file in the memory of this process. The script takes the files before it does, and
sends them to disk; where it does not run, the uploader takes them as before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.web import admission, uploads
from pages.components import own_scripts


def draw_stream(key: str, *, on_uploaded: Callable[[], None], **data: Any) -> None:
    """Draw how uploads of the uploader within ``.st-key-<key>-zone`` stand; ``data`` is what the script works by."""
    given = {"zone": f".st-key-{key}-zone", "path": uploads.PATH, "mark": list(admission.MARK), **data}
    own_scripts.draw("upload", key, given, on_uploaded_change=on_uploaded)
