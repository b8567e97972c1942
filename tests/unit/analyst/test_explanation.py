"""An explanation holds every feature's part, proves the score, and says what is known of ids that were not scored."""

import datetime as dt
import io
import json
import math
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from tests.unit.verify.memory_stack import MemoryStack, a_model, a_payment

from fraudstream.adapters.memory_cases import MemoryCases
from fraudstream.analyst.explanation import Explanation, explain
from fraudstream.analyst.explanation_page import number, show
from fraudstream.contracts.alert import alert_id_for
from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import FEATURE_NAMES
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.cases import Case, ReceivedNotification, RefusedPayment, Relayed, ScoredPayment
from fraudstream.ports.label_desk import KnownPayment

FIRST, ALERTED, ORDINARY, CONFLICT = (uuid.UUID(int=count) for count in (1, 5, 6, 2))
SENT = dt.datetime(2025, 11, 24, 16, 0, 0, 250_000, tzinfo=dt.UTC)


@pytest.fixture
def stack() -> MemoryStack:
    """Ordinary payments of customer 4, a large one (5), and one of customer 9; labels between two slices."""
    made = MemoryStack()
    for count, amount in enumerate((10.0, 20.0, 30.0, 48.0), 1):
        made.send(a_payment(count, user_id=4, amount=amount))
    made.score()
    made.label(1, is_fraud=True)
    made.label(1, is_fraud=False)
    made.send(a_payment(5, user_id=4, amount=900.0))
    made.send(a_payment(6, user_id=9, amount=3.0, merchant_id=None))
    made.send(a_payment(2, user_id=4, amount=21.0))
    made.score()
    made.label(5, is_fraud=True)
    return made


def cases_of(stack: MemoryStack) -> MemoryCases:
    alert_id = alert_id_for(ALERTED)
    relayed = {alert_id: [Relayed(None, None, SENT)]}
    messages = [ReceivedNotification(name, SENT + dt.timedelta(seconds=1)) for name in ("m-1", "m-2")]
    return MemoryCases(stack.slices, stack.labels, relayed, {alert_id: messages})


def explained(stack: MemoryStack, transaction_id: uuid.UUID) -> Explanation:
    cases = cases_of(stack)
    return explain(cases.case(transaction_id), cases.artefact)


