"""Where a simulated stream has got to, so that a later run goes on with the days that follow."""

import math
from dataclasses import dataclass
from pathlib import Path

import msgspec

from fraudstream.clock import Clock
from fraudstream.errors import ConfigurationError

FILE_NAME = "stream.json"
DAY = 86_400.0
INTERVAL = 1.0
"""Seconds between two bookmarks. What a crash leaves unmarked is sent again and dropped as a repeat."""


class Bookmark(msgspec.Struct, frozen=True):
    """A city and the simulated moment its stream has reached.

    `start` is midnight UTC of the first day of the history, `moment` the time of the last record sent; both in
    seconds since 1970 UTC.
    """

    seed: int
    customers: int
    history_days: int
    start: float
    moment: float

    def next_day(self) -> int:
        """Days of the city, history included, that are over or have begun: the stream goes on after them."""
        return max(self.history_days, math.ceil((self.moment - self.start) / DAY))

    def same_city(self, *, seed: int, customers: int, history_days: int) -> bool:
        """Whether a stream of these numbers can go on from here."""
        return (self.seed, self.customers, self.history_days) == (seed, customers, history_days)


def read_bookmark(folder: Path) -> Bookmark | None:
    """The bookmark beside the journals; `None` where no simulated stream has run.

    Raises:
        ConfigurationError: the file is no bookmark.
    """
    path = folder / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Bookmark)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise ConfigurationError(f"{path} is not a bookmark of a stream ({error}); delete it to begin anew") from error


def write_bookmark(folder: Path, bookmark: Bookmark) -> None:
    """Replace the bookmark; a reader sees the old one or the new one."""
    unfinished = folder / f"{FILE_NAME}.unfinished"
    unfinished.write_bytes(msgspec.json.encode(bookmark))
    unfinished.replace(folder / FILE_NAME)


@dataclass
class BookmarkKeeper:
    """Keeps the bookmark of a running stream."""

    folder: Path
    bookmark: Bookmark
    clock: Clock
    _written: float = float("-inf")

    def reached(self, moment: float) -> None:
        """The stream has got to `moment`; written down once a second."""
        self.bookmark = msgspec.structs.replace(self.bookmark, moment=moment)
        if self.clock.monotonic() - self._written >= INTERVAL:
            self.write()

    def write(self) -> None:
        """Write it down now."""
        write_bookmark(self.folder, self.bookmark)
        self._written = self.clock.monotonic()
