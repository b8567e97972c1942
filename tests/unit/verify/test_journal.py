import hashlib
import uuid
from pathlib import Path

import numpy as np
import pytest
from tests.unit.verify.memory_stack import MemoryStack, a_payment

from fraudstream.adapters.memory import MemoryBroker
from fraudstream.contracts.journal import Intent, JournalLine, LogIdentity, Outcome, encode_line
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.contracts.transaction import body_hash, encode_transaction
from fraudstream.errors import ConfigurationError
from fraudstream.ports.records import Record
from fraudstream.verify.journal import read_journals
from fraudstream.verify.report import LeftOut

LOG = LogIdentity(TRANSACTIONS, str(uuid.UUID(int=7)))


def digest(value: bytes) -> str:
    return hashlib.blake2b(value, digest_size=16).hexdigest()


def intent(sequence: int, *, topic: str = TRANSACTIONS) -> Intent:
    payment = a_payment(sequence + 1)
    return Intent(sequence, topic, digest(encode_transaction(payment)), str(payment.transaction_id), body_hash(payment))


def acknowledged(sequence: int, offset: int, *, partition: int = 0) -> Outcome:
    return Outcome(sequence, "acknowledged", partition, offset)


def failed(sequence: int) -> Outcome:
    return Outcome(sequence, "failed", error="too large")


def write(
    folder: Path, *lines: JournalLine, log: LogIdentity | None = LOG, name: str = "first", torn: bytes = b""
) -> None:
    named = [] if log is None else [log]
    (folder / f"{name}.jsonl").write_bytes(b"".join(encode_line(line) for line in [*named, *lines]) + torn)


def test_an_intent_has_one_of_three_outcomes(tmp_path: Path) -> None:
    write(tmp_path, intent(0), intent(1), intent(2), acknowledged(1, 7), failed(0))

    journal = read_journals(tmp_path, TRANSACTIONS, LOG.topic_id)

    assert (journal.produced, len(journal.acknowledged), journal.failed, journal.unknown) == (3, 1, 1, 1)
    assert journal.acknowledged.transaction_id.tobytes() == uuid.UUID(int=2).bytes


def test_the_journals_of_all_producers_are_read_together_by_place(tmp_path: Path) -> None:
    write(tmp_path, intent(0), intent(1), acknowledged(0, 9), acknowledged(1, 2), name="b")
    write(tmp_path, intent(0), acknowledged(0, 4, partition=1), name="a")

    journal = read_journals(tmp_path, TRANSACTIONS, LOG.topic_id)

    assert journal.files == 2
    assert journal.acknowledged.partition.tolist() == [0, 0, 1]
    assert journal.acknowledged.offset.tolist() == [2, 9, 4]


def test_other_topics_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, intent(0, topic="labels"), acknowledged(0, 0))

    assert read_journals(tmp_path, TRANSACTIONS, LOG.topic_id).produced == 0


@pytest.mark.parametrize("torn", [encode_line(acknowledged(0, 1))[:-9], encode_line(acknowledged(0, 1))[:-1], b"{"])
def test_a_torn_last_line_is_unknown(tmp_path: Path, torn: bytes) -> None:
    write(tmp_path, intent(0), torn=torn)

    journal = read_journals(tmp_path, TRANSACTIONS, LOG.topic_id)

    assert (journal.produced, journal.unknown, journal.failed) == (1, 1, 0)


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    write(tmp_path, intent(0), torn=b"{]\n" + encode_line(acknowledged(0, 1)))

    with pytest.raises(ConfigurationError, match=r"first\.jsonl, line 3"):
        read_journals(tmp_path, TRANSACTIONS, LOG.topic_id)


def test_a_folder_that_is_not_there_holds_no_journals(tmp_path: Path) -> None:
    assert read_journals(tmp_path / "none", TRANSACTIONS, LOG.topic_id).files == 0


def test_a_range_of_one_partition_is_found(tmp_path: Path) -> None:
    places = [(0, 5), (1, 5), (1, 8), (1, 9), (2, 8)]
    lines: list[JournalLine] = [intent(number) for number in range(5)]
    write(tmp_path, *lines, *(acknowledged(n, offset, partition=p) for n, (p, offset) in enumerate(places)))

    entries = read_journals(tmp_path, TRANSACTIONS, LOG.topic_id).acknowledged

    assert np.array(places)[entries.between(1, 5, 9)].tolist() == [[1, 5], [1, 8]]
    assert np.array(places)[entries.between(3, 0, 99)].tolist() == []


@pytest.fixture
def stack() -> MemoryStack:
    stack = MemoryStack(broker=MemoryBroker(ids={LOG.topic: LOG.topic_id}))
    for number in (1, 2, 3):
        stack.send(a_payment(number))
    stack.score()
    return stack


def test_acknowledged_and_stored_payments_are_not_lost(stack: MemoryStack, tmp_path: Path) -> None:
    write(tmp_path, intent(0), intent(1), intent(2), *(acknowledged(n, n) for n in range(3)))

    balance = stack.verify(journal_dir=tmp_path)

    assert (balance.journals, balance.produced, balance.acknowledged, balance.lost) == (1, 3, 3, 0)


def test_a_payment_that_the_broker_forgot_is_lost(stack: MemoryStack, tmp_path: Path) -> None:
    write(tmp_path, intent(9), acknowledged(9, 3))

    balance = stack.verify(journal_dir=tmp_path)

    assert balance.lost == 1
    assert balance.examples["lost"] == ("partition 0 offset 3",)


def test_a_record_whose_bytes_changed_in_the_log_is_lost(stack: MemoryStack, tmp_path: Path) -> None:
    stack.broker.logs[TRANSACTIONS, 0].append(Record(TRANSACTIONS, 0, 3, None, b"other bytes", stack.clock.now()))
    write(tmp_path, intent(9), acknowledged(9, 3))

    assert stack.verify(journal_dir=tmp_path).lost == 1


