"""What the analyst's service answers, on the memory stores; every error is a sentence in JSON."""

import contextlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from tests.unit.analyst.asgi import Answer, ask
from tests.unit.verify.memory_stack import MemoryStack, a_payment

from fraudstream.adapters.memory import MemoryProducer
from fraudstream.adapters.memory_cases import MemoryCases
from fraudstream.adapters.memory_delivery import MemoryAlerts
from fraudstream.adapters.memory_label_desk import MemoryLabelDesk
from fraudstream.analyst.api import Desk, create_app
from fraudstream.analyst.labelling import Labelling
from fraudstream.contracts.alert import alert_id_for
from fraudstream.contracts.decision import Reason
from fraudstream.contracts.label import parse_label
from fraudstream.contracts.topics import LABELS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.catalogue import FEATURE_NAMES
from fraudstream.ports.cases import Case
from fraudstream.ports.delivery import StoredAlert
from fraudstream.ports.label_desk import LabelFate, LabelPlace

FIRST, SECOND, UNKNOWN = (uuid.UUID(int=number) for number in (1, 2, 99))


@dataclass(frozen=True)
class LateDesk(MemoryLabelDesk):
    """Something happens at each look at what became of a label."""

    before_look: Callable[[], None] = lambda: None

    def fate(self, place: LabelPlace) -> LabelFate | None:
        self.before_look()
        return super().fate(place)


class AwayCases:
    """A store that does not answer."""

    def case(self, transaction_id: uuid.UUID) -> Case:
        raise TemporarilyUnavailable(f"{transaction_id} could not be looked up")

    def artefact(self, digest: str) -> bytes:
        raise NotImplementedError(digest)


@pytest.fixture
def stack() -> MemoryStack:
    made = MemoryStack()
    for number in (1, 2):
        made.send(a_payment(number, user_id=3))
    made.score()
    return made


@pytest.fixture
def alerts() -> MemoryAlerts:
    return MemoryAlerts()


@pytest.fixture
def app(stack: MemoryStack, alerts: MemoryAlerts) -> FastAPI:
    return an_app(stack, alerts, stack.apply_labels)


def an_app(stack: MemoryStack, alerts: MemoryAlerts, before_look: Callable[[], None]) -> FastAPI:
    desk = LateDesk(stack.labels, stack.slices, before_look)
    labelling = Labelling(desk, MemoryProducer(stack.broker), stack.broker, stack.clock)
    cases = MemoryCases(stack.slices, stack.labels)
    return create_app(Desk(labelling, cases, lambda: contextlib.nullcontext(alerts), applied_within=1.0))


def say(app: FastAPI, transaction_id: object = FIRST, is_fraud: object = True) -> Answer:  # noqa: FBT002 - as in JSON
    return ask(app, "POST", "/labels", {"transaction_id": str(transaction_id), "is_fraud": is_fraud})


def an_alert(number: int) -> StoredAlert:
    moment = a_payment(number).timestamp
    key = uuid.UUID(int=number)
    reasons = (Reason("amount", 900.0, 1.5, "Amount of 900.00"),)
    return StoredAlert(alert_id_for(key), key, 3, 900.0, moment, 0.9, 0.5, reasons, "1", "open", moment, notified=False)


def test_a_word_becomes_an_applied_label(app: FastAPI, stack: MemoryStack) -> None:
    answer = say(app)

    assert answer.status == 200
    assert answer.document["applied"] is True
    assert (answer.document["label_seq"], answer.document["user_id"], answer.document["before"]) == (1, 3, None)
    (record,) = stack.broker.logs[LABELS, 0]
    label = parse_label(record.value)
    assert (label.transaction_id, label.is_fraud, label.source) == (FIRST, True, "analyst")


def test_a_contradiction_is_said(app: FastAPI) -> None:
    say(app)

    answer = say(app, is_fraud=False)

    assert (answer.document["contradicts"], answer.document["before"]["is_fraud"]) == (True, True)


def test_a_label_that_is_not_applied_in_time_is_accepted(stack: MemoryStack, alerts: MemoryAlerts) -> None:
    answer = say(an_app(stack, alerts, lambda: None))

    assert answer.status == 202
    assert (answer.document["applied"], answer.document["label_seq"]) == (False, None)


