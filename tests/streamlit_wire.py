"""Speaks Streamlit's websocket as its browser side does; an internal protocol, so the version is pinned with it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

SECONDS = 30.0
MOST_MESSAGES = 2_000


@contextmanager
def tab(
    url: str, cookie: str | None = None, *, resumes: str | None = None, host: str | None = None, **headers: str
) -> Iterator[Tab]:
    """One open tab, with ``resumes`` as the Streamlit session to go on with, asked for under the name ``host``."""
    parts = urlsplit(url)
    # As the browser writes them: the protocol, a token against forged requests, the session to go on with.
    protocols = ["streamlit", "PLACEHOLDER_AUTH_TOKEN", *([] if resumes is None else [resumes])]
    with (
        socket.create_connection((parts.hostname, parts.port), SECONDS) as wire,
        connect(
            f"ws://{host or parts.netloc}/_stcore/stream",
            sock=wire,
            subprotocols=[Subprotocol(protocol) for protocol in protocols],
            additional_headers={**headers, **({"Cookie": cookie} if cookie else {})},
            open_timeout=SECONDS,
            max_size=None,
            proxy=None,
        ) as connection,
    ):
        yield Tab(connection)


class Tab:
    """A tab that is connected."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._session_id = ""

    def run(self, page: str = "") -> Run:
        """Have a page's script run once and return what came of it."""
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        asked.rerun_script.page_name = page
        self._connection.send(asked.SerializeToString())
        came = Run()
        for _ in range(MOST_MESSAGES):
            message = ForwardMsg()
            message.ParseFromString(self._received())
            came.take(message)
            if came.is_over:
                self._session_id = came.session_id or self._session_id
                return came
        raise AssertionError("the script did not end")

    def download(self, button: str) -> str:
        """Have the file of a button made that makes it when it is clicked; return its address, "" for none."""
        asked = BackMsg()
        asked.backend_operation_request.session_id = self._session_id
        asked.backend_operation_request.deferred_file.file_id = button
        self._connection.send(asked.SerializeToString())
        for _ in range(MOST_MESSAGES):
            message = ForwardMsg()
            message.ParseFromString(self._received())
            if message.WhichOneof("type") == "backend_operation_response":
                return str(message.backend_operation_response.deferred_file.url)
        raise AssertionError("no answer came")

    def _received(self) -> bytes:
        data = self._connection.recv(SECONDS)
        assert isinstance(data, bytes)
        return data


class Run:
    """One run of a script: the id of the Streamlit session, and all that was drawn, as text."""

    def __init__(self) -> None:
        self.session_id = ""
        self.text = ""
        self.is_over = False

    def take(self, message: ForwardMsg) -> None:
        """Keep what a message says."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session_id = message.new_session.initialize.session_id
        self.is_over = kind == "script_finished"
        self.text += str(message)
