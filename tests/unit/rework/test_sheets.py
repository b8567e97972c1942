"""What is printed is masked, aligned, at most a hundred columns wide, and nothing a terminal would obey."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.rework.redrive_world import RedriveWorld
from tests.unit.rework.world import ANYWAY, ReworkWorld
from tests.unit.verify.memory_stack import a_payment

from fraudstream.contracts.topics import ALERTS, TRANSACTIONS
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.rework import quarantine_sheet, redrive_sheet
from fraudstream.rework.masking import shown

CARD = b"4929 1234 5678 9012"
BAD = encode_transaction(a_payment(1)).replace(b"Groceries", b"Gro\xc3\xa9ceries" + CARD + b"x" * 300)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReworkWorld]:
    made = ReworkWorld(tmp_path)
    with made.resources:
        yield made


def listed(world: ReworkWorld, last: int = 10) -> list[str]:
    return quarantine_sheet.list_lines(world.work.counts(), world.work.newest(last))


def assert_readable(lines: list[str]) -> None:
    assert all(len(line) <= 100 and line.isprintable() and line == line.rstrip() for line in lines), lines
    assert CARD.decode() not in "\n".join(lines)


def test_the_list_counts_reasons_and_shows_the_newest(world: ReworkWorld) -> None:
    world.refuse(BAD)
    world.refuse(b"\x1b[2Jnot\njson")
    world.refuse(None)
    lines = listed(world, last=2)

    assert_readable(lines)
    assert lines[0].startswith("3 records are in quarantine, from 2025-06-16 18:53:20 to 2025-06-16 18:53:20 UTC.")
    assert [line.split()[1:3] for line in lines[3:6]] == [["empty", "1"], ["invalid_field", "1"], ["not_json", "1"]]
    records = [line.split()[0] for line in lines if line.startswith(f"{TRANSACTIONS}/")]
    assert records == [f"{TRANSACTIONS}/0/2", f"{TRANSACTIONS}/0/1"]
    assert "    \N{REPLACEMENT CHARACTER}[2Jnot\N{REPLACEMENT CHARACTER}json" in lines


def test_a_record_is_shown_masked_with_everything_that_was_tried(world: ReworkWorld) -> None:
    world.refuse(BAD)
    back = world.replay(world.find(0), order=ANYWAY)
    lines = quarantine_sheet.show_lines(world.find(back.offset, back.partition))

    assert_readable(lines)
    assert "replay of     transaction-events/0/0" in lines
    assert "sent again    1 of 3" in lines
    assert "the last one  was quarantined again" in lines
    assert f"    changed: nothing; sent to {TRANSACTIONS}/{back.partition}/{back.offset}" in lines
    assert any("as memory: to see what happens" in line for line in lines)
    assert "***************9012" in "".join(line.strip() for line in lines)


def test_what_was_sent_again_is_said_in_the_list(world: ReworkWorld) -> None:
    world.refuse(BAD)
    world.replay(world.find(0), order=ANYWAY)

    assert [line.split("  ")[-1] for line in listed(world) if line.startswith(f"{TRANSACTIONS}/")] == [
        "1 of 3, quarantined",
        "1 of 3, quarantined",
    ]


def test_nothing_there_is_said_in_one_line(world: ReworkWorld) -> None:
    assert listed(world) == ["Nothing is in quarantine."]
    assert redrive_sheet.list_lines([], last=10) == ["Nothing is parked."]


def test_parked_alerts_are_counted_by_what_is_to_be_done() -> None:
    world = RedriveWorld()
    for number in (1, 2):
        world.park(world.publish(number))
    world.park(world.broker.append(ALERTS, b"42", b"poison \x1b" + CARD))
    world.send(1)
    lines = redrive_sheet.list_lines(world.work.parked(), last=10)

    assert_readable(lines)
    assert lines[0] == "3 records are parked: 1 waits, 1 sent, 1 no alert."
    assert sum(line.startswith("fraud-alerts-failed/0/") for line in lines) == 3
    assert "    poison \N{REPLACEMENT CHARACTER}***************9012" in lines
    assert "fraudstream redrive replay" in lines[-1]
    assert_readable(redrive_sheet.show_lines(world.at(1)))
    assert len(redrive_sheet.list_lines(world.work.parked(), last=0)) == 1


def test_a_masked_text_is_bounded() -> None:
    assert shown(b"x" * 5_000, most=10) == "x" * 10
    assert shown(b"") == ""
