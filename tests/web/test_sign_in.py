"""The routes of signing in and out, as browsers meet them behind the gate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from gate_client import ASSETS, HOSTS
from httpx2 import Response
from signing_in import PASSWORD, cookie_of, with_password
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from assistant.bootstrap import Services
from assistant.domain import Person, Role
from assistant.people.links import Links, OneTimeLink, digest
from assistant.people.sign_in import PER_ACCOUNT, WRONG
from assistant.web.cookies import NAME
from assistant.web.gate import Gate
from assistant.web.routes import routes
from assistant.web.sign_in import BUSY

HOME = "http://127.0.0.1:8501"
OTHER = "gorse on 4 cliffs"
NAVIGATES = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
FROM_ELSEWHERE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}


def _browser(base_url: str = HOME) -> TestClient:
    gate = Middleware(Gate, hosts=lambda: HOSTS, assets=ASSETS)
    app = Starlette(routes=routes(lambda: HOSTS), middleware=[gate])
    return TestClient(app, base_url=base_url, follow_redirects=False)


@pytest.fixture
def browser(closed: Services) -> Iterator[TestClient]:
    """A browser in front of an app with sign-in by password."""
    del closed
    with _browser() as client:
        yield client


@pytest.fixture
def ada(closed: Services) -> Person:
    return with_password(closed.database, "ada", Role.ADMIN)


def signs_in(browser: TestClient, email: str, password: str = PASSWORD, **more: str) -> Response:
    return browser.post("/login", data={"email": email, "password": password, **more})


def path_of(link: OneTimeLink | None) -> str:
    assert link is not None
    return link.path


def alert(answer: Response) -> str:
    """What the page says in its alert."""
    found = re.search(r'role="alert">([^<]*)<', answer.text)
    return found.group(1) if found else ""


def holder(services: Services, browser: TestClient) -> Person | None:
    return services.sign_in.holder(digest(browser.cookies.get(NAME) or ""))


def test_the_form_can_be_filled_in_by_people_and_by_password_managers(browser: TestClient) -> None:
    page = browser.get("/login?next=/models")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    for part in (
        '<label for="email">Mail address</label>', 'autocomplete="username"', 'autocomplete="current-password"',
        'type="password"', 'name="next" value="/models"', 'method="post"', '<html lang="en">',
        "the password forgotten? An administrator can give you a link.",
    ):  # fmt: skip
        assert part in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert browser.get("/auth/style.css").headers["content-type"].startswith("text/css")


def test_the_form_has_the_companys_own_name(browser: TestClient, closed: Services, ada: Person) -> None:
    branding = closed.branding.shown()
    closed.branding.set(
        ada, type(branding)(name="Ask <b>Acme</b>", welcome=branding.welcome, revision=branding.revision)
    )
    page = browser.get("/login").text
    assert "Ask &lt;b&gt;Acme&lt;/b&gt;" in page
    assert "<b>" not in page


def test_signing_in_gives_a_cookie_and_leads_on(browser: TestClient, closed: Services, ada: Person) -> None:
    answer = signs_in(browser, ada.email, next="/document?id=7&page=3")
    assert (answer.status_code, answer.headers["location"]) == (303, "/document?id=7&page=3")
    assert re.fullmatch(rf"{NAME}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Lax", answer.headers["set-cookie"])
    assert answer.headers["cache-control"] == "no-store"
    found = holder(closed, browser)
    assert found is not None
    assert found.id == ada.id
    assert browser.get("/login?next=/models").headers["location"] == "/models"


def test_no_sign_in_leads_to_another_site(browser: TestClient, ada: Person) -> None:
    for goes_to in ("//evil.example", "https://evil.example", "/\\evil.example", "/%2fevil.example", "javascript:x"):
        assert signs_in(browser, ada.email, next=goes_to).headers["location"] == "/"
        assert browser.get("/login", params={"next": goes_to}).headers["location"] == "/"


def test_under_tls_the_cookie_is_for_tls_and_this_host_alone(closed: Services, ada: Person) -> None:
    browser = _browser("https://127.0.0.1:8501")
    cookie = signs_in(browser, ada.email).headers["set-cookie"]
    assert re.fullmatch(rf"__Host-{NAME}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Lax; Secure", cookie)
    assert browser.get("/documents/1/original").status_code == 404
    browser.cookies.clear()
    plain = {"Cookie": f"{NAME}={cookie_of(closed, ada)}"}
    assert browser.get("/documents/1/original", headers=plain).status_code == 401


def test_whatever_is_wrong_looks_the_same(browser: TestClient, ada: Person) -> None:
    answers = [
        signs_in(browser, ada.email, "wrong"),
        signs_in(browser, "nobody@example.com"),
        signs_in(browser, "", ""),
    ]
    assert {(answer.status_code, alert(answer)) for answer in answers} == {(401, WRONG)}
    pages = {answer.text.replace(ada.email, "").replace("nobody@example.com", "") for answer in answers[:2]}
    assert len(pages) == 1
    assert all("set-cookie" not in answer.headers for answer in answers)


def test_a_refusal_has_a_number_that_the_log_has_too(
    browser: TestClient, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    refused = re.search(r"Reference ([0-9a-f]{8})<", signs_in(browser, ada.email, "wrong").text)
    dead = re.search(r"Reference ([0-9a-f]{8})<", browser.get("/auth/invite?token=none").text)
    assert refused is not None
    assert dead is not None
    for found in (refused, dead):
        assert any(f"reference {found.group(1)}:" in line for line in caplog.messages)
    assert ada.email not in caplog.text


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_a_locked_account_says_when_and_not_whether_it_exists(browser: TestClient, ada: Person, email: str) -> None:
    del ada
    for _ in range(PER_ACCOUNT.free):
        signs_in(browser, email, "wrong")
    answer = signs_in(browser, email)
    assert answer.status_code == 429
    assert alert(answer) == "Too many tries have failed. Try again in 1 minute."
    assert 0 < int(answer.headers["retry-after"]) <= 60


def test_a_flood_of_sign_ins_is_turned_away(browser: TestClient, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.web.sign_in.WAITING", -2)
    answer = signs_in(browser, ada.email)
    assert (answer.status_code, alert(answer)) == (503, BUSY)
    assert "set-cookie" not in answer.headers


def test_what_was_typed_comes_back_as_text(browser: TestClient) -> None:
    answer = signs_in(browser, '"><script>alert(1)</script>', next='/"><script>')
    assert "<script" not in answer.text
    assert "&quot;&gt;&lt;script&gt;" in answer.text


def test_signing_in_anew_changes_the_cookie_and_ends_the_old_session(
    browser: TestClient, closed: Services, ada: Person
) -> None:
    signs_in(browser, ada.email)
    old = browser.cookies.get(NAME) or ""
    signs_in(browser, ada.email)
    assert browser.cookies.get(NAME) != old
    assert closed.sign_in.holder(digest(old)) is None
    assert holder(closed, browser) is not None


def test_a_planted_cookie_is_never_what_somebody_is_signed_in_by(
    browser: TestClient, closed: Services, ada: Person
) -> None:
    eve = with_password(closed.database, "eve")
    for planted in ("planted-by-another-site", cookie_of(closed, eve)):
        browser.cookies.clear()
        browser.cookies.set(NAME, planted, domain="127.0.0.1")
        signs_in(browser, ada.email)
        assert closed.sign_in.holder(digest(planted)) is None


def test_log_out_ends_the_session_and_clears_the_browser(browser: TestClient, closed: Services, ada: Person) -> None:
    signs_in(browser, ada.email)
    cookie = browser.cookies.get(NAME) or ""
    answer = browser.get("/auth/logout", headers=NAVIGATES)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert closed.sign_in.holder(digest(cookie)) is None
    assert browser.get("/documents/1/original", headers={"Cookie": f"{NAME}={cookie}"}).status_code == 401
    assert browser.get("/auth/logout", headers=NAVIGATES).status_code == 303


def test_a_link_of_another_site_does_not_log_out(browser: TestClient, closed: Services, ada: Person) -> None:
    signs_in(browser, ada.email)
    asked = browser.get("/auth/logout", headers=FROM_ELSEWHERE)
    assert "Log out?" in asked.text
    assert browser.post("/auth/logout", headers={"Origin": "https://evil.example"}).status_code == 403
    assert holder(closed, browser) is not None
    assert browser.post("/auth/logout", headers={"Origin": HOME}).status_code == 303
    assert holder(closed, browser) is None


def test_the_first_admin_comes_in_by_the_link_of_the_terminal(browser: TestClient, closed: Services) -> None:
    link = path_of(closed.sign_in.set_up_link())
    page = browser.get(link)
    assert page.status_code == 200
    given = {"token": parse_qs(urlsplit(link).query)["token"][0], "name": "Ada", "email": "ada@example.com"}
    differing = browser.post("/auth/setup", data={**given, "password": PASSWORD, "repeated": OTHER})
    assert (differing.status_code, alert(differing)) == (422, "The two passwords are not the same.")
    assert 'value="ada@example.com"' in differing.text
    assert PASSWORD not in differing.text
    short = browser.post("/auth/setup", data={**given, "password": "short", "repeated": "short"})
    assert "at least 8 characters" in alert(short)
    done = browser.post("/auth/setup", data={**given, "password": PASSWORD, "repeated": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/")
    found = holder(closed, browser)
    assert found is not None
    assert found.role is Role.ADMIN
    assert browser.get(link).status_code == 410


@pytest.mark.parametrize("kind", ["invite", "reset"])
def test_a_link_sets_a_password_and_signs_in(browser: TestClient, closed: Services, ada: Person, kind: str) -> None:
    link = getattr(Links(closed.database), kind)(ada.id, "local").path
    assert f"For {ada.email}" in browser.get(link).text
    given = {"token": parse_qs(urlsplit(link).query)["token"][0], "password": OTHER, "repeated": OTHER}
    assert browser.post(f"/auth/{kind}", data={**given, "repeated": "x"}).status_code == 422
    assert browser.post(f"/auth/{kind}", data=given).status_code == 303
    found = holder(closed, browser)
    assert found is not None
    assert found.id == ada.id
    dead = browser.post(f"/auth/{kind}", data=given)
    assert dead.status_code == 410
    assert "used already" in dead.text


@pytest.mark.parametrize("path", ["/auth/setup", "/auth/invite", "/auth/reset"])
@pytest.mark.parametrize("token", ["", "x", "x" * 5_000, "\x00", "' OR 1=1 --"])
def test_a_made_up_link_does_not_work(browser: TestClient, path: str, token: str) -> None:
    assert browser.get(path, params={"token": token}).status_code == 410
    given = {"token": token, "name": "Eve", "email": "eve@example.com", "password": OTHER, "repeated": OTHER}
    assert browser.post(path, data=given).status_code == 410


def test_only_forms_of_a_sensible_size_are_read(browser: TestClient) -> None:
    assert browser.post("/login", json={"email": "a", "password": "b"}).status_code == 415
    assert browser.post("/login", data={"email": "a" * 20_000}).status_code == 413
    many = "&".join(f"{number}=x" for number in range(100))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/login", content=many, headers=form).status_code == 400
    assert browser.post("/login", content=b"email=\xff&password=x", headers=form).status_code == 400


@pytest.mark.parametrize(
    "path", ["/auth/", "/auth/x", "/auth/login", "/auth/callback", "/auth/setup/x", "/auth/style.css/"]
)
def test_nothing_else_is_there(browser: TestClient, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        assert browser.request(method, path).status_code in (404, 405)


def test_the_view_is_the_demos_alone(browser: TestClient) -> None:
    assert browser.get("/auth/view?as=staff", headers=NAVIGATES).status_code == 404


@pytest.mark.usefixtures("demo")
def test_the_demo_changes_its_view_and_goes_back() -> None:
    browser = _browser()
    answer = browser.get("/auth/view?as=staff", headers={**NAVIGATES, "Referer": f"{HOME}/models?x=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/models?x=1")
    assert answer.headers["set-cookie"] == "assistant_view=staff; Path=/; HttpOnly; SameSite=Lax"
    elsewhere = browser.get("/auth/view?as=admin&next=//evil.example", headers=NAVIGATES)
    assert elsewhere.headers["location"] == "/"
    assert browser.get("/auth/view?as=root", headers=NAVIGATES).status_code == 404
    assert browser.get("/auth/view?as=admin", headers=FROM_ELSEWHERE).status_code == 403
    assert browser.get("/login").headers["location"] == "/"
    assert browser.post("/login", data={"email": "a", "password": "b"}).status_code == 404


def test_an_upload_by_a_token_needs_no_mark_and_one_by_a_session_does(
    browser: TestClient, closed: Services, ada: Person
) -> None:
    from assistant.access import Scope

    token = closed.tokens.create(ada, "a program", [Scope.UPLOAD], 1)[1]
    sent = {"params": {"name": "a.txt"}, "content": b"one"}
    assert browser.put("/documents/upload", headers={"Authorization": f"Bearer {token}"}, **sent).status_code == 201  # type: ignore[arg-type]  # of its own making
    signs_in(browser, ada.email)
    assert browser.put("/documents/upload", **sent).status_code == 403  # type: ignore[arg-type]  # of its own making
