"""A real nginx with the project's own example, and in the place of oauth2-proxy a stand-in that says who comes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from running_app import ROOT, free_port

EXAMPLE = ROOT / "deploy" / "nginx.conf"
START_SECONDS = 20.0
ANN = {"X-Auth-Request-Email": "ann@example.com", "X-Auth-Request-Preferred-Username": "Ann Arbor"}


def program() -> str | None:
    """Where nginx is: it stands where users do not look for programs."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class StandIn:
    """Plays oauth2-proxy: ``person`` are the headers about who is signed in, None for nobody."""

    def __init__(self) -> None:
        self.person: Mapping[str, str] | None = ANN
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                person = stand_in.person if self.path == "/oauth2/auth" else {}
                self.send_response(401 if person is None else 202 if self.path == "/oauth2/auth" else 200)
                for name, value in (person or {}).items():
                    self.send_header(name, value)
                body = f"oauth2-proxy: {self.path}".encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # the base class's name
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class Nginx:
    """The example with other ports, and a certificate of its own for localhost."""

    def __init__(self, folder: Path, app_port: int, stand_in_port: int) -> None:
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.certificate = folder / "localhost.crt"
        self._folder = folder
        _certificate(folder)
        (folder / "site.conf").write_text(_site(folder, self.port, app_port, stand_in_port))
        (folder / "nginx.conf").write_text(_around(folder))
        command = [program() or "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=20)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self._process.poll() is None, (self._folder / "error.log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < deadline
            time.sleep(0.05)  # between two looks at the port


def _site(folder: Path, port: int, app_port: int, stand_in_port: int) -> str:
    text = EXAMPLE.read_text()
    for there, here in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("server 127.0.0.1:8501;", f"server 127.0.0.1:{app_port};"),
        ("server 127.0.0.1:4180;", f"server 127.0.0.1:{stand_in_port};"),
        ("/etc/ssl/assist.example.org", str(folder / "localhost")),
        ("server_name assist.example.org;", "server_name localhost;"),
    ):
        assert there in text
        text = text.replace(there, here)
    return text


def _around(folder: Path) -> str:
    temporary = "".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'};"
        f"events {{}} http {{ {temporary} access_log off; include {folder / 'site.conf'}; }}"
    )


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "localhost.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "localhost.key").write_bytes(private)
