"""`fraudstream label` on a real broker and a real database, with a label applier at work."""

import uuid

import pytest
from tests.integration.analyst.stream import LabelledStream
from tests.unit.verify.memory_stack import a_payment

from fraudstream.analyst.labelling import Word
from fraudstream.analyst.main import label

pytestmark = pytest.mark.integration

UNKNOWN = uuid.UUID("7d444840-9dc0-41d1-b245-5ffdce74fad2")


def said(number: int, *, is_fraud: bool = True) -> Word:
    return Word(named=uuid.UUID(int=number), is_fraud=is_fraud)


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the command said; the label applier logs in between."""
    return [line for line in capsys.readouterr().out.splitlines() if "[info " not in line]


def merchant_risk(stream: LabelledStream, merchant_id: int) -> bytes:
    ((risk,),) = stream.stack.run("SELECT risk FROM merchant_risk WHERE merchant_id = %s", merchant_id)
    return bytes(risk)


def test_a_label_moves_the_risk_of_its_merchant_at_once(
    stream: LabelledStream, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2, 3):
        stream.stack.send(a_payment(number, user_id=3, merchant_id=7))
    stream.stack.score()
    with stream.applier_at_work():
        for number in (1, 2, 3):
            before = merchant_risk(stream, 7)
            assert label(said(number), wait_seconds=30.0)
            assert merchant_risk(stream, 7) != before

    lines = printed(capsys)
    assert lines[1::2] == [f"applied as label {turn}: scores see it from now on" for turn in (1, 2, 3)]
    stream.stack.send(a_payment(4, user_id=3, merchant_id=7))
    stream.stack.score()
    assert stream.stack.run("SELECT max(label_seq) FROM slices") == [(3,)]


def test_the_newer_word_counts_and_a_payment_to_come_is_waited_for(
    stream: LabelledStream, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.stack.send(a_payment(1))
    stream.stack.score()
    with stream.applier_at_work():
        label(said(1), wait_seconds=30.0)
        label(said(1, is_fraud=False), wait_seconds=30.0)
        label(Word(named=UNKNOWN, is_fraud=True, user_id=8), wait_seconds=30.0)

    lines = printed(capsys)
    assert lines[3].startswith("it contradicts what was said before (fraud, by analyst, ")
    assert lines[4] == "applied as label 2: scores see it from now on"
    assert lines[-1] == "it waits until its payment is scored"
    rows = stream.stack.run("SELECT user_id, label_seq, source FROM labels ORDER BY stored_at")
    assert rows == [(1, 1, "analyst"), (1, 2, "analyst"), (8, None, "analyst")]


def test_without_an_applier_the_label_is_out_and_says_so(
    stream: LabelledStream, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.stack.send(a_payment(1))
    stream.stack.score()

    assert label(said(1), wait_seconds=0.3)

    assert "not applied yet" in capsys.readouterr().out
