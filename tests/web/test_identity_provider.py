"""What an identity provider says is believed only when it can be."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from oidc_server import CLIENT, SECRET, OidcServer

from assistant.access import OutsideIdentity, SignInFlow
from assistant.settings import load
from assistant.web.belief import Unbelievable
from assistant.web.identity_provider import ANSWER_BYTES, IdentityProvider

FLOW = SignInFlow("the-state", "the-nonce", "a-verifier-" * 5, "/")
BACK = "https://assist.example.org/auth/oidc/callback"
OTHER = "https://evil.example.org"


@pytest.fixture
def server() -> Iterator[OidcServer]:
    running = OidcServer()
    yield running
    running.close()


def _provider(server: OidcServer, **settings: Any) -> IdentityProvider:
    named = {"oidc_issuer": server.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, **settings}
    return IdentityProvider(load(_env_file=None, **named))


def _come_back(server: OidcServer, provider: IdentityProvider | None = None) -> OutsideIdentity:
    asked = provider or _provider(server)

    async def coming() -> OutsideIdentity:
        code, _ = server.begin(await asked.sign_in_address(FLOW, BACK))
        who, _ = await asked.identity(code, FLOW, BACK)
        return who

    return anyio.run(coming)


def test_who_signed_in_is_known_by_issuer_and_subject(server: OidcServer) -> None:
    assert _come_back(server) == OutsideIdentity("oidc", "ann@example.com", "Ann Arbor", ("Sales",), server.url, "ann")


def test_the_provider_is_asked_with_state_nonce_and_a_challenge(server: OidcServer) -> None:
    address = anyio.run(_provider(server).sign_in_address, FLOW, BACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{server.url}/auth?")
    assert asked.pop("code_challenge")
    assert asked == {
        "response_type": "code", "client_id": CLIENT, "redirect_uri": BACK, "scope": "openid email profile",
        "state": "the-state", "nonce": "the-nonce", "code_challenge_method": "S256",
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": None}},
        {"claims": {"aud": "another", "azp": CLIENT}},
        {"claims": {"aud": [CLIENT, "another"]}},
        {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
        {"claims": {"azp": "another"}},
        {"claims": {"iss": OTHER}},
        {"claims": {"iss": None}},
        {"claims": {"exp": 1_700_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"iat": 9_900_000_000}},
        {"claims": {"sub": None}},
        {"claims": {"sub": 7}},
        {"claims": {"at_hash": "another"}},
        {"signed_by": "nobody"},
        {"signed_by": "secret"},
        {"signed_by": "stranger"},
        {"header": {"kid": "k9"}},
        {"user": {"sub": "bob"}},
        {"user": {"sub": None}},
        {"metadata": {"issuer": OTHER}},
        {"metadata": {"issuer": None}},
        {"metadata": {"token_endpoint": "http://evil.example.org/token"}},
        {"metadata": {"jwks_uri": "file:///etc/passwd"}},
        {"metadata": {"userinfo_endpoint": "https://user@evil.example.org/"}},
        {"metadata": {"authorization_endpoint": "javascript:alert(1)"}},
        {"metadata": {"authorization_endpoint": None}},
        {"answers": {"/jwks": (200, b'{"keys": []}')}},
        {"answers": {"/jwks": (200, b"[]")}},
        {"answers": {"/jwks": (200, b"{}")}},
        {"answers": {"/token": (200, b"<html>")}},
        {"answers": {"/token": (200, b"{}")}},
        {"answers": {"/token": (200, b'{"id_token": "a.b.c", "access_token": "access"}')}},
        {"answers": {"/token": (302, b"/elsewhere")}},
        {"answers": {"/userinfo": (302, b"/elsewhere")}},
        {"answers": {"/userinfo": (500, b"oops")}},
        {"answers": {"/.well-known/openid-configuration": (200, b"x" * (ANSWER_BYTES + 1))}},
    ],
    ids=str,
)
def test_what_cannot_be_believed_lets_nobody_in(server: OidcServer, wrong: dict[str, Any]) -> None:
    for name, value in wrong.items():
        setattr(server.says, name, value)
    with pytest.raises(Unbelievable):
        _come_back(server)
    assert "/elsewhere" not in server.asked


def test_several_audiences_are_fine_when_the_token_says_that_it_is_for_us(server: OidcServer) -> None:
    server.says.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert _come_back(server).subject == "ann"


def test_an_error_of_the_provider_tells_its_word_and_not_the_code(server: OidcServer) -> None:
    with pytest.raises(Unbelievable, match=r"/token answers 400 \(invalid_grant\)") as caught:
        anyio.run(_provider(server).identity, "stolen-code", FLOW, BACK)
    assert "stolen-code" not in str(caught.value)


def test_a_new_key_of_the_provider_is_asked_for_once_a_minute(server: OidcServer, monkeypatch: Any) -> None:
    provider = _provider(server)
    _come_back(server, provider)
    server.rotate()
    with pytest.raises(Unbelievable):
        _come_back(server, provider)
    monkeypatch.setattr("assistant.web.identity_provider.ASK_AGAIN_SECONDS", 0.0)
    assert _come_back(server, provider).subject == "ann"
    assert server.asked.count("/jwks") == 2
    assert server.asked.count("/.well-known/openid-configuration") == 1


def test_without_userinfo_the_id_token_tells_all(server: OidcServer) -> None:
    server.says.metadata = {"userinfo_endpoint": None}
    server.says.claims = {"email": "Ann@Example.com", "preferred_username": "ann", "realm_access": {"roles": ["Ops"]}}
    came = _come_back(server, _provider(server, groups_claim="realm_access.roles"))
    assert (came.email, came.name, came.groups) == ("ann@example.com", "ann", ("Ops",))


def test_groups_of_the_id_token_count_where_userinfo_has_none(server: OidcServer) -> None:
    server.says.user = {"groups": None}
    server.says.claims = {"groups": "Sales"}
    assert _come_back(server).groups == ("Sales",)


@pytest.mark.parametrize("where", ["claims", "user"])
@pytest.mark.parametrize("no", [False, "false"])
def test_an_address_that_is_not_confirmed_is_none(server: OidcServer, where: str, no: object) -> None:
    setattr(server.says, where, {"email_verified": no})
    assert _come_back(server).email is None


def test_groups_that_were_left_out_are_said_in_the_log(server: OidcServer, caplog: pytest.LogCaptureFixture) -> None:
    server.says.user = {"groups": None}
    server.says.claims = {"_claim_names": {"groups": "src1"}}
    with caplog.at_level(logging.WARNING, "assistant"):
        assert _come_back(server).groups == ()
    assert "left the groups of ann out" in caplog.text


@pytest.mark.parametrize("hint", [{}, {"id_token_hint": "a.b.c"}])
def test_signing_out_names_the_client_and_shows_the_token(server: OidcServer, hint: dict[str, str]) -> None:
    address = anyio.run(_provider(server).sign_out_address, hint.get("id_token_hint"), BACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address or "").query).items()}
    assert asked == {"client_id": CLIENT, "post_logout_redirect_uri": BACK, **hint}


def test_a_provider_without_a_place_for_it_is_not_asked_to_sign_out(server: OidcServer) -> None:
    server.says.metadata = {"end_session_endpoint": None}
    assert anyio.run(_provider(server).sign_out_address, None, BACK) is None


def test_a_public_client_sends_its_name_and_no_secret(server: OidcServer) -> None:
    server.public = True
    assert _come_back(server, _provider(server, oidc_client_secret=None)).subject == "ann"
