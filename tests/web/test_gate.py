"""The gate: what has no session gets to nothing but what signing in needs; what passes carries who asks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gate_client import ASSETS, HOST, SOME_ASSET, GateClient, Inner
from persons import person
from signing_in import by_session, cookie_of
from sqlalchemy import text

from assistant.access import Scope
from assistant.bootstrap import Services
from assistant.domain import Person, Role
from assistant.errors import SignedOut
from assistant.people.links import digest
from assistant.web.identity import HEADER, Identified, person_of
from assistant.web.ways import WAYS, Way

PAGE = {"accept": "text/html,application/xhtml+xml"}


PAGE = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def ann(closed: Services) -> Person:
    return person(closed.database, "ann")


CLOSED = [
    *("/", "/knowledge_base", "/models", "/anything/else", "/index.html", "/app/static/x", "/component/x/y"),
    *("/media/abc.png", "/_stcore/metrics", "/_stcore/host-config", "/_stcore/upload_file/a/b", "/_stcore/stream"),
    *("/_stcore/bidi-components/x", "/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/script-health-check"),
    *("/_stcore/agent/openapi.json", "/oauth2callback", "/documents/upload", "/documents/1/original", "", "*"),
]
TRICKS = [
    *("/login/", "/login/x", "/Login", "/LOGIN", "/login.", "/login;x", "//login", "/./login", "/x/../login"),
    *("/loginx", "login", "http://x/login", "/login\x00", "/login\n", " /login", "/login ", "/\u2215login"),
    *("/login/../_stcore/metrics", "/auth/../_stcore/metrics", "/auth/..", "/auth//x", "/auth", "/AUTH/setup"),
    *("/auth\\x", "/auth/a\\b", "/auth/./x", "/static", "/static/", "/static/../media/x", "/static/..", "/static//x"),
    *("/static/nothing.js", "/STATIC/x", "/static/%2e%2e/media/x", "/static/..%2fmedia", "/static/..\\media"),
    *(f"{SOME_ASSET}/", f"/{SOME_ASSET}", f"/x{SOME_ASSET}", f"{SOME_ASSET}%00", "/favicon.png/", "/favicon.PNG"),
    *("/healthz/", "/healthz/x", "/HEALTHZ", "/healthz%2f..", "//healthz", "/_stcore/health/", "/_stcore/healthx"),
    *("/_stcore/health/../metrics", "/_stcore//health", "/_stcore/%68ealth", "/_stcore/health\x00"),
    *("/documents/upload/", "/documents/../login", "/documents/upload;/login", "/documents/upload?/login"),
]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "get"]


@pytest.mark.usefixtures("closed")
def test_nothing_else_is_reached_without_a_session(ask: GateClient, inner: Inner) -> None:
    for path in (*CLOSED, *TRICKS):
        for method in METHODS:
            answer = ask(path, method, content_length="5000000")
            assert (answer.status, answer.headers["connection"]) == (401, "close"), (method, path)
        assert ask(path, kind="websocket").status == 403, path
    assert inner.came == []


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    "path", ["/login", "/auth/setup", "/auth/invite", "/auth/oidc/callback", "/healthz", "/_stcore/health"]
)
def test_what_signing_in_needs_is_open(ask: GateClient, inner: Inner, path: str) -> None:
    assert ask(path).status == 200
    assert inner.identities == []
    assert ask(path, kind="websocket").status == 403


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("path", [SOME_ASSET, "/favicon.png"])
def test_the_files_that_draw_the_page_are_open_for_reading(ask: GateClient, path: str) -> None:
    assert ask(path).status == 200
    assert ask(path, "HEAD").status == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        assert ask(path, method).status == 401
    assert "/index.html" not in ASSETS


@pytest.mark.usefixtures("closed")
def test_a_browser_is_led_to_the_sign_in_and_back(ask: GateClient) -> None:
    answer = ask("/document", query="id=7&page=3", **PAGE)
    assert answer.status == 303
    assert answer.headers["location"] == "/login?next=%2Fdocument%3Fid%3D7%26page%3D3"
    assert answer.headers["cache-control"] == "no-store"
    assert ask("/", **PAGE).headers["location"] == "/login"
    assert ask("/", sec_fetch_mode="navigate").status == 303
    assert ask("/", sec_fetch_mode="cors", **PAGE).status == 401
    assert ask("/", "POST", **PAGE).status == 401


def test_with_a_session_everything_is_reached_as_its_person(
    ask: GateClient, inner: Inner, closed: Services, ann: Person
) -> None:
    cookie = cookie_of(closed, ann)
    for kind, status in (("http", 200), ("websocket", 101)):
        assert ask("/_stcore/stream", kind=kind, cookie=f"a=b; assistant_session={cookie}").status == status
        assert inner.identities == [f"session:{digest(cookie)}"]
    assert person_of(closed, {HEADER: inner.identities[0]}) == by_session(ann, cookie)


def test_what_is_shown_to_a_person_is_not_kept_by_the_browser(ask: GateClient, closed: Services, ann: Person) -> None:
    answer = ask("/media/x.png", cookie=f"assistant_session={cookie_of(closed, ann)}")
    assert answer.headers["cache-control"] == "no-store"


def test_what_is_kept_for_somebody_else_is_not_there(ask: GateClient, inner: Inner, closed: Services) -> None:
    cookie = f"assistant_session={cookie_of(closed, person(closed.database, 'boss', Role.ADMIN))}"
    for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        assert ask("/media/theirs.png", method, cookie=cookie).status == 404
    assert inner.came == []
    assert ask("/media/mine.png", cookie=cookie).status == 200


@pytest.mark.parametrize(("role", "status"), [(Role.STAFF, 403), (Role.KB_ADMIN, 200), (Role.ADMIN, 200)])
def test_only_who_may_change_documents_puts_files_into_memory(
    ask: GateClient, closed: Services, role: Role, status: int
) -> None:
    cookie = f"assistant_session={cookie_of(closed, person(closed.database, 'carol', role))}"
    assert ask("/_stcore/upload_file/a/b", "PUT", cookie=cookie).status == status


@pytest.mark.usefixtures("closed")
def test_a_gate_that_is_not_told_whose_files_are_gives_none(closed: Services) -> None:
    cookie = f"assistant_session={cookie_of(closed, person(closed.database, 'boss', Role.ADMIN))}"
    plain = GateClient(Inner(), owns=None)
    for path in ("/media/x.png", "/_stcore/upload_file/a/b"):
        assert plain(path, cookie=cookie).status == 404
    assert plain("/", cookie=cookie).status == 200


@pytest.mark.parametrize("end", ["ended_at", "idle_until", "expires_at"])
def test_a_session_that_ended_opens_nothing(
    ask: GateClient, inner: Inner, closed: Services, ann: Person, end: str
) -> None:
    cookie = cookie_of(closed, ann)
    with closed.database.write() as session:
        session.execute(text(f"UPDATE sessions SET {end} = '2026-01-01 00:00:00.000000'"))  # noqa: S608 - ours
    assert ask("/", cookie=f"assistant_session={cookie}").status == 401
    assert ask("/_stcore/stream", kind="websocket", cookie=f"assistant_session={cookie}").status == 403
    with pytest.raises(SignedOut):
        person_of(closed, {HEADER: f"session:{digest(cookie)}"})
    assert inner.came == []


def test_a_disabled_person_reaches_nothing(ask: GateClient, closed: Services, ann: Person) -> None:
    cookie = cookie_of(closed, ann)
    with closed.database.write() as session:
        session.execute(text("UPDATE people SET disabled_at = '2026-01-01 00:00:00.000000'"))
    assert ask("/", cookie=f"assistant_session={cookie}").status == 401


@pytest.mark.parametrize("given", ["", "x", "x" * 5_000, "../..", "' OR 1=1 --", "%00", "ünïcode", "*", "0" * 64])
def test_no_other_cookie_is_a_session(ask: GateClient, closed: Services, ann: Person, given: str) -> None:
    cookie_of(closed, ann)
    assert ask("/", cookie=f"assistant_session={given}").status == 401


def test_the_digest_in_the_database_is_no_cookie(ask: GateClient, closed: Services, ann: Person) -> None:
    assert ask("/", cookie=f"assistant_session={digest(cookie_of(closed, ann))}").status == 401


def test_two_session_cookies_are_refused(ask: GateClient, inner: Inner, closed: Services, ann: Person) -> None:
    good = cookie_of(closed, ann)
    answer = ask("/", cookie=f"assistant_session={good}; assistant_session=planted")
    assert answer.status == 400
    assert "two session cookies" in answer.body
    pairs = [(b"host", HOST.encode()), *((b"cookie", f"assistant_session={c}".encode()) for c in (good, "planted"))]
    assert ask.raw(pairs).status == 400
    assert ask.raw(pairs, "/_stcore/stream", kind="websocket").status == 403
    assert inner.came == []


SPELLINGS = [
    *(b"x-assistant-identity", b"X-Assistant-Identity", b"X-ASSISTANT-IDENTITY", b"x_assistant_identity"),
    *(b"X_Assistant-Identity", b" x-assistant-identity", b"x-assistant-identity ", b"x-assistant_identity"),
]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_an_identity_that_a_client_sends_is_taken_out(
    ask: GateClient, inner: Inner, closed: Services, ann: Person, kind: str
) -> None:
    cookie, victim = cookie_of(closed, ann), cookie_of(closed, person(closed.database, "eve", Role.ADMIN))
    forged = [(name, f"session:{digest(victim)}".encode()) for name in SPELLINGS for _ in range(2)]
    assert ask.raw([(b"host", HOST.encode()), *forged], kind=kind).status in (401, 403)
    mine = [(b"host", HOST.encode()), *forged, (b"cookie", f"assistant_session={cookie}".encode()), *forged]
    ask.raw(mine, kind=kind)
    assert inner.identities == [f"session:{digest(cookie)}"]
    ask.raw([(b"host", HOST.encode()), *forged], "/login")
    assert inner.identities == []


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8501", "", "a@127.0.0.1", "localhost/x"]
)
def test_another_name_for_this_host_is_refused(ask: GateClient, closed: Services, ann: Person, host: str) -> None:
    cookie = f"assistant_session={cookie_of(closed, ann)}"
    for path in ("/", "/login", SOME_ASSET):
        assert ask(path, host=host, cookie=cookie).status == 403
    assert ask("/_stcore/stream", kind="websocket", host=host, cookie=cookie).status == 403


@pytest.mark.usefixtures("closed")
def test_a_request_that_names_two_hosts_is_refused(ask: GateClient) -> None:
    for hosts in ((HOST, "evil.example"), ("evil.example", HOST), (HOST, HOST)):
        pairs = [(b"host", host.encode()) for host in hosts]
        assert ask.raw(pairs, "/login").status in (400, 403)
        assert ask.raw(pairs, "/_stcore/stream", kind="websocket").status == 403


ELSEWHERE: list[dict[str, str]] = [
    {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:9999"}, {"origin": ""},
    {"origin": "http://127.0.0.1:8501.evil.example"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"},
    {"origin": "http://[evil"}, {"origin": "file://127.0.0.1:8501"}, {"origin": "http://x@127.0.0.1:8501"},
]  # fmt: skip


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_what_a_page_of_another_site_sends_is_refused(
    ask: GateClient, inner: Inner, closed: Services, ann: Person, headers: dict[str, str]
) -> None:
    cookie = f"assistant_session={cookie_of(closed, ann)}"
    for path in ("/login", "/auth/logout", "/auth/setup", "/_stcore/upload_file/a/b"):
        assert ask(path, "POST", cookie=cookie, **headers).status == 403
    assert ask("/_stcore/stream", kind="websocket", cookie=cookie, **headers).status == 403
    assert inner.came == []


def test_our_own_pages_and_scripts_may_send(ask: GateClient, closed: Services, ann: Person) -> None:
    cookie = f"assistant_session={cookie_of(closed, ann)}"
    own: list[dict[str, str]] = [{}, {"origin": f"http://{HOST}"}, {"sec_fetch_site": "same-origin"}]
    for headers in own:
        assert ask("/login", "POST", **headers).status == 200
        assert ask("/_stcore/stream", kind="websocket", cookie=cookie, **headers).status == 101


def test_until_the_services_are_there_everyone_waits(ask: GateClient, inner: Inner) -> None:
    answer = ask("/", **PAGE)
    assert (answer.status, answer.headers["refresh"]) == (503, "2")
    assert "looks again by itself" in answer.body
    for path in ("/login", "/auth/setup", "/_stcore/metrics", "/documents/upload"):
        assert ask(path).status == 503
    assert ask("/_stcore/stream", kind="websocket").status == 403
    assert inner.came == []
    assert ask("/healthz").status == ask(SOME_ASSET).status == 200


def test_the_demo_is_the_local_person_in_the_view_that_was_chosen(
    ask: GateClient, inner: Inner, demo: Services
) -> None:
    local = demo.people.local()
    for cookie, role in (
        ("a=b", Role.ADMIN),
        ("assistant_view=staff", Role.STAFF),
        ("assistant_view=root", Role.ADMIN),
    ):
        assert ask("/_stcore/stream", kind="websocket", cookie=cookie).status == 101
        assert person_of(demo, {HEADER: inner.identities[0]}) == replace(local, role=role)


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "header",
    [
        *("x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port"),
        *("via", "cf-connecting-ip", "true-client-ip", "x-client-ip", "x-original-forwarded-for"),
    ],
)
def test_the_demo_is_not_shown_through_a_proxy(ask: GateClient, inner: Inner, header: str) -> None:
    answer = ask("/", **{header: "203.0.113.7"})
    assert answer.status == 403
    assert "ASSISTANT_AUTH" in answer.body
    assert ask("/_stcore/stream", kind="websocket", **{header: "203.0.113.7"}).status == 403
    assert inner.came == []


@pytest.mark.parametrize(
    "given", ["demo:admin", "demo:staff", "session:", "session:x", "token:x", "admin", "local", "session"]
)
def test_the_script_shows_nothing_to_who_is_nobody(closed: Services, given: str) -> None:
    for headers in ({HEADER: given}, {}):
        with pytest.raises(SignedOut):
            person_of(closed, headers)


def test_the_demo_takes_no_other_identity(demo: Services) -> None:
    assert person_of(demo, {}) == demo.people.local()
    with pytest.raises(SignedOut):
        person_of(demo, {HEADER: "session:x"})


def _token(services: Services, of: Person, use: Scope) -> str:
    return services.tokens.create(of, "a program", [use], 1)[1]


@pytest.mark.parametrize(
    ("method", "path", "use", "status"),
    [
        ("PUT", "/documents/upload", Scope.UPLOAD, 200), ("PUT", "/documents/upload", Scope.READ, 403),
        ("GET", "/documents/1/original", Scope.READ, 200), ("GET", "/documents/1/original", Scope.UPLOAD, 403),
        ("PUT", "/documents/upload", None, 401), ("GET", "/", Scope.READ, 401),
        ("GET", "/_stcore/metrics", Scope.READ, 401), ("PUT", "/_stcore/upload_file/a/b", Scope.UPLOAD, 401),
        ("GET", "/documents/1/2/original", Scope.READ, 401), ("POST", "/documents/upload", Scope.UPLOAD, 401),
    ],
)  # fmt: skip
def test_a_token_opens_the_routes_of_its_uses_and_no_others(
    ask: GateClient, inner: Inner, closed: Services, ann: Person, method: str, path: str, use: Scope | None, status: int
) -> None:
    token = _token(closed, ann, use) if use else "ika_none"
    assert ask(path, method, authorization=f"Bearer {token}").status == status
    assert ask(path, kind="websocket", authorization=f"Bearer {token}").status == 403
    assert [scope["path"] for scope in inner.came] == ([path] if status == 200 else [])
    if status == 200:
        (identity,) = inner.identities
        assert person_of(closed, {HEADER: identity}) == replace(ann, credential=identity)


def test_a_wrong_token_is_not_made_good_by_a_cookie(ask: GateClient, closed: Services, ann: Person) -> None:
    both = {"authorization": "Bearer ika_none", "cookie": f"assistant_session={cookie_of(closed, ann)}"}
    assert ask("/documents/upload", "PUT", **both).status == 401


@pytest.mark.usefixtures("closed")
def test_a_way_may_give_the_browser_a_session(ask: GateClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WAYS, "password", Way(lambda _services, _connection: Identified("session:x", "fresh")))
    for kind in ("http", "websocket"):
        cookie = ask("/", kind=kind).headers["set-cookie"]
        assert cookie == "assistant_session=fresh; Path=/; HttpOnly; SameSite=Lax"


def test_acts_of_a_person_keep_their_session_and_polling_does_not(
    ask: GateClient, closed: Services, ann: Person
) -> None:
    cookie = f"assistant_session={cookie_of(closed, ann)}"

    def touched(path: str, **how: str) -> bool:
        with closed.database.write() as session:
            session.execute(text("UPDATE sessions SET seen_at = '2026-01-01 00:00:00.000000'"))
        ask(path, cookie=cookie, **how)
        with closed.database.read() as session:
            return not str(session.scalars(text("SELECT seen_at FROM sessions")).one()).startswith("2026-01-01")

    assert touched("/", **PAGE)
    assert touched("/documents/1/original")
    assert not touched("/media/x.png")
    assert not touched("/_stcore/stream", kind="websocket")
