"""A user's table: looked at without sending, sent once and in order, what is no payment put aside."""

import csv
import json
from pathlib import Path

import pytest

from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.contracts.transaction import parse_transaction
from fraudstream.errors import ImpossibleRequest
from fraudstream.producer.journal import Journal
from fraudstream.producer.main import TableRequest, produce_table
from fraudstream.producer.outgoing import key_of
from fraudstream.producer.pace import Pace
from fraudstream.producer.requests import Requests
from fraudstream.producer.sending import Sender, Summary
from fraudstream.producer.tables import Report, TableReplay, preview, preview_lines, reader_of
from fraudstream.tabular.mapping import TableMap
from fraudstream.tabular.reading import Problem, opened
from fraudstream.verify.journal import read_journals

NOW = 1_764_000_000.0
HEADING = "user_id,amount,timestamp,merchant_category,location,payment_method"
GOOD = "{},12.5,2025-11-24T10:00:00,Travel,Miami,PayPal"
ROWS = [GOOD.format(number) if number % 100 else f"x{number},,,,," for number in range(1_500)]
MAP = TableMap.read("")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.csv"
    path.write_text("\n".join([HEADING, *ROWS]), encoding="utf-8")
    return path


def test_a_table_is_sent_once_in_order_and_journalled(file: Path, broker: MemoryBroker) -> None:
    clock, refused = ManualClock(NOW), list[Problem]()
    ids = {TRANSACTIONS: broker.ids[TRANSACTIONS]}
    with opened(file) as content, Journal(file.parent, started_at=0.0, pid=1, logs=ids) as journal:
        sender = Sender(MemoryProducer(broker), journal, clock)
        reader = reader_of(MAP.table(content, "x.csv"), MAP, clock)
        TableReplay(reader, refused.append, sender, Pace(clock, rate=1_000.0), Requests(), clock).run()
        summary = sender.finish(1.0)
    sent = [record for log in broker.logs.values() for record in log]
    users = sorted(parse_transaction(record.value, latest=NOW).transaction.user_id for record in sent)

    assert summary == Summary(1_485, 1_485, 0)
    assert users == [number for number in range(1_500) if number % 100]
    assert all(record.key == key_of(json.loads(record.value or b"")["user_id"]) for record in sent)
    assert [problem.line for problem in refused] == [2 + number for number in range(0, 1_500, 100)]
    assert len(read_journals(file.parent, TRANSACTIONS, broker.ids[TRANSACTIONS]).acknowledged) == 1_485
    assert sum(clock.slept) == pytest.approx(1.5, abs=0.1)


def test_a_dry_run_says_what_a_file_holds_and_needs_no_broker(file: Path) -> None:
    said: list[str] = []

    assert produce_table(TableRequest(file, MAP, dry_run=True), said.append) == 1
    assert said[0].endswith("1,485 payments, 15 rows that are none")
    assert json.loads(said[1])["amount"] == 12.5
    assert "line 2, column user_id: 'x0' is no whole number" in said[6]
    assert [path.name for path in file.parent.iterdir()] == ["x.csv"]


def test_a_file_with_a_card_number_is_not_even_looked_at(file: Path) -> None:
    file.write_text(f"{HEADING}\n{GOOD.format(4111111111111111)}\n", encoding="utf-8")
    with pytest.raises(ImpossibleRequest, match="Nothing was sent"):
        produce_table(TableRequest(file, MAP, dry_run=True), print)


def test_more_problems_than_can_be_told_are_counted(file: Path) -> None:
    with opened(file) as content:
        seen = preview(reader_of(MAP.table(content, "x.csv"), MAP, ManualClock(NOW)), told=3)

    assert list(preview_lines("x.csv", seen))[-1] == "  and 12 more"
    assert [count for _, count in seen.reasons.items()] == [15]


def test_a_report_is_there_only_if_it_says_something_and_runs_nothing(tmp_path: Path) -> None:
    report = Report(tmp_path / "problems.csv")
    before = list(tmp_path.iterdir())
    report.add(Problem(2, "amount", "=1+1", "is not a number"))
    report.close()
    with report.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))

    assert before == []
    assert rows == [["line", "column", "value", "reason"], ["2", "amount", "'=1+1", "is not a number"]]
