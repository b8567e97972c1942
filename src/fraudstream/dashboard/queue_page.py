"""The queue of alerts: live, filtered by its address, decided about one by one or many at once, and exported."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from fraudstream.adapters.database.alert_queue import MOST, AlertRow
from fraudstream.dashboard.asking import SEVERITIES, STEPS, Filters, identifier
from fraudstream.dashboard.csv_export import alerts_csv
from fraudstream.dashboard.deciding import DONE, SNOOZES, Seen, Verdict, decide
from fraudstream.dashboard.doors import Analyst, Listener, Viewer, Visitor
from fraudstream.dashboard.live import MOST_CHANGED
from fraudstream.dashboard.rendering import page, told

STATES = {"open": "open", "snoozed": "snoozed", "confirmed": "confirmed", "dismissed": "dismissed", "all": "all"}
ORDERS = {"newest": "newest first", "risk": "most at risk first", "amount": "largest first", "score": "surest first"}

router = APIRouter(include_in_schema=False)


@router.get("/")
def queue(request: Request, visitor: Viewer) -> Response:
    """The queue as its address says."""
    return _queue("queue.html", request, visitor)


@router.get("/rows")
def rows(request: Request, visitor: Viewer) -> Response:
    """Its rows alone, for a page that is open."""
    return _queue("queue_rows.html", request, visitor)


@router.get("/rows/some")
def some_rows(request: Request, visitor: Listener) -> Response:
    """Of some alerts the rows that the address shows; one that is not among them is not shown any more."""
    asked = [identifier(text) for text in request.query_params.get("ids", "").split(",")[:MOST_CHANGED]]
    filters = Filters.read(request.query_params)
    found = _found(filters, visitor, among=[each for each in asked if each is not None])
    return page("queue_some.html", visitor, rows=found)


@router.get("/alerts.csv")
def export(request: Request, visitor: Viewer) -> Response:
    """The same alerts for a spreadsheet, as many as there may be."""
    filters = replace(Filters.read(request.query_params), show=MOST)
    found = _found(filters, visitor)
    visitor.note("exported alerts", about=f"{len(found)} rows", detail=filters.address())
    name = f"alerts-{dt.datetime.fromtimestamp(visitor.parts.clock.now(), dt.UTC):%Y%m%dT%H%M%SZ}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(alerts_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/decisions")
def decisions(visitor: Analyst) -> Response:
    """Decide about one alert or many; says of each what came in between."""
    form = visitor.form
    verdict = Verdict.read(form.one("outcome"), form.one("note"), visitor.name, form.one("hours"))
    done = decide(visitor.parts, [Seen.read(text) for text in form.all("seen")], verdict)
    for each in done:
        said = each.told or verdict.note
        visitor.note(f"decided: {verdict.outcome}" if each.well else "decision refused", str(each.alert_id), said)
    well = sum(each.well for each in done)
    if well == len(done):
        sentence = f"{well} {'alert' if well == 1 else 'alerts'} {DONE[verdict.outcome]}"
        return told(sentence, good=True, refresh=True)
    refused = "; ".join(f"{str(each.alert_id)[:8]}: {each.told}" for each in done if not each.well)
    before = f"{well} {DONE[verdict.outcome]}, {len(done) - well} not. " if well else ""
    return told(f"{before}{refused}", status=409, refresh=True)


def _queue(template: str, request: Request, visitor: Visitor) -> Response:
    filters = Filters.read(request.query_params)
    found = _found(filters, visitor)
    steps = [step for step in STEPS if step > filters.show]
    more = steps[0] if steps and len(found) >= filters.show else None
    shown: dict[str, Any] = {"rows": found, "filters": filters, "more": more, "states": STATES, "orders": ORDERS}
    return page(template, visitor, severities=SEVERITIES, snoozes=SNOOZES, **shown)


def _found(filters: Filters, visitor: Visitor, among: Sequence[uuid.UUID] | None = None) -> list[AlertRow]:
    wanted = filters.wanted
    return [] if wanted is None else list(visitor.parts.queue.find(replace(wanted, among=among)))
