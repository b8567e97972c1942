"""What every request has to pass before anything looks at it: the name it came in by, the token, the size."""

import asyncio
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine for itself."""
LARGEST_BODY = 16_384
"""Bytes of a request's body; a label takes a hundred."""
BODY_WITHIN = 10.0
"""Seconds a body may take to arrive."""
OPEN_PATHS = frozenset({"/health"})
"""What may be asked without a token: nothing that says anything about a payment."""
SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""An answer is data for whoever asked: no page may run, frame or keep it."""


class Refusal(Exception):  # noqa: N818 - the domain's word
    """Why a request goes no further."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True)
class Guard:
    """An ASGI application that hands on to `app` what may pass, each body whole.

    Pages of other sites can make a browser send requests here, by a name of theirs that they let point to this machine
    (DNS rebinding): a request must name one of `names`.

    Without a `token` whoever reaches the port may ask: something else has to stand before it. Without `names` any name
    will do. `names_variable` is the setting that lists further ones.
    """

    app: ASGIApp
    token: str | None
    names: Collection[str] | None = OWN_NAMES
    names_variable: str = "ANALYST_NAMES"
    largest_body: int = LARGEST_BODY
    body_within: float = BODY_WITHIN
    safe_headers: Sequence[tuple[bytes, bytes]] = SAFE_HEADERS
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    """Bytes of a body, where a path may have more than others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            self._check_name(Headers(scope=scope))
            self._check_token(scope["path"], Headers(scope=scope))
            most = self.larger_bodies.get(scope["path"], self.largest_body)
            body = await self._body(Headers(scope=scope), receive, most)
        except Refusal as refusal:
            await _refuse(refusal, send, self.safe_headers)
            return
        await self.app(scope, _replayed(body, receive), _with_safe_headers(send, self.safe_headers))

    def _check_name(self, headers: Headers) -> None:
        if self.names is None:
            return
        hosts = headers.getlist("host")
        if len(hosts) != 1 or host_name(hosts[0]) not in self.names:
            raise Refusal(
                421, f"this service is not {', '.join(hosts) or 'nameless'}; {self.names_variable} lists its names"
            )

    def _check_token(self, path: str, headers: Headers) -> None:
        if path in OPEN_PATHS or self.token is None:
            return
        kind, _, given = headers.get("authorization", "").partition(" ")
        expected = self.token.encode()
        if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected):
            raise Refusal(401, "the header `Authorization: Bearer TOKEN` is missing or wrong")

    async def _body(self, headers: Headers, receive: Receive, most: int) -> bytes:
        declared = headers.get("content-length", "0")
        if not declared.isdecimal():
            raise Refusal(400, "Content-Length is no number")
        if int(declared) > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(self.body_within):
                return await _collected(receive, most)
        except TimeoutError as error:
            raise Refusal(408, f"the body did not arrive within {self.body_within:g} seconds") from error


async def _collected(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def _too_large(most: int) -> Refusal:
    return Refusal(413, f"the body is over {most} bytes")


def host_name(host: str) -> str:
    """The name in a Host header, without its port: `localhost:8090`, `[::1]:8090`."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def error_document(sentence: str) -> bytes:
    """What every refusal says, as JSON."""
    return msgspec.json.encode({"error": sentence})


async def _refuse(refusal: Refusal, send: Send, safe_headers: Sequence[tuple[bytes, bytes]]) -> None:
    headers = [(b"content-type", b"application/json"), *safe_headers]
    if refusal.status == 401:  # noqa: PLR2004 - the status itself
        headers.append((b"www-authenticate", b"Bearer"))
    # What is left of the request stays unread: the connection can't be used for another one.
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": error_document(refusal.sentence)})


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


def _with_safe_headers(send: Send, safe_headers: Sequence[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *safe_headers]
        await send(message)

    return sending
