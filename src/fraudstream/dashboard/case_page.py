"""One alert: why it was raised, what surrounds it, what is known by now, and what to say of it."""

import uuid
from typing import Any

import msgspec
from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from fraudstream.adapters.database.alert_queue import AlertRow, Wanted
from fraudstream.analyst.explanation import Explanation, explain
from fraudstream.dashboard.deciding import SNOOZES
from fraudstream.dashboard.doors import Viewer, Visitor
from fraudstream.dashboard.rendering import page
from fraudstream.errors import FraudstreamError
from fraudstream.rework.masking import shown

OTHERS = 20
"""Other alerts of the customer, and of the merchant, that are shown."""
BARS = 12
"""Features that are drawn: those that did most."""

router = APIRouter(include_in_schema=False)


@router.get("/alerts/{alert_id}")
def case(alert_id: uuid.UUID, visitor: Viewer) -> Response:
    """Everything about one alert; the payment's own id does as well."""
    row = _alert(alert_id, visitor)
    explained = _explained(row, visitor)
    return page("case.html", visitor, **_now(row, visitor), explained=explained)


@router.get("/alerts/{alert_id}/record")
def record(alert_id: uuid.UUID, visitor: Viewer) -> Response:
    """The record as it came in; asked for apart, for it stands in the log and not in the database."""
    return page("record.html", visitor, raw=_raw(_explained(_alert(alert_id, visitor), visitor), visitor))


@router.get("/alerts/{alert_id}/now")
def case_now(alert_id: uuid.UUID, visitor: Viewer) -> Response:
    """What may have changed since the page was opened."""
    return page("case_now.html", visitor, **_now(_alert(alert_id, visitor), visitor))


@router.get("/alerts/{alert_id}/timeline.json")
def timeline(alert_id: uuid.UUID, visitor: Viewer) -> Response:
    """The customer's payments, for the chart."""
    row = _alert(alert_id, visitor)
    points = visitor.parts.context.timeline(row.user_id)
    usual = row.usual_amount
    return _json({"points": points, "this": str(row.transaction_id), "usual": usual, "threshold": row.threshold})


@router.get("/alerts/{alert_id}/contributions.json")
def contributions(alert_id: uuid.UUID, visitor: Viewer) -> Response:
    """What each feature did to the score, those that did most; the others together, so that the sum is the score's."""
    explained = _explained(_alert(alert_id, visitor), visitor)
    told = [line for line in explained.features if line.contribution is not None]
    told.sort(key=lambda line: -abs(line.contribution or 0.0))
    bars = [{"name": line.name, "sentence": line.sentence, "does": line.contribution} for line in told[:BARS]]
    rest = sum(line.contribution or 0.0 for line in told[BARS:])
    return _json({"bars": bars, "rest": rest, "baseline": explained.baseline})


def _alert(alert_id: uuid.UUID, visitor: Visitor) -> AlertRow:
    found = visitor.parts.queue.find(Wanted(state="all", named=alert_id))
    if not found:
        raise HTTPException(404)
    return found[0]


def _now(row: AlertRow, visitor: Visitor) -> dict[str, Any]:
    parts = visitor.parts
    queue, context = parts.queue, parts.context
    of_customer = queue.find(Wanted(state="all", customer=row.user_id, most=OTHERS + 1))
    of_merchant: list[AlertRow] = []
    if row.merchant_id is not None:
        of_merchant = list(queue.find(Wanted(state="all", merchant=row.merchant_id, most=OTHERS + 1)))
    return {
        "alert": row,
        "snoozes": SNOOZES,
        "decisions": parts.book.decisions(row.alert_id),
        "deliveries": parts.deliveries.of(row.alert_id),
        "labels": parts.labelling.desk.labels(row.transaction_id),
        "customer_risk": context.customer(row.user_id),
        "merchant_risk": None if row.merchant_id is None else context.merchant(row.merchant_id),
        "of_customer": [other for other in of_customer if other.alert_id != row.alert_id][:OTHERS],
        "of_merchant": [other for other in of_merchant if other.alert_id != row.alert_id][:OTHERS],
    }


def _explained(row: AlertRow, visitor: Visitor) -> Explanation:
    cases = visitor.parts.cases
    return explain(cases.case(row.transaction_id), cases.artefact)


def _raw(explained: Explanation, visitor: Visitor) -> str:
    """The record as it came in, masked; why not, where the log has lost it or does not answer."""
    if explained.payment is None:
        return "not scored"
    place = explained.payment.place
    if not place.topic:
        return "the log that it came in by is gone"
    log = visitor.parts.log
    try:
        described = log.describe(place.topic)
        first, end = described.bounds.get(place.partition, (0, 0))
        if described.topic_id != place.topic_id or not first <= place.offset < end:
            return "the log has deleted it; the archive has it"
        for record in log.read(place.topic, place.partition, place.offset, place.offset + 1):
            return shown(record.value or b"")
    except FraudstreamError as error:
        return f"the log did not answer: {error}"
    return "the log does not have it"


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
