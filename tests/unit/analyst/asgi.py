"""Requests to an ASGI application without a socket."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message

TOKEN = "t" * 43
NAMED = (b"host", b"localhost:8090")
TRUSTED = (b"authorization", f"Bearer {TOKEN}".encode())


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)


def ask(
    app: ASGIApp,
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Sequence[tuple[bytes, bytes]] = (NAMED, TRUSTED),
    chunks: Sequence[bytes] | None = None,
) -> Answer:
    """One request; `body` is sent as JSON, `chunks` as they are."""
    pieces = chunks if chunks is not None else [b"" if body is None else json.dumps(body).encode()]
    messages = _messages(pieces)
    sent: list[Message] = []
    path, _, query = path.partition("?")
    declared = [(b"content-type", b"application/json")] if body is not None or chunks is not None else []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [*headers, *declared],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8090),
    }

    async def receive() -> Message:
        found = next(messages, None)
        if found is None:
            await asyncio.Event().wait()  # nothing more is coming, and the client stays
        assert found is not None
        return found

    async def send(message: Message) -> None:
        sent.append(message)

    async def serve() -> None:
        await app(scope, receive, send)

    asyncio.run(serve())
    start = sent[0]
    decoded = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], decoded, b"".join(message.get("body", b"") for message in sent[1:]))


def _messages(pieces: Sequence[bytes]) -> Iterator[Message]:
    for number, piece in enumerate(pieces, 1):
        yield {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
