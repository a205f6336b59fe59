"""Streaming of files from an uploader to the upload route, by a script of ours in the page.

Streamlit's own uploader holds each file in the memory of this process. The script takes the files before it does, and
sends them to disk; where it does not run, the uploader takes them as before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer
from streamlit.runtime import exists

from assistant.web import admission, uploads
from pages.components.frame import ASSETS

FOLDER = "upload"
NAME = f"assistant.{FOLDER}"


def draw_stream(key: str, *, on_uploaded: Callable[[], None], **data: Any) -> None:
    """Draw how uploads of the uploader within ``.st-key-<key>-zone`` stand; ``data`` is what the script works by."""
    if not exists():  # run without a server, as tests do
        return
    given = {"zone": f".st-key-{key}-zone", "path": uploads.PATH, "mark": list(admission.MARK), **data}
    _renderer()(key=key, data=given, on_uploaded_change=on_uploaded)


def _renderer() -> ComponentRenderer:
    """The component; its script is a file of ours, since the pages' policy runs no script without an address."""
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(NAME) is None:
        manifest = ComponentManifest("assistant", "1", [ComponentConfig(FOLDER, FOLDER)])
        manager.register_from_manifest(manifest, ASSETS)
    return st.components.v2.component(NAME, js="upload.js", css="upload.css")
