"""An outcome is looked up by its payment, also on tables of which no statistics were gathered yet."""

import contextlib
import uuid

import pytest
from tests.ports.slice_worlds import DIGEST, OTHER_DIGEST

from fraudstream.adapters.database.label_desk import STREAM_TIME
from fraudstream.adapters.database.matured_scores import PAIRS
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.training_history import EXTENT, PAYMENTS
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT

pytestmark = pytest.mark.integration

MANY_LABELS = """
INSERT INTO labels (topic_id, partition, "offset", label_seq, transaction_id, is_fraud, source, arrived_at, user_id)
SELECT %s, 0, turn, turn, gen_random_uuid(), false, 'bank', now(), 1 FROM generate_series(1, 20000) AS turn
"""
VALUES = {
    "champion": DIGEST,
    "challenger": OTHER_DIGEST,
    "catalogue_version": CATALOGUE_VERSION,
    "width": FEATURE_COUNT * 8,
    "as_of": 2e9,
    "begin": 0.0,
    "end": 2e9,
    "every": 1,
    "every_fraud": 1,
}


@pytest.mark.parametrize("statement", [PAIRS, EXTENT, PAYMENTS], ids=["pairs", "extent", "payments"])
def test_labels_are_not_walked_in_the_order_of_their_turns(database_url: str, statement: str) -> None:
    """That would take every label for every payment, and the statement's time would be over."""
    with contextlib.closing(connect(database_url, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE labels SET (autovacuum_enabled = off)")
        cursor.execute(MANY_LABELS, (str(uuid.UUID(int=7)),))
        cursor.execute(f"EXPLAIN {statement}", VALUES)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "ix_labels_transaction_id" in plan
    assert "uq_labels_label_seq" not in plan


def test_the_time_of_the_stream_is_found_by_the_places_of_its_last_payments(database_url: str) -> None:
    """A decision on the page asks for it: reading payments whole would take the longer the more there are."""
    with contextlib.closing(connect(database_url, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {STREAM_TIME}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Scan Backward using scored_transactions" in plan
    assert "Seq Scan on scored_transactions" not in plan
