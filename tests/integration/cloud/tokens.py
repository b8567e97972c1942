"""Bearer tokens without a signature, which the brokers of these tests take, and who hands them out."""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def unsigned_token(subject: str, life: float) -> tuple[str, float]:
    """A JSON Web Token with algorithm `none`, and when it expires; a negative life makes one that has."""
    now = time.time()
    expires = now + life
    claims = {"sub": subject, "iat": min(now, expires) - 1, "exp": expires, "scope": ""}
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}.", expires


class CountedTokens:
    """A source of short-lived tokens that says when a new one was fetched.

    Args:
        subject: whom they name.
        life: seconds each of them lasts.
        awaited: how many shall have been fetched for `enough`.
    """

    def __init__(self, subject: str, life: float, awaited: int) -> None:
        self._subject, self._life, self._awaited = subject, life, awaited
        self.first_expires = 0.0
        self._fetched = 0
        self.enough = threading.Event()

    def __call__(self) -> tuple[str, float]:
        token, expires = unsigned_token(self._subject, self._life)
        self._fetched += 1
        self.first_expires = self.first_expires or expires
        if time.time() > self.first_expires and self._fetched >= self._awaited:
            self.enough.set()
        return token, expires


@dataclass
class Endpoint:
    """Where tokens are given out, and how many were."""

    url: str = ""
    granted: int = 0


@contextlib.contextmanager
def token_endpoint(*, client: str, secret: str, subject: str) -> Iterator[Endpoint]:
    """An endpoint that gives a token to this client alone."""
    endpoint = Endpoint()
    wanted = "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            known = self.headers.get("Authorization") == wanted
            endpoint.granted += known
            body = {"access_token": unsigned_token(subject, 600)[0], "token_type": "Bearer", "expires_in": 600}
            text = json.dumps(body if known else {"error": "invalid_client"}).encode()
            self.send_response(200 if known else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/token"
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _part(content: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
