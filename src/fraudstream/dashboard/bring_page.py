"""Bringing one's own payments: a CSV file, looked at first, then sent as the producer sends."""

import hashlib
import io
import os
from typing import Any

from fastapi import APIRouter, Request, Response

from fraudstream.clock import Clock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.dashboard.asking import clean
from fraudstream.dashboard.doors import Admin, Content, Viewer, Visitor
from fraudstream.dashboard.rendering import page, told
from fraudstream.errors import ConfigurationError, ImpossibleRequest
from fraudstream.producer.journal import Journal
from fraudstream.producer.main import FLUSH_TIMEOUT
from fraudstream.producer.pace import Pace
from fraudstream.producer.requests import Requests
from fraudstream.producer.sending import Sender
from fraudstream.producer.tables import TableReplay, preview, reader_of
from fraudstream.tabular.mapping import FIELDS, TableMap
from fraudstream.tabular.payments import PaymentReader
from fraudstream.tabular.reading import Problem

LARGEST_FILE = 8 * 1024 * 1024
"""Bytes of a file; larger ones go by `fraudstream produce --file`."""
UPLOADS = ("/data/preview", "/data/send")
LONGEST_MAP = 2_000
TOLD = 200
"""Rows that are no payments which are named."""

router = APIRouter(include_in_schema=False)


@router.get("/data")
def data(visitor: Viewer) -> Response:
    """The form."""
    fields = [(name, field.required) for name, field in FIELDS.items()]
    return page("data.html", visitor, fields=fields, largest=LARGEST_FILE // 1024**2)


@router.post("/data/preview")
def look(request: Request, visitor: Admin, content: Content) -> Response:
    """What a file holds; nothing is sent."""
    reader = _reader(request, content, visitor.parts.clock)
    seen = preview(reader, told=TOLD)
    shown: dict[str, Any] = {"name": _name(request), "columns": reader.columns, "seen": seen}
    return page("data_preview.html", visitor, digest=_digest(content), **shown)


@router.post("/data/send")
def send(request: Request, visitor: Admin, content: Content) -> Response:
    """Send the payments of a file that was looked at."""
    if request.query_params.get("digest") != _digest(content):
        raise ImpossibleRequest("that is not the file that was looked at; choose it again")
    reader, name = _reader(request, content, visitor.parts.clock), _name(request)
    visitor.note("sends payments", name, _digest(content))
    sentence, good = _sent(reader, visitor)
    visitor.note("sent payments", name, sentence)
    return told(f"{name}: {sentence}", good=good, status=200 if good else 503)


def _sent(reader: PaymentReader, visitor: Visitor) -> tuple[str, bool]:
    parts, refused = visitor.parts, list[Problem]()
    logs = {TRANSACTIONS: parts.topic_id()}
    with Journal(parts.journals, started_at=parts.clock.now(), pid=os.getpid(), logs=logs) as journal:
        sender = Sender(parts.producer, journal, parts.clock)
        TableReplay(reader, refused.append, sender, Pace(parts.clock, rate=None), Requests(), parts.clock).run()
        summary = sender.finish(FLUSH_TIMEOUT)
    sentence = f"{summary.acknowledged} of {summary.sent} payments are in the log, {len(refused)} rows were not sent"
    if summary.exit_status:
        sentence += f"; the broker: {sender.last_error or 'no answer'}. Send the file again: repeats are dropped"
    return sentence, summary.exit_status == 0


def _reader(request: Request, content: bytes, clock: Clock) -> PaymentReader:
    try:
        how = TableMap.read(clean(request.query_params.get("map", ""))[:LONGEST_MAP])
        return reader_of(how.table(io.BytesIO(content), _name(request)), how, clock)
    except ConfigurationError as error:
        raise ImpossibleRequest(str(error)) from error


def _name(request: Request) -> str:
    return clean(request.query_params.get("name", ""))[:80] or "the file"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
