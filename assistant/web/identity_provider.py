"""An OpenID Connect provider, asked as the standard says: where to send people, and who came back.

What a provider says is checked before it is believed, and none of its words reach a page. Codes and tokens stay within
the functions here: they are in no log, no table, no error.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import anyio
from authlib.common.urls import add_params_to_uri
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from assistant.access import OutsideIdentity, SignInFlow
from assistant.people.external import address_of, claim, groups_of, name_of
from assistant.settings import Settings
from assistant.web.belief import Unbelievable, checked_metadata

Claims = Mapping[str, Any]

METADATA = "/.well-known/openid-configuration"
# Signatures that only the provider can make: with HS256 whoever has our secret could, with "none" anybody.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
REQUEST_SECONDS = 10.0
ANSWER_BYTES = 1_000_000
KEPT_SECONDS = 3600.0
"""How long metadata and keys are taken for true; a token with an unknown key has the keys asked for again,"""
ASK_AGAIN_SECONDS = 60.0
"""but no more often than this."""
LEEWAY_SECONDS = 60
"""By how much the provider's clock may differ from ours."""

logger = logging.getLogger(__name__)


class IdentityProvider:
    """The provider of the settings. Raises Unbelievable, and whatever the HTTP library raises."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._issuer = settings.oidc_issuer or ""
        self._metadata = _Kept()
        self._keys = _Kept()

    async def sign_in_address(self, flow: SignInFlow, comes_back_to: str) -> str:
        """Return the address of the provider at which somebody signs in."""
        metadata = await self.metadata()
        asking = OAuth2Client(
            None, self._settings.oidc_client_id, scope=self._settings.oidc_scopes, code_challenge_method="S256"
        )
        address, _ = asking.create_authorization_url(
            metadata["authorization_endpoint"],
            state=flow.state, nonce=flow.nonce, code_verifier=flow.verifier, redirect_uri=comes_back_to,
        )  # fmt: skip
        return str(address)

    async def sign_out_address(self, id_token: str | None, comes_back_to: str) -> str | None:
        """Return the address at which the provider forgets the browser too; None when it has none.

        Some providers take the ID token as a proof that the person asks, others ask the person.
        """
        metadata = await self.metadata()
        if "end_session_endpoint" not in metadata:
            return None
        asked = {"client_id": self._settings.oidc_client_id or "", "post_logout_redirect_uri": comes_back_to}
        if id_token is not None:
            asked["id_token_hint"] = id_token
        return str(add_params_to_uri(metadata["end_session_endpoint"], list(asked.items())))

    async def identity(self, code: str, flow: SignInFlow, comes_back_to: str) -> tuple[OutsideIdentity, str]:
        """Return who it is that came back with this code, and the ID token that says so."""
        metadata = await self.metadata()
        async with await self._client(metadata) as client:
            tokens = await _ask(
                client, "POST", metadata["token_endpoint"],
                data={"grant_type": "authorization_code", "code": code, "redirect_uri": comes_back_to,
                      "code_verifier": flow.verifier},
                auth=client.client_auth(client.token_endpoint_auth_method),
            )  # fmt: skip
            said = await self._checked(client, metadata, tokens, flow.nonce)
            more = await _user_info(client, metadata, tokens, said["sub"])
        return self._identity(said, more), tokens["id_token"]

    async def need_issuer(self, named: str | None) -> None:
        """Raise Unbelievable when an answer came from another provider than ours, which it names (RFC 9207)."""
        metadata = await self.metadata()
        is_told = metadata.get("authorization_response_iss_parameter_supported") is True
        if named != self._issuer and (named is not None or is_told):
            raise Unbelievable("the answer is of another provider")

    async def metadata(self) -> dict[str, Any]:
        """Return what the provider says about itself."""
        if (kept := self._metadata.value()) is None:
            async with await self._client({}) as client:
                told = await _ask(client, "GET", self._issuer.rstrip("/") + METADATA)
            kept = self._metadata.keep(checked_metadata(told, self._issuer))
        return kept

    async def _client(self, metadata: Claims) -> Any:
        # In a thread: the certificates of all authorities are read for it, and everybody would wait.
        return await anyio.to_thread.run_sync(self._new_client, metadata)

    def _new_client(self, metadata: Claims) -> Any:
        secret = self._settings.oidc_client_secret
        return AsyncOAuth2Client(
            client_id=self._settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            token_endpoint_auth_method=_auth_method(metadata, has_secret=secret is not None),
            follow_redirects=False,
            timeout=REQUEST_SECONDS,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )

    async def _checked(self, client: Any, metadata: Claims, tokens: Claims, nonce: str) -> dict[str, Any]:
        """Return the claims of the ID token, which must be the provider's, for us, for this sign-in, and fresh."""
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise Unbelievable("the provider gave no ID token")
        try:
            decoded = await self._decoded(client, metadata, token)
            options: Any = {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._settings.oidc_client_id},
                "sub": {"essential": True},
            }
            asked = {
                "nonce": nonce,
                "client_id": self._settings.oidc_client_id,
                "access_token": tokens.get("access_token"),
            }
            claims = CodeIDToken(decoded.claims, decoded.header, options, asked)
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise Unbelievable(f"the ID token is not to be believed: {error}") from None
        return dict(claims)

    async def _decoded(self, client: Any, metadata: Claims, token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(token, await self._key_set(client, metadata), registry=registry)
        except InvalidKeyIdError:
            if not self._keys.forget():
                raise
            return jwt.decode(token, await self._key_set(client, metadata), registry=registry)

    async def _key_set(self, client: Any, metadata: Claims) -> KeySet:
        if (kept := self._keys.value()) is None:
            kept = self._keys.keep(await _ask(client, "GET", metadata["jwks_uri"]))
        try:
            return KeySet.import_key_set(kept)  # type: ignore[arg-type]  # the library looks at what is in it
        except KeyError:
            raise Unbelievable("the provider named no keys") from None

    def _identity(self, said: Claims, more: Claims) -> OutsideIdentity:
        both = {**said, **more}
        path = self._settings.groups_claim
        groups = claim(more, path)
        if groups is None:
            groups = claim(said, path)
        if groups is None and path in (said.get("_claim_names") or {}):
            logger.warning("The identity provider left the groups of %s out, as there are too many.", said["sub"])
        refuted = any(claims.get("email_verified") in (False, "false") for claims in (said, more))
        return OutsideIdentity(
            source="oidc",
            email=None if refuted else address_of(both.get("email")),
            name=name_of(both.get("name")) or name_of(both.get("preferred_username")),
            groups=groups_of(groups),
            issuer=self._issuer,
            subject=str(said["sub"]),
        )


class _Kept:
    """An answer that is taken for true for a while."""

    def __init__(self) -> None:
        self._value: dict[str, Any] | None = None
        self._at = 0.0

    def value(self) -> dict[str, Any] | None:
        return self._value if time.monotonic() - self._at < KEPT_SECONDS else None

    def keep(self, value: dict[str, Any]) -> dict[str, Any]:
        self._value, self._at = value, time.monotonic()
        return value

    def forget(self) -> bool:
        """Forget the answer, unless it was just asked for; say whether it is forgotten."""
        if time.monotonic() - self._at < ASK_AGAIN_SECONDS:
            return False
        self._value = None
        return True


async def _user_info(client: Any, metadata: Claims, tokens: Claims, subject: str) -> dict[str, Any]:
    """Return what the provider tells about the person beyond the ID token; it must be the same person."""
    if "userinfo_endpoint" not in metadata:
        return {}
    token = tokens.get("access_token")
    if not isinstance(token, str):
        raise Unbelievable("the provider gave no access token")
    answer = await _ask(
        client, "GET", metadata["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"}, auth=None
    )
    if answer.get("sub") != subject:
        raise Unbelievable("the provider's userinfo is of somebody else than its ID token")
    return answer


async def _ask(client: Any, method: str, address: str, **options: Any) -> dict[str, Any]:
    """Return the JSON object that an address answers with; redirects are not followed, sizes and times are bounded."""
    where, body = urlsplit(address)._replace(query="", fragment="").geturl(), bytearray()
    with anyio.fail_after(REQUEST_SECONDS):
        async with client.stream(method, address, withhold_token=True, **options) as response:
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > ANSWER_BYTES:
                    raise Unbelievable(f"{where} answers with more than {ANSWER_BYTES} bytes")
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if response.status_code != 200 or not isinstance(answer, dict):
        raise Unbelievable(f"{where} answers {response.status_code}{_code(answer)} and nothing that is of use")
    return answer


def _code(answer: object) -> str:
    """The standard's word for what went wrong, such as "invalid_grant"; the provider's own words may hold anything."""
    code = answer.get("error") if isinstance(answer, dict) else None
    return f" ({code})" if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,60}", code) else ""


def _auth_method(metadata: Claims, *, has_secret: bool) -> str:
    if not has_secret:
        return "none"
    offered = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
