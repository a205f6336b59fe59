"""The shipped app without its gate, to tell what the gate alone costs. Never to be reached by anybody else."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from assistant.web import headers, peers, start
from assistant.web.routes import routes

if __name__ != "__main__":
    from starlette.middleware import Middleware

    _policy = headers.content_security_policy(Path(st.__file__).parent / "static" / "index.html")
    peers.believe_no_header()

    app = st.App(
        Path(__file__).resolve().parents[1] / "app.py",
        routes=routes(lambda: ["127.0.0.1"]),
        middleware=[
            Middleware(headers.SecurityHeaders, policy=_policy),
            Middleware(peers.Peers, named=start.named_proxies),
        ],
        lifespan=start.lifespan(lambda: "127.0.0.1"),
    )
