"""Which files of the archive a training reads: those of some days, with nothing missing between them."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from fraudstream.errors import ConfigurationError
from fraudstream.ports.archive import ArchivedFile, Zone

EXAMPLES = 5
"""How many days without files are named."""


@dataclass(frozen=True)
class ArchiveDays:
    """Days of the archive (the broker's, UTC), the first and the last included; unset, there is no limit.

    `maturity` is in seconds of the payments' own time: after it their outcomes count as known.
    """

    maturity: float
    first: dt.date | None = None
    last: dt.date | None = None

    @property
    def text(self) -> str:
        """The days in words."""
        limits = [("from", self.first), ("to", self.last)]
        return " ".join(f"{word} {day}" for word, day in limits if day is not None) or "of all days"


@dataclass(frozen=True)
class ChosenFiles:
    """Files of scores, by partition and offset, and the days between the first and the last without any."""

    files: tuple[ArchivedFile, ...]
    first: dt.date
    last: dt.date
    missing: tuple[dt.date, ...]

    @property
    def missing_text(self) -> str:
        """The days without files in words."""
        named = ", ".join(map(str, self.missing[:EXAMPLES]))
        return f"{named} and {len(self.missing) - EXAMPLES} more" if len(self.missing) > EXAMPLES else named or "none"

    @property
    def facts(self) -> dict[str, str]:
        """What is recorded of them; `archive_sha256` is over the digests of all files, in the order of these."""
        digests = sorted(file.sha256 for file in self.files)
        return {
            "world": "archive",
            "archive_days": f"{self.first} to {self.last}",
            "archive_days_without_files": self.missing_text,
            "archive_files": str(len(self.files)),
            "archive_sha256": hashlib.sha256("\n".join(digests).encode()).hexdigest(),
        }


def chosen_files(listed: Sequence[ArchivedFile], days: ArchiveDays) -> ChosenFiles:
    """The files of scores that some days have.

    A day without files may have been a quiet one, so it is told of and no error; offsets that follow no others are one.

    Args:
        listed: every file that the ledger names.
        days: which are wanted.

    Raises:
        ConfigurationError: there are none, or records between two of them are in no file or in both.
    """
    scores = sorted((file for file in listed if file.zone is Zone.PROCESSED), key=lambda file: (file.log, file.first))
    if not scores:
        raise ConfigurationError(
            "nothing is archived yet: `fraudstream archive run` takes to the archive what is scored"
        )
    chosen = tuple(file for file in scores if (days.first or file.date) <= file.date <= (days.last or file.date))
    if not chosen:
        held = [file.date for file in scores]
        raise ConfigurationError(
            f"no scores are archived {days.text}; the archive holds days from {min(held)} to {max(held)}"
        )
    _check_ranges(scores, frozenset(chosen))
    held = [file.date for file in chosen]
    first, last = days.first or min(held), days.last or max(held)
    return ChosenFiles(chosen, first, last, tuple(sorted(set(_days(first, last)) - set(held))))


def _check_ranges(files: Sequence[ArchivedFile], chosen: frozenset[ArchivedFile]) -> None:
    """Chosen files of one partition must follow one another, or others between them."""
    for log, group in groupby(files, key=lambda file: file.log):
        for before, after in pairwise(group):
            wrong = after.first - before.last - 1
            if wrong and {before, after} <= chosen:
                what = "are in no file" if wrong > 0 else "are in two files"
                first, last = sorted((before.last, after.first))
                raise ConfigurationError(
                    f"records of partition {log.partition} of log {log.topic_id} {what}, around the offsets {first:,} "
                    f"to {last:,} ({before.path}, {after.path}); `fraudstream archive verify` says what is wrong"
                )


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
