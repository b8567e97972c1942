"""News for open pages: one look at the database for all of them, and an event where something has changed."""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fraudstream.adapters.database.alert_queue import QueueMark
from fraudstream.dashboard.doors import Listener, OurParts
from fraudstream.errors import FraudstreamError

EVERY = 0.3
"""Seconds between two looks, while anybody listens."""
QUIET = 15.0
"""Seconds after which an open stream says that it is still there."""
LONGEST = 300.0
"""Seconds of one stream; the browser opens another, and whoever has signed out meanwhile may not."""
MOST_LISTENERS = 100
MOST_CHANGED = 100
"""Alerts an event names at the most; beyond that a page fetches all that it shows."""
REMEMBERED = 200
"""Changes that are kept for pages which are a little behind."""

router = APIRouter()


class Marks(Protocol):
    """Tells how the queue of alerts stands, and what has changed since it stood otherwise."""

    def mark(self) -> QueueMark:
        """How it stands."""
        ...

    def changed(self, since: QueueMark) -> Sequence[uuid.UUID]:
        """Alerts that may look otherwise than then."""
        ...


@dataclass(frozen=True)
class Change:
    """One change: the alerts that it is about, or (`None`) anything."""

    number: int
    alerts: frozenset[uuid.UUID] | None


@dataclass
class Pulse:
    """Looks again and again; `number` grows with every change, and `trouble` says that the database is away."""

    queue: Marks
    number: int = 0
    trouble: bool = False
    listeners: int = 0
    stopping: bool = False
    _mark: QueueMark | None = None
    _told: frozenset[uuid.UUID] = frozenset()
    """New alerts that were named already: the minute that is looked at again holds them, too."""
    _changes: deque[Change] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
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
            alerts = await run_in_threadpool(self._between, found) if found and not self.trouble else None
        except FraudstreamError:
            found = alerts = None
        if alerts is not None and not alerts:
            self._mark = found  # time went on, and nothing else
            return
        if (found is None) != self.trouble or (found is not None and found != self._mark):
            self.trouble, self._mark = found is None, found or self._mark
            async with self._changed:
                self.number += 1
                self._changes.append(Change(self.number, alerts))
                self._changed.notify_all()

    def _between(self, found: QueueMark) -> frozenset[uuid.UUID] | None:
        """The alerts that a change is about; nothing if it may be about anything."""
        before = self._mark
        if before is None or before == found or before.newest is None:
            return None
        named = frozenset(self.queue.changed(before))
        same = (before.label_seq, before.decision_id) == (found.label_seq, found.decision_id)
        fresh, self._told = named - self._told if same else named, named
        known = before.deployment_id == found.deployment_id
        return fresh if known and len(fresh) <= MOST_CHANGED else None

    def since(self, seen: int) -> Sequence[uuid.UUID] | None:
        """The alerts that changed after this number; nothing if a page had better fetch all that it shows."""
        missed = [change for change in self._changes if change.number > seen]
        if self.trouble or len(missed) != self.number - seen:
            return None
        alerts: set[uuid.UUID] = set()
        for change in missed:
            if change.alerts is None:
                return None
            alerts |= change.alerts
        return sorted(alerts) if len(alerts) <= MOST_CHANGED else None

    def event(self, seen: int) -> str:
        """What a page is told that has heard of everything up to this number."""
        alerts = self.since(seen)
        if alerts is None:
            return f"event: {'trouble' if self.trouble else 'mark'}\ndata: {self.number}\n\n"
        return f"event: rows\ndata: {msgspec.json.encode(alerts).decode()}\n\n"

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
                    told, seen = self.event(seen), self.number
                    yield told
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
    """Server-sent events: `rows` with alerts that changed, `mark` where anything may have, `trouble`: no database."""
    pulse: Pulse = request.app.state.pulse
    if pulse.listeners >= MOST_LISTENERS:
        return StreamingResponse(iter(["retry: 30000\n\n"]), 503, media_type="text/event-stream")
    return StreamingResponse(pulse.news(), media_type="text/event-stream")