def printed(explanation: Explanation, *, width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)
    show(explanation, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def document(explanation: Explanation) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(explanation.to_json())
    return found


def with_payment(stack: MemoryStack, transaction_id: uuid.UUID, **changes: object) -> Case:
    case = cases_of(stack).case(transaction_id)
    assert case.payment is not None
    payment: ScoredPayment = replace(case.payment, **changes)  # type: ignore[arg-type]
    return replace(case, payment=payment)


def test_every_feature_of_the_catalogue_is_there_and_they_add_up_to_the_score(stack: MemoryStack) -> None:
    found = explained(stack, ALERTED)

    assert [line.name for line in found.features] == list(FEATURE_NAMES)
    assert all(line.sentence for line in found.features)
    assert found.verdict is not None
    assert found.baseline is not None
    log_odds = math.log(found.verdict.score / (1 - found.verdict.score))
    assert found.baseline + sum(line.contribution or 0.0 for line in found.features) == pytest.approx(log_odds)


def test_the_score_is_proved_to_the_last_bit(stack: MemoryStack) -> None:
    found = explained(stack, ALERTED)

    assert found.verdict is not None
    assert found.proof is not None
    assert (found.proof.recomputed, found.proof.exact) == (found.verdict.score, True)
    assert found.holds
    assert "exactly the same score" in printed(found)


def test_a_score_that_differs_in_its_last_bit_does_not_hold(stack: MemoryStack) -> None:
    cases = cases_of(stack)
    stored = cases.case(ALERTED).payment
    assert stored is not None
    case = with_payment(stack, ALERTED, score=float(np.nextafter(stored.score, 1.0)))

    found = explain(case, cases.artefact)

    assert not found.holds
    assert "NOT the same" in printed(found)
    assert document(found)["holds"] is False


def test_the_usual_is_the_median_of_the_customers_earlier_payments(stack: MemoryStack) -> None:
    lines = {line.name: line for line in explained(stack, ALERTED).features}

    assert (lines["amount"].value, lines["amount"].usual) == (900.0, 25.0)
    assert explained(stack, ALERTED).usual_of == 4


def test_on_a_first_payment_nothing_is_usual(stack: MemoryStack) -> None:
    found = explained(stack, ORDINARY)

    assert {line.usual for line in found.features} == {None}
    assert found.payment is not None
    assert found.payment.usual_amount is None
    assert "first payment known of this customer" in printed(found)


def test_the_amount_stands_beside_the_customers_own(stack: MemoryStack) -> None:
    payment = explained(stack, ALERTED).payment

    assert payment is not None
    assert payment.usual_amount is not None
    assert payment.usual_amount == pytest.approx(27.0)
    assert "900.00; the customer's usual amount is 27.00" in printed(explained(stack, ALERTED))


def test_outcomes_then_and_now_are_told_apart(stack: MemoryStack) -> None:
    found = explained(stack, ALERTED)
    page = printed(found)

    assert found.customer_outcomes is not None
    assert (found.customer_outcomes.payments, found.customer_outcomes.frauds) == (1, 0)
    assert found.is_fraud is True
    assert explained(stack, FIRST).is_fraud is False
    assert "Known to the score, 2 labels into the stream:" in page
    assert "of the customer 1 outcome, 0 of them fraud" in page
    assert "What it turned out to be: fraud" in page
    assert "(label 3)" in page
    assert "of the merchant" not in printed(explained(stack, ORDINARY))
    assert "nobody has said yet" in printed(explained(stack, ORDINARY))


def test_the_way_of_the_alert_is_followed_and_repeats_are_counted(stack: MemoryStack) -> None:
    page = printed(explained(stack, ALERTED))

    assert "alert: score" in page
    assert "relayed 2025-11-24 16:00:00.250 UTC" in page
    assert "notified 2025-11-24 16:00:01.250 UTC, message m-1" in page
    assert "beside the first, 1 repeat" in page
    assert "because: " in page


def test_an_alert_on_its_way_says_where_it_is(stack: MemoryStack) -> None:
    cases = MemoryCases(stack.slices, stack.labels)
    case = cases.case(ALERTED)
    assert case.alert is not None
    held = replace(case.alert, relayed=(Relayed(SENT, None, None),))
    released = replace(case.alert, relayed=(Relayed(SENT, SENT, None),))
    nowhere = replace(case.alert, relayed=())

    waiting = printed(explain(case, cases.artefact))
    pages = [printed(explain(replace(case, alert=alert), cases.artefact)) for alert in (held, released, nowhere)]

    assert "not relayed yet" in waiting
    assert "no notification has arrived yet" in waiting
    assert "held back 2025-11-24 16:00:00.250 UTC: its hour was full" in pages[0]
    assert "released 2025-11-24" in pages[1]
    assert "never handed to the relay" in pages[2]


def test_the_same_id_with_another_content_is_mentioned(stack: MemoryStack) -> None:
    page = printed(explained(stack, CONFLICT))

    assert "In quarantine: a record with this id, transaction-events partition 0 offset 6" in page
    assert "conflicting_id" in page


def test_of_an_unknown_id_it_is_said_that_nothing_is_known(stack: MemoryStack) -> None:
    found = explained(stack, uuid.UUID(int=77))

    assert not found.holds
    assert printed(found).splitlines() == [
        f"No payment {uuid.UUID(int=77)} is scored.",
        "Nothing else is known of it; it may still be under way, or was never sent.",
    ]


def test_of_an_id_that_was_never_scored_everything_else_is_said(stack: MemoryStack) -> None:
    stack.label(88, is_fraud=True)
    case = replace(
        cases_of(stack).case(uuid.UUID(int=88)),
        historical=KnownPayment(5, SENT),
        refused=(RefusedPayment(cases_of(stack).case(CONFLICT).refused[0].place, SENT, "not_json", "a\x1b[31mb"),),
    )

    page = printed(explain(case, cases_of(stack).artefact))

    assert "one of customer 5, from the history before the log" in page
    assert "not_json, a\ufffd[31mb" in page
    assert "Its outcome: fraud, by bank" in page
    assert "Nothing else is known" not in page


def test_without_its_model_the_payment_is_still_told_but_not_taken_apart(stack: MemoryStack) -> None:
    stack.slices.artefacts.clear()

    found = explained(stack, ALERTED)

    assert found.proof is not None
    assert "no model artefact" in found.proof.unproved
    assert {line.contribution for line in found.features} == {None}
    assert "could not be computed again" in printed(found)


def test_a_payment_scored_on_another_catalogue_has_features_without_names(stack: MemoryStack) -> None:
    payment = cases_of(stack).case(ALERTED).payment
    assert payment is not None
    other = to_bytes(replace(a_model(0.05, 0.3), catalogue_version=99))
    deployment = replace(payment.deployment, catalogue_version=99, digest=digest_of(other))
    case = with_payment(stack, ALERTED, deployment=deployment, features=np.zeros(3), earlier=np.zeros((2, 3)))

    found = explain(case, lambda _: other)

    assert found.features == ()
    assert found.proof is not None
    assert "feature catalogue 99" in found.proof.unproved
    assert "exactly the same" not in printed(found)


def test_the_document_has_everything(stack: MemoryStack) -> None:
    found = document(explained(stack, ALERTED))

    assert found["transaction_id"] == str(ALERTED)
    assert found["verdict"]["model_version"] == "1"
    assert len(found["verdict"]["digest"]) == 64
    assert found["verdict"]["latency_ms"] > 0
    assert found["payment"]["place"]["offset"] == 4
    assert len(found["features"]) == len(FEATURE_NAMES)
    assert found["alert"]["notified"][1]["message_id"] == "m-2"
    assert [label["is_fraud"] for label in found["labels"]] == [True]


def test_what_raised_the_score_most_comes_first_and_the_start_last(stack: MemoryStack) -> None:
    found = explained(stack, ALERTED)
    strongest = max(found.features, key=lambda line: line.contribution or 0.0)
    rows = [line for line in printed(found).splitlines() if line[:6].strip()[:1] in {"+", "-", "0"}]

    assert strongest.name in rows[0]
    assert len(rows) == len(FEATURE_NAMES) + 1
    assert "(where every payment starts)" in rows[-1]


@pytest.mark.parametrize(
    ("value", "text"), [(9_600.0, "9,600"), (0.001234567, "0.001235"), (12.0, "12"), (-3.14159, "-3.142")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_a_model_that_is_damaged_is_no_proof(stack: MemoryStack) -> None:
    def damaged(digest: str) -> bytes:
        raise ModelUnavailable(f"the model has another SHA-256 than {digest}")

    found = explain(cases_of(stack).case(ALERTED), damaged)

    assert found.proof is not None
    assert found.proof.recomputed is None
