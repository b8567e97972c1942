"""The journal is on disk before a record is sent, and never claims what it doesn't know."""

import hashlib
import os
from pathlib import Path

import pytest

from fraudstream.contracts.journal import Intent, JournalLine, LogIdentity, Outcome, parse_line
from fraudstream.errors import ConfigurationError
from fraudstream.producer import journal as journals
from fraudstream.producer.journal import Journal
from fraudstream.producer.outgoing import Outgoing

RECORD = Outgoing("some-topic", b"7", b'{"user_id":7}', "0a", 12, 7, 3.5)


def a_journal(folder: Path, **logs: str) -> Journal:
    return Journal(folder, started_at=1_800_000_000.0, pid=42, logs=logs)


def lines_of(journal: Journal) -> list[JournalLine]:
    return [parse_line(line) for line in journal.path.read_bytes().splitlines(keepends=True)]


def test_a_journal_is_named_by_start_and_process(tmp_path: Path) -> None:
    with a_journal(tmp_path / "new" / "folder") as journal:
        assert journal.path == tmp_path / "new" / "folder" / "20270115T080000-42.jsonl"


def test_a_journal_says_first_which_logs_it_is_of(tmp_path: Path) -> None:
    with a_journal(tmp_path, payments="id of one", labels="id of the other") as journal:
        before = lines_of(journal)
        journal.intend([RECORD])

    assert before == [LogIdentity("payments", "id of one"), LogIdentity("labels", "id of the other")]
    assert lines_of(journal)[:2] == before


def test_an_intent_says_what_will_be_sent(tmp_path: Path) -> None:
    with a_journal(tmp_path) as journal:
        journal.intend([RECORD])
        digest = hashlib.blake2b(RECORD.value, digest_size=16).hexdigest()

        assert lines_of(journal) == [Intent(0, "some-topic", digest, "0a", 12, 7, 3.5)]


def test_intents_are_on_disk_when_intend_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    with a_journal(tmp_path) as journal:
        monkeypatch.setattr(os, "fsync", lambda _: synced.append(len(lines_of(journal))))
        journal.intend([RECORD] * 3)
        journal.intend([RECORD])

    assert synced == [3, 4]


def test_intents_are_numbered_through(tmp_path: Path) -> None:
    with a_journal(tmp_path) as journal:
        assert [journal.intend([RECORD] * 3), journal.intend([RECORD])] == [0, 3]
        assert [line.sequence for line in lines_of(journal) if isinstance(line, Intent)] == [0, 1, 2, 3]


def test_outcomes_are_readable_once_written(tmp_path: Path) -> None:
    outcome = Outcome(0, "acknowledged", 1, 17)
    with a_journal(tmp_path) as journal:
        journal.intend([RECORD])
        journal.note(outcome)
        before = lines_of(journal)
        journal.write_outcomes()

        assert outcome not in before
        assert lines_of(journal)[-1] == outcome


def test_closing_writes_what_is_known(tmp_path: Path) -> None:
    with a_journal(tmp_path) as journal:
        journal.intend([RECORD])
        journal.note(Outcome(0, "failed", error="no"))

    assert lines_of(journal)[-1] == Outcome(0, "failed", error="no")


def test_a_journal_is_never_overwritten_and_a_second_of_its_name_is_numbered(tmp_path: Path) -> None:
    with a_journal(tmp_path) as first, a_journal(tmp_path) as second, a_journal(tmp_path) as third:
        first.intend([RECORD])

        names = [journal.path.name.removeprefix("20270115T080000-42") for journal in (first, second, third)]
        assert names == [".jsonl", "-2.jsonl", "-3.jsonl"]
        assert [len(lines_of(journal)) for journal in (first, second, third)] == [1, 0, 0]


def test_names_end_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "MOST_ALIKE", 2)
    with a_journal(tmp_path), a_journal(tmp_path), pytest.raises(ConfigurationError, match="written: File exists"):
        a_journal(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ConfigurationError, match="point JOURNAL_DIR elsewhere"):
        a_journal(tmp_path / "file" / "journal")


def test_a_full_disk_stops_the_producer_before_it_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with a_journal(tmp_path) as journal:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ConfigurationError, match="No space left on device"):
            journal.intend([RECORD])
