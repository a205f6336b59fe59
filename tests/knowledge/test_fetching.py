"""An address that a person gives is fetched only if the whole world can reach it, whatever it is written or led to."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from assistant.errors import UploadRefused
from assistant.knowledge import fetching
from assistant.knowledge.fetching import Fetcher, checked, is_public

NOT_ADDRESSES = [
    "",
    "example.com/page",
    "file:///etc/passwd",
    "ftp://example.com/a",
    "gopher://example.com/1",
    "javascript:alert(1)",
    "data:text/html,hello",
    "http://",
    "http:///etc/passwd",
    "https://user:word@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com:22/",
    "https://example.com:6379/",
    "https://exa mple.com/",
    "http://[::1/",
    "https://example.com/\r\nHost: other",
    "https://" + "a" * 3_000,
]
FULL_WIDTH = "127.0.0.1".translate({ord("0") + n: 0xFF10 + n for n in range(10)})
INSIDE = [
    "127.0.0.1", "127.1", "0.0.0.0", "0", "2130706433", "0x7f000001", "0177.0.0.1", "10.0.0.1",  # noqa: S104 - not bound
    "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[fe80::1]", "[fc00::1]",
    "[fd00:ec2::254]", "[ff02::1]", "localhost", "localhost.", "LOCALHOST", FULL_WIDTH, "[2001:0:0:0:0:0:80ff:fffe]",
]  # fmt: skip
OUTSIDE = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]


@pytest.mark.parametrize("address", NOT_ADDRESSES)
def test_what_is_no_web_address_is_refused_before_anything_is_asked(address: str) -> None:
    with pytest.raises(UploadRefused):
        checked(address)


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_an_inner_address_is_connected_to(host: str, scheme: str) -> None:
    with pytest.raises(UploadRefused, match=r"whole world|could not be fetched|no web address"):
        Fetcher(1).fetch(f"{scheme}://{host}/latest/meta-data/")


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_of_the_world_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


class _Site(BaseHTTPRequestHandler):
    """A small site; what it was asked for is kept."""

    asked: list[str]  # set by the fixture

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
            return
        if self.path == "/packed":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            return
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"x" * 1_500_000 if self.path == "/large" else b"<p>27 days of leave.</p>")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    handler = type("Handler", (_Site,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetcher(site: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> Fetcher:
    """A world in which one port of 127.0.0.1 is public, under two names."""
    monkeypatch.setitem(fetching.PORTS, "http", site.server_port)
    known = {"wiki.example.org": "127.0.0.1", "inside.example.org": "127.0.0.2"}
    return Fetcher(1, lambda address: str(address) == "127.0.0.1", lambda host, _port: [known.get(host, host)])


def _asked(site: ThreadingHTTPServer) -> list[str]:
    return list(site.RequestHandlerClass.asked)  # type: ignore[attr-defined]  # of the handler above


def _at(site: ThreadingHTTPServer, path: str, host: str = "wiki.example.org") -> str:
    return f"http://{host}:{site.server_port}{path}"


def test_a_page_is_fetched_with_a_name_and_ending(site: ThreadingHTTPServer, fetcher: Fetcher) -> None:
    found = fetcher.fetch(_at(site, "/to?/hr/leave"))
    assert (found.name, found.data) == ("wiki.example.org leave.html", b"<p>27 days of leave.</p>")
    assert found.address.endswith("/hr/leave")


@pytest.mark.parametrize(
    "there", ["http://inside.example.org:{port}/", "http://127.0.0.3:{port}/", "file:///etc/passwd"]
)
def test_a_redirect_into_the_house_is_not_followed(site: ThreadingHTTPServer, fetcher: Fetcher, there: str) -> None:
    with pytest.raises(UploadRefused):
        fetcher.fetch(_at(site, "/to?" + there.format(port=site.server_port)))
    assert len(_asked(site)) == 1


def test_a_name_that_means_another_address_at_the_second_look_gains_nothing(
    site: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fetching.PORTS, "http", site.server_port)
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    fetcher = Fetcher(1, lambda address: str(address) == "127.0.0.1", lambda _host, _port: [next(answers)])
    assert fetcher.fetch(_at(site, "/first")).data
    with pytest.raises(UploadRefused, match="whole world"):
        fetcher.fetch(_at(site, "/second"))
    assert _asked(site) == ["/first"]


def test_a_host_with_one_inner_address_among_public_ones_is_refused(site: ThreadingHTTPServer) -> None:
    del site
    fetcher = Fetcher(1, resolve=lambda _host, _port: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(UploadRefused, match="whole world"):
        fetcher.fetch("http://mixed.example.org/")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/large", "larger than"),
        ("/missing", "404"),
        ("/packed", "packed"),
        ("/to?/to?/to?/to?/to?/to?/x", "without end"),
    ],
)
def test_what_cannot_be_taken_is_told_in_a_sentence(
    site: ThreadingHTTPServer, fetcher: Fetcher, path: str, sentence: str
) -> None:
    with pytest.raises(UploadRefused, match=sentence):
        fetcher.fetch(_at(site, path))
