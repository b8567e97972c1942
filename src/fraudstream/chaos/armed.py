"""Failpoints of processes that run already: an order in a file arms them all, and the first to get there fires.

An order stays until the next one. Its failpoints fire one after the other: the second is armed once the first has
fired, in whichever process.
"""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fraudstream.chaos.failpoints import Failpoint, Failpoints, failing
from fraudstream.ports.slices import LogPart, SliceStore, SliceTransaction

ORDER = "order.json"


@dataclass(frozen=True, slots=True)
class Order:
    """What is armed; orders are numbered from 1."""

    number: int
    points: tuple[Failpoint, ...] = ()


@dataclass(frozen=True)
class OrderBook:
    """The folder in which orders are given and answered."""

    folder: Path

    def give(self, order: Order) -> None:
        """Arm every process that looks here; what an earlier order left undone is off."""
        new = self.folder / f"{ORDER}.new"
        new.write_bytes(msgspec.json.encode(order))
        new.replace(self.folder / ORDER)

    def standing(self) -> Order:
        """The newest order; one of nothing before the first."""
        with contextlib.suppress(FileNotFoundError):
            return msgspec.json.decode((self.folder / ORDER).read_bytes(), type=Order)
        return Order(0)

    def claim(self, order: int, place: int) -> bool:
        """Whether the failpoint at this place of an order may fire now; a yes is given once."""
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._fired(order, place), os.O_CREAT | os.O_EXCL))
            return True
        return False

    def fired(self, order: Order) -> int:
        """How many of its failpoints have fired."""
        return sum(self._fired(order.number, place).exists() for place in range(len(order.points)))

    def tell(self, order: int, hits: Counter[str]) -> None:
        """Note how often this process has hit each boundary since the order was given."""
        path = self.folder / f"hits-{order}-{os.getpid()}.json"
        path.with_suffix(".new").write_bytes(msgspec.json.encode(dict(hits)))
        path.with_suffix(".new").replace(path)

    def hits(self, order: int) -> dict[str, int]:
        """The most hits of each boundary in one process since the order was given."""
        most: Counter[str] = Counter()
        for path in self.folder.glob(f"hits-{order}-*.json"):
            most |= Counter(msgspec.json.decode(path.read_bytes(), type=dict[str, int]))
        return dict(most)

    def _fired(self, order: int, place: int) -> Path:
        return self.folder / f"fired-{order}-{place}"


@dataclass
class ArmedStore:
    """`SliceStore` with the standing order's boundaries around each call; hits are counted anew with each order."""

    store: SliceStore
    book: OrderBook
    _number: int = field(default=-1, init=False)
    _points: Failpoints = field(default_factory=Failpoints, init=False)

    @contextlib.contextmanager
    def open(self, part: LogPart) -> Iterator[SliceTransaction]:
        """See `SliceStore.open`."""
        order = self.book.standing()
        if order.number != self._number:
            self._number, self._points = order.number, self._armed(order)
        with failing(self.store, self._points, "slices").open(part) as opened:
            yield opened
        self.book.tell(order.number, self._points.hits)

    def _armed(self, order: Order) -> Failpoints:
        def may_fire(point: Failpoint) -> bool:
            place = order.points.index(point)
            return self.book.fired(order) == place and self.book.claim(order.number, place)

        return Failpoints(order.points, claim=may_fire)
