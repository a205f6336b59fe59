"""What Streamlit keeps for one tab, asked for by somebody else who knows its address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from running_app import RunningApp
from signing_in import with_password
from streamlit_wire import Tab, tab

from assistant.domain import Role
from assistant.people.rights import Rights
from assistant.people.sessions import Visitor
from assistant.people.sign_in import SignIn
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.web.cookies import NAME

XSRF = "_streamlit_xsrf"
GONE = "There is no such file."


class Place:
    """A running app with sign-in by password."""

    def __init__(self, app: RunningApp, database: Database) -> None:
        self.url = app.url
        self._database = database
        self._sign_in = SignIn(database, Rights(database), Settings())

    def cookie(self, name: str, role: Role = Role.STAFF) -> str:
        """The cookie of a new session of a new person."""
        someone = with_password(self._database, name, role)
        return f"{NAME}={self._sign_in.open_session(someone.id, 'password', Visitor())}"

    def ask(self, method: str, path: str, cookie: str, file: bytes | None = None) -> httpx.Response:
        """Ask as Streamlit's page does, with a file as the body of a form."""
        token = httpx.get(f"{self.url}/_stcore/health", trust_env=False).cookies[XSRF]
        headers = {"Cookie": f"{cookie}; {XSRF}={token}", "X-Xsrftoken": token}
        files = None if file is None else {"file": ("a.txt", file)}
        return httpx.request(method, self.url + path, headers=headers, files=files, timeout=30, trust_env=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data: Path = tmp_path_factory.mktemp("belongings") / "data"
    with RunningApp(data, ASSISTANT_SAMPLES="off", ASSISTANT_AUTH="password") as app:
        database = Database(f"sqlite:///{data / 'assistant.sqlite'}")
        yield Place(app, database)
        database.close()


def picture(here: Tab) -> str:
    """The address of a picture on the page, which here is the logo."""
    found = re.search(r"/media/\w+\.\w+", here.run().text)
    assert found is not None
    return found[0]


def test_a_picture_is_given_only_to_who_has_it_on_a_page(place: Place) -> None:
    ann, bob = place.cookie("ann"), place.cookie("bob")
    with tab(place.url, ann) as here:
        address = picture(here)
        assert place.ask("GET", address, ann).status_code == 200
        for asked in (address, address.rpartition(".")[0], f"{address}.gif"):
            theirs = place.ask("GET", asked, bob)
            assert (theirs.status_code, theirs.json()["message"]) == (404, GONE)
        here.run()
        assert place.ask("GET", address, ann).status_code == 200
    with tab(place.url, bob) as there:
        assert picture(there) == address
        assert place.ask("GET", address, bob).status_code == 200


def test_a_download_is_made_only_for_the_tab_that_has_its_button(place: Place) -> None:
    boss, bob = place.cookie("boss", Role.ADMIN), place.cookie("bob")
    with tab(place.url, boss) as here, tab(place.url, bob) as there:
        button = re.search(r'deferred_file_id: "(\w+)"', here.run("audit").text)
        assert button is not None
        there.run()
        assert there.download(button[1]) == ""
        address = here.download(button[1])
        assert "sign_in" in place.ask("GET", address, boss).text or "document" in place.ask("GET", address, boss).text
        assert place.ask("GET", address, bob).status_code == 404


def test_files_are_put_only_into_a_tab_of_ones_own(place: Place) -> None:
    carol, other = place.cookie("carol", Role.KB_ADMIN), place.cookie("other", Role.KB_ADMIN)
    with tab(place.url, carol) as here:
        address = f"/_stcore/upload_file/{here.run().session_id}/1"
        assert place.ask("PUT", address, carol, b"mine").status_code == 204
        for method in ("PUT", "DELETE"):
            theirs = place.ask(method, address, other, b"theirs" if method == "PUT" else None)
            assert (theirs.status_code, theirs.json()["message"]) == (404, GONE)
        assert place.ask("DELETE", address, carol).status_code == 204


def test_staff_put_no_files_into_memory(place: Place) -> None:
    ann = place.cookie("ann")
    with tab(place.url, ann) as here:
        refused = place.ask("PUT", f"/_stcore/upload_file/{here.run().session_id}/1", ann, b"x" * 1000)
        assert refused.status_code == 403
