"""A sign-in leads to a path of this app, never elsewhere, however it is written."""

from __future__ import annotations

import pytest

from assistant.web.local_path import HOME, local_path, path_of

ELSEWHERE = [
    *("//evil.example", "///evil.example", "////evil.example", "https://evil.example", "HTTPS://evil.example"),
    *("http:evil.example", "http:/evil.example", "http:///evil.example", "https:evil.example", "ftp://evil.example"),
    *("javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "mailto:a@evil.example", "file:///etc/passwd"),
    *("\\\\evil.example", "/\\evil.example", "\\/evil.example", "/\\/evil.example", "/\\\\evil.example"),
    *("/%2F/evil.example", "/%2fevil.example", "/%5Cevil.example", "/%5c%5cevil.example", "/%252Fevil.example"),
    *("/\t/evil.example", "/\n/evil.example", "\t//evil.example", "\x00//evil.example", "/\r\nSet-Cookie: a=b"),
    *(" //evil.example", "//evil.example/%2f..", "/.//evil.example", "/..//evil.example", "/x/..//evil.example"),
    *("//user@evil.example", "/\u3002evil.example", "//evil\u3002example", "/\u2215evil.example", "evil.example"),
    *("//[::1]/", "//[evil", "?next=//evil.example", "#//evil.example", "@evil.example", ".evil.example"),
    *("/%0d%0aSet-Cookie:a=b", "/%09/evil.example", "/%00", "//", "/" + "x" * 3_000, "/models\x7f"),
]


@pytest.mark.parametrize("given", [None, "", *ELSEWHERE])
def test_what_is_not_plainly_a_path_of_ours_leads_home(given: str | None) -> None:
    assert local_path(given) == HOME


@pytest.mark.parametrize("given", ["/login", "/login/", "/login?next=/", "/auth/logout", "/auth/view?as=x", "/auth/"])
def test_signing_in_does_not_lead_to_signing_in_or_out(given: str) -> None:
    assert local_path(given) == HOME


@pytest.mark.parametrize(
    "given",
    [
        *("/", "/models", "/?conversation=0a1b", "/document?id=7&page=3#top", "/knowledge_base?search=a+b%20c"),
        *("/knowledge_base?search=https://example.org//x", "/documents/x%20y/original", "/loginx", "/author"),
    ],
)
def test_a_path_of_ours_is_kept(given: str) -> None:
    assert local_path(given) == given


def test_the_path_and_query_that_were_asked_for_are_kept_as_an_address() -> None:
    assert path_of("/knowledge_base", b"search=a%20b&x=1") == "/knowledge_base?search=a%20b&x=1"
    assert local_path(path_of("/a b/ü", b"")) == "/a%20b/%C3%BC"
