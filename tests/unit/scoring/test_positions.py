"""Spark begins where the committed results end, or says why it can't."""

import json
import uuid

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.ports.records import TopicPartitions
from fraudstream.scoring.positions import starting_offsets

LOG = TopicPartitions("payments", str(uuid.UUID(int=1)), {0: (5, 100), 1: (0, 0), 10: (0, 7)})


def test_every_partition_begins_at_its_position() -> None:
    offsets = starting_offsets(LOG, {0: 100, 1: 0, 10: 3})

    assert json.loads(offsets) == {"payments": {"0": 100, "1": 0, "10": 3}}


def test_a_partition_without_a_position_begins_at_the_first_record_kept() -> None:
    assert json.loads(starting_offsets(LOG, {}))["payments"] == {"0": 5, "1": 0, "10": 0}


def test_records_deleted_before_they_were_scored_stop_the_start() -> None:
    with pytest.raises(ConfigurationError, match="payments/0: the broker has deleted records 3 to 4"):
        starting_offsets(LOG, {0: 3})


def test_a_position_beyond_the_end_of_the_log_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="payments/10: scored up to record 7, but the log ends at 6"):
        starting_offsets(LOG, {10: 8})
