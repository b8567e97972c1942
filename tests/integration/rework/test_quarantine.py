"""`fraudstream quarantine` on a real broker and a real database: refused, looked at, mended, scored, balanced."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from tests.integration.rework.stream import ScoredStream
from tests.integration.verify.postgres_stack import PostgresStack
from tests.unit.verify.memory_stack import a_payment
from typer.testing import CliRunner, Result

from fraudstream.cli import app
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.rework import quarantine
from fraudstream.rework.shapes import PAYMENT
from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration

CARD = b"4929123456789012"
BAD = encode_transaction(a_payment(1, amount=12.5)).replace(b"12.5", b'"12,50"')[:-1] + b',"note":"' + CARD + b'"}'


@pytest.fixture
def stream(
    kafka_settings: KafkaSettings, database_url: str, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScoredStream]:
    """A stream of this test's own, which the environment names."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_settings.kafka_bootstrap_servers)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("JOURNAL_DIR", str(tmp_path))
    monkeypatch.setattr(quarantine, "SHAPES", {topic: PAYMENT})
    with contextlib.ExitStack() as resources:
        yield ScoredStream(kafka_settings, topic, PostgresStack(database_url, resources), tmp_path)


def ran(*arguments: str, status: int = 0) -> Result:
    structlog.reset_defaults()  # as in a process of its own: what a test before has set up would speak on our output
    result = CliRunner().invoke(app, ["quarantine", *arguments], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def test_a_refused_payment_is_seen_masked_mended_and_scored_and_the_balance_holds(stream: ScoredStream) -> None:
    stream.send(encode_transaction(a_payment(9)))
    (place,) = stream.send(BAD)
    stream.score()

    listed = ran("list", "--reason", "invalid_field").output
    assert "1 record is in quarantine" in listed
    assert place in listed
    shown = ran("show", place).output
    assert "************9012" in shown
    assert CARD.decode() not in listed + shown
    with stream.scorer_at_work():
        replayed = ran(
            "replay", place, "--set", "amount=12.5", "--because", "a comma", "--author", "ana", "--wait", "60"
        )

    assert replayed.stdout.splitlines()[-1].endswith(": was scored")
    assert "1 of 3, scored" in ran("list").output
    assert "by ana as" in ran("show", place).output
    assert stream.stack.run("SELECT amount FROM scored_transactions WHERE user_id = 1 ORDER BY 1") == [(12.5,), (20.0,)]
    balance = stream.verify()
    assert (balance.log_records, balance.scored, balance.quarantined, balance.repeats_dropped) == (3, 2, 1, 0)
    assert (balance.journals, balance.acknowledged, balance.lost, balance.holds) == (1, 1, 0, True)


def test_raw_bytes_leave_a_trace_and_come_back_from_a_file(stream: ScoredStream, tmp_path: Path) -> None:
    stream.send(encode_transaction(a_payment(9)))
    (place,) = stream.send(BAD)
    stream.score()
    assert ran("show", place, "--raw", status=2).output

    raw = ran("show", place, "--raw", "--because", "the sender asks", "--author", "ana")
    assert raw.stdout_bytes == BAD
    assert stream.stack.run("SELECT author, reason FROM disclosures") == [("ana", "the sender asks")]
    mended = tmp_path / "mended.json"
    mended.write_bytes(BAD.replace(b'"12,50"', b"12.5") + b"\n")
    ran("replay", place, "--file", str(mended), "--because", "a comma", "--wait", "0")
    stream.score()

    assert "1 of 3, scored" in ran("list").output
    assert stream.verify().holds


def test_what_comes_back_is_counted_and_ends(stream: ScoredStream) -> None:
    stream.send(encode_transaction(a_payment(9)))
    (place,) = stream.send(BAD)
    stream.score()
    refused = ran("replay", place, "--because", "to see", status=1)
    assert "not sent, it would come back, invalid_field" in refused.output
    with stream.scorer_at_work():
        for _ in range(3):
            back = ran("replay", place, "--anyway", "--because", "to see", "--wait", "60", status=1).stdout.splitlines()
            assert back[-1].endswith(": was quarantined again")
            place = back[-1].split(": ")[0]

    spent = ran("replay", place, "--set", "amount=1", "--because", "to see", status=1).output
    assert "it was sent again 3 times, which is the most" in spent
    assert stream.stack.run("SELECT attempt, repair FROM replays ORDER BY 1") == [(1, ""), (2, ""), (3, "")]
    balance = stream.verify()
    assert (balance.log_records, balance.scored, balance.quarantined, balance.holds) == (5, 1, 4, True)


def test_several_are_sent_one_after_the_other_and_what_is_not_there_is_named(stream: ScoredStream) -> None:
    places = stream.send(*(BAD.replace(b"000000000001", b"%012d" % number) for number in (2, 3)))
    stream.score()
    absent = f"{stream.topic}/0/999"

    told = ran("replay", *places, absent, "--set", "amount=1", "--because", "commas", "--wait", "0", status=1).output
    stream.score()

    assert f"{absent}: not sent, {absent} is not in quarantine" in told
    assert stream.stack.run("SELECT count(*) FROM scored_transactions") == [(2,)]
    assert stream.verify().holds
