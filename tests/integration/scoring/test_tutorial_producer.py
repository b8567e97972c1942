"""The tutorial's producer, pointed at the stack with nothing but its address changed."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.integration.scoring.stream import ScoredTopic

from fraudstream.contracts.topics import LABELS
from fraudstream.features.catalogue import index_of

pytestmark = pytest.mark.integration

EVENTS = 500
DELAY = dt.timedelta(days=4)


@pytest.fixture
def sent(scored_topic: ScoredTopic) -> list[dict[str, object]]:
    """Run the tutorial's producer beside the scorer, and wait until its events are committed."""
    address, script = scored_topic.kafka.kafka_bootstrap_servers, Path(__file__).with_name("tutorial_producer.py")
    with scored_topic.running():
        done = subprocess.run(
            [sys.executable, str(script), address, scored_topic.topic, str(EVENTS)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        scored_topic.wait()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_event_is_scored_and_its_label_waits_in_the_outbox_alone(
    scored_topic: ScoredTopic, sent: list[dict[str, object]]
) -> None:
    vectors = scored_topic.vectors()
    assert vectors.keys() == {event["transaction_id"] for event in sent}
    assert all(np.isfinite(vector).all() for vector in vectors.values())
    assert scored_topic.execute("SELECT count(*) FROM quarantine") == [(0,)]

    labels = {str(label["transaction_id"]): label for label in scored_topic.outbox(LABELS)}
    assert {id_: label["is_fraud"] for id_, label in labels.items()} == {
        event["transaction_id"]: bool(event["is_fraud"]) for event in sent
    }
    assert {label["source"] for label in labels.values()} == {"event"}
    for event in sent:
        paid = dt.datetime.fromisoformat(str(event["timestamp"])).replace(tzinfo=dt.UTC)
        arrival = str(labels[str(event["transaction_id"])]["arrived_at"])
        assert dt.datetime.fromisoformat(arrival) == paid + DELAY
    assert scored_topic.execute(
        "SELECT count(*) FROM outbox WHERE topic = %s AND not_before < now() + interval '3 days'", LABELS
    ) == [(0,)]
    ((columns,),) = scored_topic.execute(
        "SELECT array_agg(column_name::text) FROM information_schema.columns WHERE table_name = 'scored_transactions'"
    )
    assert "is_fraud" not in columns  # type: ignore[operator]


def test_a_customer_on_both_partitions_is_scored_in_the_recorded_order(
    scored_topic: ScoredTopic, sent: list[dict[str, object]]
) -> None:
    """Without keys a customer is spread over partitions; the payments known must still go up one by one."""
    assert sent
    known = index_of("payments_known")
    seen: dict[object, list[float]] = {}
    partitions = set()
    for user, partition, vector in scored_topic.execute(
        'SELECT user_id, partition, features FROM scored_transactions ORDER BY user_id, slice_id, "offset"'
    ):
        partitions.add(partition)
        seen.setdefault(user, []).append(float(np.frombuffer(bytes(vector), "<f8")[known]))  # type: ignore[call-overload]

    assert partitions == {0, 1}
    assert any(len(counts) > 1 for counts in seen.values())
    assert all(counts == [float(number) for number in range(len(counts))] for counts in seen.values())
