"""What measuring at scale refuses before it begins."""

import shutil
from collections import namedtuple

import pytest
from benchmarks.scale import measure_scale

Disk = namedtuple("Disk", "total used free")  # noqa: PYI024 - as shutil's own


def test_a_disk_that_would_be_full_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(100e9, 80e9, 20e9))

    with pytest.raises(SystemExit, match=r"20 GB are free in .*need 55.*--dimensions event_bytes customers workers"):
        measure_scale(0.0, ["stored_rows"])
