"""What is answered before a payment equals, bit for bit, what the stream then stores of it."""

import json
import uuid
from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.unit.serving.payments import streams
from tests.unit.verify.memory_stack import MAX_FUTURE, MemoryStack, a_busy_stack, a_payment

from fraudstream.adapters.memory_standing import MemoryStandings
from fraudstream.contracts.quarantine import QUARANTINE_REASONS
from fraudstream.contracts.transaction import Transaction, encode_transaction
from fraudstream.errors import MalformedEvent, ModelUnavailable
from fraudstream.serving.what_if import AlreadyScored, WhatIf


def asking(stack: MemoryStack) -> WhatIf:
    return WhatIf(MemoryStandings(stack.slices), stack.clock, MAX_FUTURE)


def everything(stack: MemoryStack) -> object:
    store = stack.slices
    return (
        {key: row.tobytes() for key, row in store.states.items()},
        dict(store.ids),
        len(store.slices),
        dict(store.positions),
        {key: row.tobytes() for key, row in store.customer_risk.items()},
    )


@settings(max_examples=40, deadline=None)
@given(streams())
def test_the_answer_is_what_the_stream_gives_next(payments: list[Transaction]) -> None:
    stack = MemoryStack()
    stack.begin_with(users=[1, 2], merchants=[7, 8])
    what_if = asking(stack)
    for number, payment in enumerate(payments):
        vector, answer = what_if.vector_and_answer(encode_transaction(payment))
        if number % 5 == 4:
            stack.deploy(number, weight=0.08, threshold=0.5)
            vector, answer = what_if.vector_and_answer(encode_transaction(payment))
        stack.send(payment)
        stack.score()
        result = stack.slices.slices[-1].result

        assert vector.tobytes() == result.scored.features[0].tobytes()
        assert answer.probability.hex() == float(result.scored.score[0]).hex()
        assert (answer.verdict == "alert") == bool(result.scored.alert[0]) == bool(result.alerts)
        assert (answer.threshold, answer.model_version) == (
            result.deployment.threshold,
            result.deployment.model_version,
        )
        for raised in result.alerts:
            assert answer.reasons == raised.alert.reasons
        if number % 3 == 2:
            stack.label(payments[number - 1].transaction_id.int, is_fraud=number % 2 == 0)


def test_labels_move_the_answer_as_they_move_the_stream() -> None:
    stack = a_busy_stack()
    payment = a_payment(500, user_id=3, amount=700.0, merchant_id=7)
    before = asking(stack).ask(encode_transaction(payment))

    stack.label(3, is_fraud=True)
    after = asking(stack).ask(encode_transaction(payment))
    stack.send(payment)
    stack.score()

    assert after.label_seq > before.label_seq
    assert after.probability != before.probability
    assert after.probability == float(stack.slices.slices[-1].result.scored.score[-1])


def test_asking_changes_nothing() -> None:
    stack = a_busy_stack()
    before = everything(stack)
    what_if = asking(stack)
    first = what_if.ask(encode_transaction(a_payment(500, user_id=3)))

    assert what_if.ask(encode_transaction(a_payment(500, user_id=3))) == first
    assert everything(stack) == before


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(encode_transaction(a_payment(900))) | fields).encode()


REFUSED = {
    "empty": b"",
    "not_json": b"{not json",
    "not_an_object": b"[]",
    "invalid_utf8": b'{"user_id": "\xff"}',
    "invalid_field": changed(amount=-1),
    "nested_too_deeply": b'{"x":' * 100_000,
    "timestamp_out_of_range": changed(timestamp="2199-01-01T00:00:00Z"),
    "conflicting_id": changed(transaction_id=str(uuid.UUID(int=1)), amount=1.25),
}


def test_there_is_an_example_of_each_reason() -> None:
    assert set(REFUSED) == set(QUARANTINE_REASONS)


@pytest.mark.parametrize("reason", REFUSED)
def test_what_the_stream_would_quarantine_is_refused_for_the_same_reason(reason: str) -> None:
    stack = a_busy_stack()
    with pytest.raises(MalformedEvent) as refused:
        asking(stack).ask(REFUSED[reason])
    stack.send(REFUSED[reason])
    stack.score()

    (row,) = stack.slices.slices[-1].result.quarantined
    assert refused.value.reason == row.reason == reason


def test_what_the_stream_would_drop_as_a_repeat_is_said_to_be_scored_already() -> None:
    stack = MemoryStack()
    stack.send(a_payment(1))
    stack.score()

    with pytest.raises(AlreadyScored, match="scored there"):
        asking(stack).ask(encode_transaction(a_payment(1)))


def test_without_a_model_there_is_no_answer() -> None:
    stack = MemoryStack()
    stack.slices.active = None

    with pytest.raises(ModelUnavailable, match="no model"):
        asking(stack).ask(encode_transaction(a_payment(1)))
    with pytest.raises(ModelUnavailable, match="no model"):
        asking(stack).get_ready()


def test_a_damaged_model_gives_no_answer() -> None:
    stack = MemoryStack()
    assert stack.slices.active is not None
    stack.slices.active = replace(stack.slices.active, digest="0" * 64)
    stack.slices.artefacts["0" * 64] = b"something else"

    with pytest.raises(ModelUnavailable):
        asking(stack).ask(encode_transaction(a_payment(1)))
