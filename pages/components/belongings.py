"""What Streamlit keeps for one tab: pictures and downloads under ``/media/``, files that were put into an uploader.

It gives and takes them by their addresses alone, which stand in logs. Here they are tied to whom the gate named when
the tab was opened, so that an address opens nothing for anybody else.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime import app_session
from streamlit.runtime import runtime as made_in
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

MEDIA, UPLOADS = "/media/", "/_stcore/upload_file/"
IDENTITY = "identity"
"""The name under which ``server.trustedUserHeaders`` ties a tab to the gate's header."""
NOT_HERE = "This file cannot be downloaded here."


class OwnMedia(MediaFileManager):
    """Streamlit's store of media, which knows the tabs that each file was made for."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._shown: dict[str, set[str]] = defaultdict(set)  # by the tab, the ids of files

    def add(self, *given: Any, **named: Any) -> str:
        """Keep a file for the tab whose script runs, and return its address."""
        address = super().add(*given, **named)
        running = get_script_run_ctx()
        self._note("" if running is None else running.session_id, address)
        return address

    def execute_deferred(self, file_id: str) -> str:
        """Make a file that waited for its button to be clicked, for the tab of the button, and return its address."""
        tab = self.tab_of_button(file_id)
        address = super().execute_deferred(file_id)
        if tab is not None:
            self._note(tab, address)
        return address

    def clear_session_refs(self, session_id: str | None = None) -> None:
        """Forget what a tab shows; named when the tab is gone, not when its script begins anew."""
        super().clear_session_refs(session_id)
        if session_id is not None:
            with self._lock:
                self._shown.pop(session_id, None)

    def tab_of_button(self, file_id: str) -> str | None:
        """Return the tab that has the button of a file to be made; None when there is none (any more)."""
        with self._lock:
            entry = self._deferred_callables.get(file_id)
            return None if entry is None else entry["session_id"]

    def tabs_of(self, name: str) -> list[str]:
        """Return the tabs that a file was made for, by its name in the address."""
        with self._lock:
            return [tab for tab, ids in self._shown.items() if _id_of(name) in ids]

    def _note(self, tab: str, address: str) -> None:
        with self._lock:
            self._shown[tab].add(_id_of(address.rpartition("/")[2]))

    def _delete_file(self, file_id: str) -> None:
        super()._delete_file(file_id)  # which is called with the lock held
        for ids in self._shown.values():
            ids.discard(file_id)


class OwnDownloads(DeferredFileHandler):
    """Makes files for the tab that has their button alone."""

    async def handle(self, request: BackendOperationRequest, session_id: str) -> BackendOperationResponse:
        """Answer with the address of the file that was asked for."""
        media = _media()
        if media is None or media.tab_of_button(request.deferred_file.file_id) != session_id:
            return BackendOperationResponse(request_id=request.request_id, error_msg=NOT_HERE)
        return await super().handle(request, session_id)


def tie() -> None:
    """Have Streamlit use both from its start on. To be called before the app is made: no option reaches it."""
    made_in.MediaFileManager = OwnMedia  # type: ignore[attr-defined]  # imported there, which mypy takes for private
    app_session.DeferredFileHandler = OwnDownloads  # type: ignore[attr-defined]  # as above


def is_own(path: str, identity: str) -> bool:
    """Say whether what is kept at a path is that of a tab which the gate opened for this identity."""
    if path.startswith(UPLOADS):
        return _is_tab_of(path.removeprefix(UPLOADS).partition("/")[0], identity)
    if path.startswith(MEDIA):
        media = _media()
        return media is not None and any(_is_tab_of(tab, identity) for tab in media.tabs_of(path.removeprefix(MEDIA)))
    return True


def _id_of(name: str) -> str:
    """Ids have no dot; Streamlit finds a file under any ending."""
    return name.partition(".")[0]


def _media() -> OwnMedia | None:
    media = runtime.get_instance().media_file_mgr if runtime.exists() else None
    return media if isinstance(media, OwnMedia) else None


def _is_tab_of(tab: str, identity: str) -> bool:
    session = runtime.get_instance().get_app_session(tab) if runtime.exists() else None
    return session is not None and session.matches_user_info({IDENTITY: identity})