def test_a_payment_that_nobody_knows_is_not_found(app: FastAPI, stack: MemoryStack) -> None:
    answer = say(app, UNKNOWN)

    assert (answer.status, answer.document) == (404, {"error": f"no payment {UNKNOWN} is known"})
    assert stack.broker.logs[LABELS, 0] == []


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"transaction_id": "abc", "is_fraud": True}, "transaction_id"),
        ({"transaction_id": str(FIRST)}, "is_fraud"),
        ({"transaction_id": str(FIRST), "is_fraud": "yes"}, "is_fraud"),
        ({"transaction_id": str(FIRST), "is_fraud": 1}, "is_fraud"),
        ({"transaction_id": str(FIRST), "is_fraud": True, "user_id": 5}, "user_id"),
        ([], "body"),
    ],
)
def test_a_word_that_is_none_is_refused_with_the_field(
    app: FastAPI, stack: MemoryStack, body: object, word: str
) -> None:
    answer = ask(app, "POST", "/labels", body)

    assert answer.status == 422
    assert answer.document["error"].startswith(f"{word}: ")
    assert stack.broker.logs[LABELS, 0] == []


def test_what_is_no_json_is_a_bad_request(app: FastAPI) -> None:
    answer = ask(app, "POST", "/labels", chunks=[b"{not json"])

    assert answer.status == 400
    assert "error" in answer.document


def test_a_label_that_the_applier_refuses_is_refused_here(stack: MemoryStack, alerts: MemoryAlerts) -> None:
    """The stream is so far ahead of the broker's clock that nothing may arrive now."""
    stack.clock.time -= 10 * 86_400.0 * 30

    answer = say(an_app(stack, alerts, stack.apply_labels))

    assert answer.status == 422
    assert answer.document["error"].startswith("the label was refused: timestamp_out_of_range")


def test_alerts_come_newest_first_with_the_newest_outcome(app: FastAPI, alerts: MemoryAlerts) -> None:
    alerts.alerts += [an_alert(1), an_alert(2)]
    say(app, SECOND, is_fraud=False)

    found = ask(app, "GET", "/alerts").document["alerts"]

    assert [alert["transaction_id"] for alert in found] == [str(SECOND), str(FIRST)]
    assert [alert["is_fraud"] for alert in found] == [False, None]
    assert found[0]["reasons"][0]["text"] == "Amount of 900.00"
    assert len(ask(app, "GET", "/alerts?last=1").document["alerts"]) == 1


@pytest.mark.parametrize("last", ["0", "501", "many"])
def test_the_number_of_alerts_is_bounded(app: FastAPI, last: str) -> None:
    answer = ask(app, "GET", f"/alerts?last={last}")

    assert answer.status == 422
    assert answer.document["error"].startswith("last: ")


def test_a_scored_payment_is_explained(app: FastAPI) -> None:
    answer = ask(app, "GET", f"/transactions/{FIRST}/explanation")

    assert answer.status == 200
    assert answer.document["proof"]["exact"] is True
    assert len(answer.document["features"]) == len(FEATURE_NAMES)


def test_of_a_payment_that_was_not_scored_everything_else_is_said(app: FastAPI, stack: MemoryStack) -> None:
    stack.send(json.dumps({"transaction_id": str(UNKNOWN), "amount": -1}).encode())
    stack.score()

    answer = ask(app, "GET", f"/transactions/{UNKNOWN}/explanation")

    assert answer.status == 404
    assert answer.document["error"] == f"no payment {UNKNOWN} is scored"
    assert answer.document["known"]["refused"][0]["reason"] == "invalid_field"


def test_an_id_that_is_none_is_named(app: FastAPI) -> None:
    answer = ask(app, "GET", "/transactions/abc/explanation")

    assert answer.status == 422
    assert answer.document["error"].startswith("transaction_id: ")


def test_a_store_that_is_away_is_a_reason_to_come_again(stack: MemoryStack, alerts: MemoryAlerts) -> None:
    desk = MemoryLabelDesk(stack.labels, stack.slices)
    labelling = Labelling(desk, MemoryProducer(stack.broker), stack.broker, stack.clock)
    app = create_app(Desk(labelling, AwayCases(), lambda: contextlib.nullcontext(alerts)))

    answer = ask(app, "GET", f"/transactions/{FIRST}/explanation")

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.document == {"error": f"{FIRST} could not be looked up"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/labels", 405), ("GET", "/docs", 404), ("GET", "/openapi.json", 404)],
)
def test_what_is_not_there_is_said_in_json(app: FastAPI, method: str, path: str, status: int) -> None:
    answer = ask(app, method, path)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert "error" in answer.document


def test_health_says_nothing_but_that_it_answers(app: FastAPI) -> None:
    assert ask(app, "GET", "/health").document == {"status": "ok"}
