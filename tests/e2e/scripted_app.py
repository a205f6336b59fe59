"""The shipped app with a scripted model whose answer waits at a gate; POST /gate lets it go on.

Started by ``streamlit run`` in tests of what happens while an answer is being written.
"""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assistant import bootstrap
from assistant.domain import ModelChoice
from assistant.providers.minilm import MiniLM
from assistant.providers.scripted import Gate, Reply, ScriptedModel
from assistant.settings import Settings
from assistant.web import gate as web_gate
from assistant.web import start
from assistant.web.routes import routes
from pages.components import belongings
from pages.components.problems import on_script_error

SCRIPT = Path(__file__).resolve().parents[2] / "app.py"
BEFORE, AFTER = "These words come first. ", os.environ.get("SCRIPTED_END", "These words come last.")
_gates: list[Gate] = []


async def open_gate(_request: Request) -> Response:
    """Let all answers go on."""
    for gate in _gates:
        gate.open()
    return Response(status_code=204)


def _model(choice: ModelChoice, settings: Settings, embedder: MiniLM, *, prompted: bool = False) -> ScriptedModel:
    del choice, settings, embedder, prompted
    _gates.append(Gate())
    return ScriptedModel([Reply([BEFORE, _gates[-1], AFTER])])


def _build(settings: Settings) -> bootstrap.Services:
    return bootstrap.build(settings, build_model=_model)


def _hosts() -> list[str]:
    return list(st.get_option("server.allowedHosts"))


if __name__ != "__main__":
    belongings.tie()

    app = st.App(
        SCRIPT,
        routes=[*routes(_hosts), Route("/gate", open_gate, methods=["POST"])],
        middleware=[
            Middleware(
                web_gate.Gate,
                hosts=_hosts,
                assets=web_gate.assets_in(Path(st.__file__).parent / "static"),
                owns=belongings.is_own,
            )
        ],
        lifespan=start.lifespan(lambda: st.get_option("server.address"), build=_build),
        on_script_error=on_script_error,
    )
