"""The app's own HTTP routes beside Streamlit's."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from assistant import __version__
from assistant.web import downloads, proxy, uploads
from assistant.web.admission import Hosts
from assistant.web.oidc import OidcRoutes
from assistant.web.sign_in import SignInRoutes
from assistant.web.state import HOLDER


async def healthz(_request: Request) -> JSONResponse:
    """Answer 200 once people can ask and get the first word at once, 503 with the reason before and after.

    The page takes questions earlier, and says what is still being loaded. ``index`` is how the vector index is, in
    the words of ``IndexHealth``; people can ask in every state of it.
    """
    headers = {"Cache-Control": "no-store"}
    reason = HOLDER.unready()
    if reason is None:
        return JSONResponse({"status": "ok", "version": __version__, "index": HOLDER.index()}, headers=headers)
    status = "starting" if HOLDER.state == "ready" else HOLDER.state
    return JSONResponse({"status": status, "reason": reason}, status_code=503, headers=headers)


def routes(hosts: Hosts) -> list[Route]:
    """All routes of the app; ``hosts`` gives the names under which it may be asked."""
    sign_in = SignInRoutes()
    return [
        *sign_in.routes(),
        *OidcRoutes().routes(),
        Route(proxy.ENDED, proxy.ended, methods=["GET"]),
        *sign_in.after(),
        Route("/healthz", healthz, methods=["GET"]),
        Route(uploads.PATH, uploads.UploadRoute(hosts).answer, methods=["PUT"]),
        Route(downloads.PATH, downloads.DownloadRoute(hosts).answer, methods=["GET"]),
    ]
