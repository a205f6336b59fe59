"""The app, started by ``streamlit run app.py``: launcher when imported, navigation when run as the script.

``app = st.App(...)`` must stand here literally: Streamlit finds it by reading this file, and a call of a
function in its place would silently run without routes, headers and services.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

if __name__ == "__main__":
    from pages.components import finished, frame

    frame.run_navigation(finished.draw_notices)
else:
    from starlette.middleware import Middleware
    from streamlit import config
    from streamlit.runtime.pages_manager import PagesManager

    from assistant.web import gate, headers, peers, start
    from assistant.web.routes import routes
    from pages.components import belongings
    from pages.components.problems import on_script_error

    # Until the first run of st.navigation Streamlit would serve the files of pages/ without this file around them.
    PagesManager.uses_pages_directory = False
    _static = Path(st.__file__).parent / "static"
    _policy = headers.content_security_policy(_static / "index.html")

    def _hosts() -> list[str]:
        return list(st.get_option("server.allowedHosts"))

    def _allow_host(name: str) -> None:
        config.set_option("server.allowedHosts", [*_hosts(), name])

    def _home() -> str:
        scheme = "https" if st.get_option("server.sslCertFile") else "http"
        return f"{scheme}://127.0.0.1:{st.get_option('server.port')}"

    peers.believe_no_header()
    belongings.tie()

    app = st.App(
        __file__,
        routes=routes(_hosts),
        middleware=[
            Middleware(headers.SecurityHeaders, policy=_policy),
            Middleware(peers.Peers, named=start.named_proxies),
            Middleware(gate.Gate, hosts=_hosts, assets=gate.assets_in(_static), owns=belongings.is_own),
        ],
        lifespan=start.lifespan(lambda: st.get_option("server.address"), _allow_host, home=_home),
        on_script_error=on_script_error,
    )
