"""The shipped app with a tool that has an effect: it creates tickets, which GET /made tells.

Started by ``streamlit run`` in tests of what a person is asked before such a tool runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import streamlit as st
from pydantic_ai import RunContext
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from assistant import bootstrap
from assistant.chat.approval import action, idempotency_key
from assistant.chat.tools import AgentDeps
from assistant.settings import Settings
from assistant.web import start
from assistant.web.routes import routes

SCRIPT = Path(__file__).resolve().parents[2] / "app.py"
_made: dict[str, dict[str, object]] = {}


async def create_ticket(
    ctx: RunContext[AgentDeps], title: str, details: str, priority: Literal["low", "normal", "high"] = "normal"
) -> str:
    """Create a ticket.

    Args:
        ctx: the run.
        title: what it is about, in a few words.
        details: all that helps to solve it.
        priority: how soon it is needed.
    """
    _made.setdefault(idempotency_key(ctx), {"title": title, "details": details, "priority": priority})
    return f"Ticket {len(_made)} was created."


async def made(_request: Request) -> Response:
    """Tell the tickets that were created."""
    return JSONResponse(list(_made.values()))


def _build(settings: Settings) -> bootstrap.Services:
    return bootstrap.build(settings, actions=[action(create_ticket, "Create ticket")])


if __name__ != "__main__":
    app = st.App(
        SCRIPT,
        routes=[*routes(lambda: st.get_option("server.allowedHosts")), Route("/made", made)],
        lifespan=start.lifespan(lambda: st.get_option("server.address"), build=_build),
    )
