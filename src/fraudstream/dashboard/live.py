"""News for open pages: one look at the database for all of them, and an event where something has changed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fraudstream.adapters.database.alert_queue import PostgresAlertQueue, QueueMark
from fraudstream.dashboard.doors import Listener, OurParts
from fraudstream.errors import FraudstreamError

EVERY = 0.3
"""Seconds between two looks, while anybody listens."""
QUIET = 15.0
"""Seconds after which an open stream says that it is still there."""
LONGEST = 300.0
"""Seconds of one stream; the browser opens another, and whoever has signed out meanwhile may not."""
MOST_LISTENERS = 100

router = APIRouter()


@dataclass
class Pulse:
    """Looks again and again; `number` grows with every change, and `trouble` says that the database is away."""

    queue: PostgresAlertQueue
    number: int = 0
    trouble: bool = False
    listeners: int = 0
    stopping: bool = False
    _mark: QueueMark | None = None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            if self.listeners:
                await self.look()

    async def look(self) -> None:
        """One look; wakes whoever listens if it is another one than before."""
        try:
            found: QueueMark | None = await run_in_threadpool(self.queue.mark)
        except FraudstreamError:
            found = None
        if (found is None) != self.trouble or (found is not None and found != self._mark):
            self.trouble, self._mark = found is None, found or self._mark
            async with self._changed:
                self.number += 1
                self._changed.notify_all()

    async def stop(self) -> None:
        """Let every stream end."""
        self.stopping = True
        async with self._changed:
            self._changed.notify_all()

    async def news(self) -> AsyncIterator[str]:
        """Events of one open page, the first at once."""
        self.listeners += 1
        try:
            ends = asyncio.get_running_loop().time() + LONGEST
            seen = -1
            while not self.stopping and asyncio.get_running_loop().time() < ends:
                if seen != self.number:
                    seen = self.number
                    yield f"event: {'trouble' if self.trouble else 'mark'}\ndata: {seen}\n\n"
                yield await self._next(seen)
        finally:
            self.listeners -= 1

    async def _next(self, seen: int) -> str:
        try:
            async with asyncio.timeout(QUIET), self._changed:
                await self._changed.wait_for(lambda: self.stopping or self.number != seen)
        except TimeoutError:
            pass
        return ": still here\n\n"


@router.get("/events", include_in_schema=False)
async def events(request: Request, visitor: Listener, parts: OurParts) -> StreamingResponse:  # noqa: ARG001 - must be signed in
    """A stream of server-sent events: `mark` where something has changed, `trouble` while the database is away."""
    pulse: Pulse = request.app.state.pulse
    if pulse.listeners >= MOST_LISTENERS:
        return StreamingResponse(iter(["retry: 30000\n\n"]), 503, media_type="text/event-stream")
    return StreamingResponse(pulse.news(), media_type="text/event-stream")
