"""A small identity provider of our own, which can be made to say what no honest one would."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT = "assistant"
SECRET = "s3cret-of-the-client-that-is-long-enough"


@dataclass
class Says:
    """What the provider says next. ``claims`` go over those of an honest ID token; None takes one out."""

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    signed_by: str = "provider"
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Whole answers by path, in the place of what would be said."""


class OidcServer:
    """Listens on a free port of this machine. ``begin`` plays the browser at the authorization endpoint."""

    def __init__(self) -> None:
        self.says = Says()
        self.asked: list[str] = []
        self.public = False  # a public client has no secret
        self.keys = {"provider": _key("k1", 1), "stranger": _key("k1", 2)}
        self._codes: dict[str, dict[str, str]] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self, {})

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                server._answer(self, _first(self.rfile.read(length).decode()))

            def log_message(self, format: str, *args: object) -> None:  # the base class's name
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def begin(self, address: str) -> tuple[str, str]:
        """Sign somebody in at the address that the app leads to; return the code and the state."""
        asked = _first(urlsplit(address).query)
        code = hashlib.sha256(address.encode()).hexdigest()
        self._codes[code] = asked
        return code, asked["state"]

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.keys["provider"] = _key("k2", 3)

    def _answer(self, request: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        path = urlsplit(request.path).path
        self.asked.append(path)
        status, body = self.says.answers.get(path) or self._said(path, form, request.headers["Authorization"] or "")
        request.send_response(status)
        if status == 302:
            request.send_header("Location", body.decode())
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _said(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        match path:
            case "/.well-known/openid-configuration":
                return _json(self._metadata())
            case "/jwks":
                return _json(dict(KeySet([self.keys["provider"]]).as_dict()))
            case "/token":
                return self._token(form, authorization)
            case "/userinfo" if authorization == "Bearer access":
                user = {"sub": "ann", "email": "ann@example.com", "name": "Ann Arbor", "groups": ["Sales"]}
                return _json(_over(user, self.says.user))
        return _json({"error": "not_found"}, 404)

    def _metadata(self) -> dict[str, Any]:
        paths = {"authorization": "auth", "token": "token", "userinfo": "userinfo", "end_session": "end"}
        addresses = {f"{name}_endpoint": f"{self.url}/{path}" for name, path in paths.items()}
        return _over({"issuer": self.url, "jwks_uri": f"{self.url}/jwks", **addresses}, self.says.metadata)

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None:
            return _json({"error": "invalid_grant", "error_description": f"no code {form.get('code')}"}, 400)
        basic = "" if self.public else "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        assert authorization == basic
        assert form.get("client_id") == (CLIENT if self.public else None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert asked["code_challenge_method"] == "S256"
        assert form["redirect_uri"] == asked["redirect_uri"]
        return _json({"access_token": "access", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])})

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        honest = {"iss": self.url, "sub": "ann", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce}
        claims = _over(honest, self.says.claims)
        if self.says.signed_by == "nobody":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if self.says.signed_by == "secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        key = self.keys[self.says.signed_by]
        return jwt.encode({"alg": "RS256", "kid": key.kid, **self.says.header}, claims, key)


@cache
def _key(name: str, _number: int) -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": name, "use": "sig"})


def _over(honest: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**honest, **said}.items() if value is not None}


def _first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def _json(answer: dict[str, Any], status: int = 200) -> tuple[int, bytes]:
    return status, json.dumps(answer).encode()
