"""Scripts of ours in the pages, each a folder of ``pages/assets`` with a file of the folder's name.

They are files and not words in the page, since the pages' policy runs no script without an address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.runtime import exists

ASSETS = Path(__file__).resolve().parents[1] / "assets"


def draw(folder: str, key: str, data: dict[str, Any], **callbacks: Any) -> None:
    """Draw a script's part of the page; ``data`` is what it works by. Nothing is drawn without a server, as in tests.

    ``callbacks`` are those that Streamlit's components take, as ``on_<name>_change``.
    """
    if not exists() or config.get_option("global.appTest"):
        return
    name = f"assistant.{folder}"
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(name) is None:
        manifest = ComponentManifest("assistant", "1", [ComponentConfig(folder, folder)])
        manager.register_from_manifest(manifest, ASSETS)
    css = f"{folder}.css" if (ASSETS / folder / f"{folder}.css").exists() else None
    st.components.v2.component(name, js=f"{folder}.js", css=css)(key=key, data=data, **callbacks)
