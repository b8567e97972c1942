"""The balance of the archive is told to people and to machines."""

import io
import json

from rich.console import Console
from tests.unit.archive.memory_world import ArchiveWorld

from fraudstream.archive.balance import ArchiveBalance, show


def shown(balance: ArchiveBalance) -> str:
    sink = io.StringIO()
    show(balance, Console(file=sink, width=120))
    return sink.getvalue()


def test_a_balance_that_holds_says_so_with_its_counts() -> None:
    world = ArchiveWorld()
    world.archive_all()
    text = shown(world.verify())

    assert "The archive holds." in text
    assert "of 52 that the slices took from the log" in text
    assert "of 48 stored" in text


def test_a_balance_that_does_not_hold_names_what_is_wrong() -> None:
    world = ArchiveWorld()
    world.archive_all()
    path, *_ = world.objects.list("raw/")
    del world.objects.objects[path]
    text = shown(world.verify())

    assert "The archive does not hold: 1 objects are gone" in text
    assert f"missing: {path}" in text


def test_machines_get_one_line() -> None:
    said = json.loads(ArchiveWorld().verify().to_json())

    assert said["holds"] is True
    assert said["problems"] == []
    assert said["waiting"] == 52
