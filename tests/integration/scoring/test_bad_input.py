"""Whatever stands in the log ends in exactly one place, through Kafka, Spark and PostgreSQL."""

import uuid

import numpy as np
import pytest
from tests.integration.scoring.stream import ScoredTopic
from tests.unit.scoring.test_slice import BAD
from tests.unit.scoring.world import encoded

from fraudstream.contracts.topics import QUARANTINE

pytestmark = pytest.mark.integration

CUSTOMER, TWIN = 1042, 7
"""The twin makes the same good payments, and nothing else."""


def good(customer: int, number: int, **changes: object) -> bytes:
    return encoded(user_id=customer, transaction_id=id_of(customer, number), **changes)


def id_of(customer: int, number: int) -> str:
    return str(uuid.UUID(int=customer << 64 | number))


def test_every_kind_of_bad_input_ends_in_one_place_and_the_customer_goes_on(scored_topic: ScoredTopic) -> None:
    sent: list[tuple[bytes | None, str | None]] = [
        (good(CUSTOMER, 0), "scored"),
        *((value, reason) for _, value, reason in BAD),
        (good(CUSTOMER, 0), None),
        (good(CUSTOMER, 0, amount=99.0), "conflicting_id"),
        (encoded(user_id=8, transaction_id=id_of(CUSTOMER, 0)), "conflicting_id"),
        (b"\xff" * 900_000, "invalid_utf8"),
        (good(CUSTOMER, 1, note="x" * 998_000), "scored"),
        (good(CUSTOMER, 2, **{f"field_{number}": number for number in range(10_000)}), "scored"),
        (good(CUSTOMER, 3), "scored"),
    ]
    with scored_topic.running():
        places = scored_topic.send(*(value for value, _ in sent))
        scored_topic.send(*(good(TWIN, number) for number in range(4)))
        scored_topic.wait()

    fates = scored_topic.fates()
    assert [fates.get(place) for place in places] == [None if fate is None else [fate] for _, fate in sent]
    ((scored, quarantined, repeats),) = scored_topic.execute(
        "SELECT sum(rows), sum(quarantined), sum(repeats) FROM slices"
    )
    assert (scored, quarantined, repeats) == (8, len(BAD) + 3, 1)
    assert len(scored_topic.outbox(QUARANTINE)) == quarantined
    vectors = scored_topic.vectors()
    for number in range(4):
        np.testing.assert_array_equal(vectors[id_of(CUSTOMER, number)], vectors[id_of(TWIN, number)])
