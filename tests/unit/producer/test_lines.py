"""A user's lines go out as they are."""

import os
import threading
import uuid
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.contracts.transaction import parse_transaction
from fraudstream.errors import ConfigurationError
from fraudstream.producer.lines import opened, outgoing_line, owner_key, read_lines
from fraudstream.producer.requests import Requests

GOOD = (
    b'{"transaction_id":"249bbce8-59dd-4e5f-815e-33b986e42351","user_id":1282,"amount":3,"is_fraud":1,'
    b'"timestamp":"2020-01-01T00:00:00","merchant_category":"Travel","location":"Miami","payment_method":"PayPal"}'
)


def lines_in(path: Path) -> list[bytes]:
    with opened(str(path)) as descriptor:
        return list(chain.from_iterable(read_lines(descriptor, Requests())))


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\n\nb\n", [b"a", b"", b"b"]),
        (b"a\r\n \n", [b"a\r", b" "]),
        (b"", []),
        (b"\n", [b""]),
    ],
)
def test_a_line_is_what_stands_between_line_feeds(content: bytes, lines: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)

    assert lines_in(tmp_path / "file") == lines


def test_a_line_longer_than_a_chunk_is_one_line(tmp_path: Path) -> None:
    long = b"x" * 3_000_000
    (tmp_path / "file").write_bytes(b"a\n" + long + b"\nb")

    assert lines_in(tmp_path / "file") == [b"a", long, b"b"]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    source, sink = os.pipe()
    yield source, sink
    os.close(source)


def test_lines_of_a_pipe_come_as_they_are_written(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    os.write(sink, b"one\ntw")
    groups = read_lines(source, Requests())
    first = next(groups)
    nothing = next(groups)
    os.write(sink, b"o\n")
    second = next(groups)
    os.close(sink)

    assert (first, nothing, second) == ([b"one"], [], [b"two"])


def test_a_stop_ends_the_reading_and_sends_no_half_line(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    requests = Requests()
    os.write(sink, b"one\nhalf a li")
    timer = threading.Timer(0.05, setattr, (requests, "stop", True))
    timer.start()
    groups = list(islice(read_lines(source, requests), 20))
    timer.join()
    os.close(sink)

    assert list(chain.from_iterable(groups)) == [b"one"]


def test_a_payment_is_journalled_as_one_and_sent_byte_for_byte() -> None:
    parsed = parse_transaction(GOOD, latest=4e9)
    record = outgoing_line(GOOD, ManualClock())

    assert (record.topic, record.key, record.value) == (TRANSACTIONS, b"1282", GOOD)
    assert record.transaction_id == str(uuid.UUID("249bbce8-59dd-4e5f-815e-33b986e42351"))
    assert (record.body_hash, record.user_id, record.amount) == (parsed.body_hash, 1_282, 3.0)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (b'{"user_id": 5, "x": [1]}', b"5"),
        (b'{"user_id": -5}', b"-5"),
        (b'{"user_id": "5"}', None),
        (b'{"user_id": true}', None),
        (b'{"user_id": null}', None),
        (b'{"user_id": 5, "x": NaN}', None),
        (b"[5]", None),
        (b"not json", None),
        (b"", None),
        (b'{"user_id": 5, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
        (b"\xff\xfe", None),
    ],
)
def test_what_is_no_payment_is_keyed_by_its_customer_if_it_names_one(line: bytes, key: bytes | None) -> None:
    record = outgoing_line(line, ManualClock())

    assert (record.key, record.value, record.transaction_id) == (key, line, None)


@given(line=st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_line_goes_out_unchanged(line: bytes) -> None:
    assert outgoing_line(line, ManualClock()).value == line
    assert owner_key(line) is None or b"user_id" in line


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_an_unreadable_file_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"), opened(str(tmp_path / name)):
        pass
