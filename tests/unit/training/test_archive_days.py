"""Which files of an archive a training reads, and what it refuses."""

import datetime as dt

import pytest
from tests.ports.archive_worlds import a_file

from fraudstream.errors import ConfigurationError
from fraudstream.ports.archive import ArchivedFile, ArchivedLog, Zone
from fraudstream.training.archive_days import ArchiveDays, chosen_files

LOG, OTHER = ArchivedLog("one", 0), ArchivedLog("one", 1)


def day(number: int) -> dt.date:
    return dt.date(2026, 11, number)


def a_week(*, without: int | None = None) -> list[ArchivedFile]:
    """Ten records of each day from the first to the seventh."""
    return [a_file(LOG, n * 10, n * 10 + 9, date=day(n)) for n in range(1, 8) if n != without]


def test_all_scores_are_read_and_no_raw_records() -> None:
    listed = [a_file(OTHER, 0, 9, date=day(2)), *a_week(), a_file(LOG, 10, 19, Zone.RAW, day(1))]
    chosen = chosen_files(listed, ArchiveDays(1.0))

    assert [(file.log, file.first) for file in chosen.files] == [*((LOG, n * 10) for n in range(1, 8)), (OTHER, 0)]
    assert chosen.facts["archive_days"] == "2026-11-01 to 2026-11-07"
    assert (chosen.facts["archive_files"], chosen.facts["archive_days_without_files"]) == ("8", "none")


def test_the_first_and_the_last_day_are_read_too() -> None:
    chosen = chosen_files(a_week(), ArchiveDays(1.0, day(3), day(5)))

    assert [file.date for file in chosen.files] == [day(3), day(4), day(5)]


def test_the_digest_is_of_the_files_and_not_of_their_order() -> None:
    digest = chosen_files(a_week(), ArchiveDays(1.0)).facts["archive_sha256"]

    assert chosen_files(a_week()[::-1], ArchiveDays(1.0)).facts["archive_sha256"] == digest
    assert chosen_files(a_week(), ArchiveDays(1.0, last=day(6))).facts["archive_sha256"] != digest


def test_a_quiet_day_is_told_of() -> None:
    quiet = [a_file(LOG, 0, 9, date=day(1)), a_file(LOG, 10, 19, date=day(3))]

    assert chosen_files(quiet, ArchiveDays(1.0)).missing == (day(2),)
    assert chosen_files(quiet, ArchiveDays(1.0, day(1), day(12))).missing_text == (
        "2026-11-02, 2026-11-04, 2026-11-05, 2026-11-06, 2026-11-07 and 5 more"
    )


def test_records_between_two_files_must_be_in_one() -> None:
    twice = [*a_week(), a_file(LOG, 75, 89, date=day(7))]

    with pytest.raises(ConfigurationError, match="are in no file, around the offsets 39 to 50"):
        chosen_files(a_week(without=4), ArchiveDays(1.0))
    with pytest.raises(ConfigurationError, match="are in two files, around the offsets 75 to 79"):
        chosen_files(twice, ArchiveDays(1.0))
    assert chosen_files(a_week(without=4), ArchiveDays(1.0, day(5))).files


def test_a_broker_whose_clock_went_back_loses_nothing() -> None:
    back = [a_file(LOG, n * 10, n * 10 + 9, date=day(1 + n % 2)) for n in range(4)]

    assert [file.first for file in chosen_files(back, ArchiveDays(1.0, last=day(1))).files] == [0, 20]


def test_an_empty_archive_and_days_it_does_not_hold_are_told_apart() -> None:
    with pytest.raises(ConfigurationError, match="nothing is archived yet: `fraudstream archive run`"):
        chosen_files([], ArchiveDays(1.0))
    with pytest.raises(ConfigurationError, match="from 2026-11-20; the archive holds days from 2026-11-01 to 2026-11-"):
        chosen_files(a_week(), ArchiveDays(1.0, day(20)))
