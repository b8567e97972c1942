"""A wire that can be cut: a TCP proxy on loopback whose connections are torn down, delayed or refused on demand."""

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from fraudstream.local.ports import LOOPBACK

T = TypeVar("T")

CHUNK = 65_536
STOP_TIMEOUT = 10.0


class Wire:
    """Forwards everything that connects to `port` to another port of this machine; a context manager.

    `delay` holds back every chunk of an answer by so many seconds. While `cut` is set, whoever connects is turned away.
    """

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"wire to {target_port}", daemon=True)
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self.delay = 0.0
        self.cut = False
        self.port = 0

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, LOOPBACK, 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self._call(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_TIMEOUT)
        self._loop.close()

    def reset(self) -> int:
        """Tear down every connection without a farewell; returns how many that were."""
        return self._call(self._reset())

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._reset()
        if self._serving:
            await asyncio.wait(self._serving, timeout=STOP_TIMEOUT / 2)

    async def _reset(self) -> int:
        count = len(self._open)
        for writer in list(self._open):
            writer.transport.abort()
        return count // 2

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(STOP_TIMEOUT)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        await self._forward(reader, writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer, answers=True))
        finally:
            self._open -= {writer, far_writer}
            for end in (writer, far_writer):
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                if answers and self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(chunk)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:  # one end was torn down: the other must hear of it, or it waits for ever
            writer.transport.abort()
