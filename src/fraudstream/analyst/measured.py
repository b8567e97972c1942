"""Counts what a web service answers, and how soon, for Prometheus; nothing of what was asked is kept."""

import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import HTTP_REQUESTS, HTTP_SECONDS

CLASSES = ("2xx", "3xx", "4xx", "5xx")


@dataclass(frozen=True)
class Measured:
    """An ASGI application that hands on to `app` and notes each answer on the board."""

    app: ASGIApp
    board: Board

    def __post_init__(self) -> None:
        """Every class of status is there from the start, so that the first failure is seen to come."""
        for status in CLASSES:
            self.board.count(HTTP_REQUESTS, 0, status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.board.observe(HTTP_SECONDS, (time.monotonic() - began,))
                self.board.count(HTTP_REQUESTS, 1, f"{message['status'] // 100}xx")
            await send(message)

        await self.app(scope, receive, noting)