def test_a_journal_of_another_log_is_left_out(stack: MemoryStack, tmp_path: Path) -> None:
    """Another stack's topic has the same name, and its payments may have the same places."""
    write(tmp_path, intent(9), acknowledged(9, 1), log=LogIdentity(TRANSACTIONS, "another"), name="theirs")
    write(tmp_path, intent(0), acknowledged(0, 0), name="ours")

    balance = stack.verify(journal_dir=tmp_path)

    assert (balance.journals, balance.acknowledged, balance.lost) == (1, 1, 0)
    assert balance.journals_left_out == LeftOut(other=1)


def test_a_journal_of_a_log_that_was_scored_before_is_told_from_a_strangers(stack: MemoryStack, tmp_path: Path) -> None:
    ledger = stack.ledger()
    ledger.next_offsets["made anew since", 0] = 10
    write(tmp_path, intent(9), acknowledged(9, 1), log=LogIdentity(TRANSACTIONS, "made anew since"))

    assert stack.verify(ledger, journal_dir=tmp_path).journals_left_out == LeftOut(earlier=1)


def test_a_journal_that_names_no_log_is_left_out(stack: MemoryStack, tmp_path: Path) -> None:
    write(tmp_path, intent(9), acknowledged(9, 1), log=None)

    balance = stack.verify(journal_dir=tmp_path)

    assert (balance.journals, balance.lost, balance.journals_left_out) == (0, 0, LeftOut(unnamed=1))


def test_a_journal_of_several_logs_is_read_for_the_one(tmp_path: Path) -> None:
    write(tmp_path, LOG, intent(0), intent(1, topic="labels"), acknowledged(0, 4), log=LogIdentity("labels", "x"))

    journal = read_journals(tmp_path, TRANSACTIONS, LOG.topic_id)

    assert (journal.files, journal.produced, len(journal.acknowledged)) == (1, 1, 1)


def test_journals_of_other_topics_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, intent(0, topic="labels"), log=LogIdentity("labels", "x"), name="labels")
    write(tmp_path, log=None, name="empty")

    journal = read_journals(tmp_path, TRANSACTIONS, LOG.topic_id)

    assert (journal.files, journal.produced, dict(journal.left_out)) == (0, 0, {})


def test_an_acknowledged_payment_that_is_stored_at_another_place_is_not_lost(
    stack: MemoryStack, tmp_path: Path
) -> None:
    """The topic was created anew since, or its beginning cleaned."""
    write(tmp_path, intent(0), acknowledged(0, 55))

    assert stack.verify(journal_dir=tmp_path).lost == 0


@pytest.mark.parametrize("written", [b'"offset":-1', b'"offset":null', b'"offset": null'])
def test_an_acknowledged_payment_whose_place_was_not_told_is_found_by_its_id(
    written: bytes, stack: MemoryStack, tmp_path: Path
) -> None:
    """A busy broker may have a record when it is sent again; it says so, and not where."""
    write(tmp_path, intent(0), torn=encode_line(acknowledged(0, -1)).replace(b'"offset":-1', written))

    balance = stack.verify(journal_dir=tmp_path)

    assert (balance.acknowledged, balance.lost) == (1, 0)


def test_acknowledged_bytes_whose_place_was_not_told_are_found_by_value(stack: MemoryStack, tmp_path: Path) -> None:
    """Beside a record without a value, as anybody may send one."""
    stack.send(None)
    stack.send(b"junk")
    stack.score()
    told = [acknowledged(number, -1) for number in (0, 1)]
    junk = [Intent(number, TRANSACTIONS, digest(b"junk")) for number in (0, 1)]
    write(tmp_path, junk[0], told[0])

    assert stack.verify(journal_dir=tmp_path).lost == 0

    write(tmp_path, *junk, *told)

    assert stack.verify(journal_dir=tmp_path).lost == 1  # one record in the log, two that were acknowledged


def test_an_unknown_outcome_is_neither_lost_nor_phantom(stack: MemoryStack, tmp_path: Path) -> None:
    write(tmp_path, intent(0), intent(9))

    balance = stack.verify(journal_dir=tmp_path)

    assert (balance.unknown, balance.lost, balance.phantom) == (2, 0, 0)


def test_acknowledged_bytes_that_are_no_payment_must_be_quarantined(stack: MemoryStack, tmp_path: Path) -> None:
    stack.send(b"junk")
    stack.score()
    write(tmp_path, Intent(0, TRANSACTIONS, digest(b"junk")), acknowledged(0, 3))

    assert stack.verify(journal_dir=tmp_path).lost == 0
    ledger = stack.ledger()
    ledger.quarantine.clear()
    assert stack.verify(ledger, journal_dir=tmp_path).lost == 1


def test_a_quarantine_row_does_not_stand_for_other_bytes(stack: MemoryStack, tmp_path: Path) -> None:
    stack.send(b"junk")
    stack.score()
    write(tmp_path, Intent(0, TRANSACTIONS, digest(b"other bytes")), acknowledged(0, 3))

    assert stack.verify(journal_dir=tmp_path).lost == 1


def test_a_quarantined_record_that_was_cleaned_from_the_log_is_not_lost(stack: MemoryStack, tmp_path: Path) -> None:
    stack.send(b"junk")
    stack.send(a_payment(8, user_id=5))
    stack.score()
    stack.clean(4)
    write(tmp_path, Intent(0, TRANSACTIONS, digest(b"junk")), acknowledged(0, 3))

    balance = stack.verify(journal_dir=tmp_path)

    assert (balance.log_records, balance.lost) == (1, 0)
