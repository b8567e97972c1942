"""`fraudstream find-card-numbers` over a run: what was sent is masked in all that is written, and the look can fail."""

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import structlog
from tests.integration.archive.stream import PATIENCE, ArchivedStream
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.kafka import KafkaProducer
from fraudstream.alerting.relay import Relay
from fraudstream.contracts.topics import ALERTS, LABELS, QUARANTINE, TRANSACTIONS, TopicSpec
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.errors import ConfigurationError
from fraudstream.leaks import main
from fraudstream.ports.records import OnDelivery

pytestmark = pytest.mark.integration
CARD = b"4111 1111 1111 1111"
SHOWN = "************1111"
PAYMENT = msgspec.json.decode(encode_transaction(a_payment(50, user_id=3, amount=12.0)))
SENT = (
    msgspec.json.encode(PAYMENT | {"note": CARD.decode()}),
    msgspec.json.encode(PAYMENT | {"payment_method": CARD.decode()}),
    b"not a payment of " + CARD,
)


class Renaming(NamedTuple):
    """A producer to topics of this test's own, since the broker is shared by all tests."""

    producer: KafkaProducer
    names: dict[str, str]

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        self.producer.send(self.names[topic], key=key, value=value, on_delivery=on_delivery)

    def poll(self) -> None:
        self.producer.poll()

    def flush(self, timeout: float) -> int:
        return self.producer.flush(timeout)


class Run(NamedTuple):
    """A run that is over, with the folder of its logs; `look` is the whole command."""

    stream: ArchivedStream
    producer: Renaming
    logs: Path

    def look(self) -> list[str]:
        return main.find_card_numbers([self.logs], database=True, topics=True, archive=True)


@pytest.fixture
def over(
    stream: ArchivedStream, unique_name: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Run]:
    """Payments, one of them with a card number in a field of its sender's, and two records that are refused for one."""
    names = {topic: unique_name(topic) for topic in (QUARANTINE, ALERTS, LABELS)} | {TRANSACTIONS: stream.topic}
    stream.admin.ensure_topics(dict.fromkeys(names.values(), 1), 1)
    monkeypatch.setattr(main, "TOPICS", tuple(TopicSpec(name, key="user_id") for name in names.values()))
    monkeypatch.setattr(main, "GIVEN", {names[TRANSACTIONS], names[LABELS]})
    for name, value in stream.environment.items():
        monkeypatch.setenv(name, value)
    producer = Renaming(KafkaProducer(stream.kafka, linger_ms=0), names)
    for sent in SENT:
        producer.send(TRANSACTIONS, key=b"3", value=sent)
    assert producer.flush(PATIENCE) == 0
    stream.send(1, 2)
    stream.score()
    with contextlib.closing(PostgresOutbox(stream.url)) as outbox:
        assert Relay(outbox, producer).run_once(0.1) >= 2
    done = stream.archive()
    assert done.returncode == 0, done.stderr
    (tmp_path / "archiver.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    before = structlog.get_config()
    yield Run(stream, producer, tmp_path)
    structlog.configure(**before)


def parquet(**columns: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd", write_statistics=False)
    return sink.getvalue()


def test_what_was_sent_is_nowhere_but_where_it_was_sent_to_and_what_is_planted_is_found(over: Run) -> None:
    """The raw zone holds what was sent, byte for byte; it is looked at where somebody names its files."""
    stream, objects = over.stream, over.stream.objects
    (raw,) = objects.list("raw/")
    kept = over.logs / "kept.parquet"

    assert over.look() == []
    assert [len(objects.list(zone)) for zone in ("processed/", "manifest/")] == [1, 1]
    ((quarantined,),) = stream.stack.run("SELECT count(*) FROM quarantine")
    assert quarantined == 2

    content = objects.get(raw)
    assert content is not None
    kept.write_bytes(content)
    remarks = [*(["paid with", f"4111 1111 1111 {last}"] for last in range(1_112, 1_118)), ["with", CARD.decode()], []]
    named = parquet(sender=[None, *["nobody"] * 7], remarks=remarks, number=[4111111111111111] * 8)
    assert CARD not in named, "whoever looks at compressed bytes alone must not find it"
    objects.put("processed/planted.parquet", named, hashlib.sha256(named).hexdigest())
    over.producer.send(ALERTS, key=b"3", value=b"card " + CARD)
    assert over.producer.flush(PATIENCE) == 0
    stream.stack.run("UPDATE outbox SET key = %s", CARD)
    with (over.logs / "archiver.log").open("ab") as log:
        log.write(b"refused " + CARD)

    found = dict(line.split(": ", 1) for line in over.look())
    ((rows,),) = stream.stack.run("SELECT count(*) FROM outbox")
    assert found == {
        f"{over.logs / 'archiver.log'}": f"1 ({SHOWN})",
        f"{kept} (value)": f"3 ({', '.join([SHOWN] * 3)})",
        "outbox.key": f"{rows} ({', '.join([SHOWN] * min(rows, main.SHOWN))})",
        over.producer.names[ALERTS]: f"1 ({SHOWN})",
        "processed/planted.parquet (remarks)": f"1 ({SHOWN})",
    }


def test_a_damaged_object_is_named_and_not_passed_over(over: Run) -> None:
    over.stream.objects.put("processed/half.parquet", b"PAR1", hashlib.sha256(b"PAR1").hexdigest())

    with pytest.raises(ConfigurationError, match=r"processed/half\.parquet: it can't be read as parquet"):
        over.look()
