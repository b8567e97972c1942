"""A stream can be gone on with after the day it has reached."""

from pathlib import Path

import pytest

from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError
from fraudstream.producer.bookmark import DAY, FILE_NAME, Bookmark, BookmarkKeeper, read_bookmark

START = 1_700_006_400.0


def a_bookmark(moment: float = START) -> Bookmark:
    return Bookmark(seed=7, customers=50, history_days=10, start=START, moment=moment)


@pytest.mark.parametrize(("days", "next_day"), [(0, 10), (9.5, 10), (10, 10), (10.001, 11), (12.5, 13)])
def test_it_goes_on_with_the_first_day_that_has_not_begun(days: float, next_day: int) -> None:
    assert a_bookmark(START + days * DAY).next_day() == next_day


def test_the_last_moment_is_read_back(tmp_path: Path) -> None:
    clock = ManualClock()
    keeper = BookmarkKeeper(tmp_path, a_bookmark(), clock)
    keeper.reached(START + 1)
    keeper.reached(START + 2)

    assert read_bookmark(tmp_path) == a_bookmark(START + 1)

    clock.sleep(1)
    keeper.reached(START + 3)

    assert read_bookmark(tmp_path) == a_bookmark(START + 3)


def test_there_is_none_before_the_first_stream(tmp_path: Path) -> None:
    assert read_bookmark(tmp_path) is None


def test_a_damaged_one_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{")

    with pytest.raises(ConfigurationError, match=r"stream\.json is not a bookmark"):
        read_bookmark(tmp_path)


def test_another_city_cannot_go_on() -> None:
    assert a_bookmark().same_city(seed=7, customers=50, history_days=10)
    assert not a_bookmark().same_city(seed=8, customers=50, history_days=10)
