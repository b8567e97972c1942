"""The analyst's questions and words over HTTP; everything answers in JSON."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Annotated

import msgspec
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, StrictBool
from starlette.exceptions import HTTPException

from fraudstream.analyst.explanation import explain
from fraudstream.analyst.guard import error_document
from fraudstream.analyst.labelling import Labelling, Said, Word
from fraudstream.errors import ConfigurationError, FraudstreamError, ImpossibleRequest, TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.ports.cases import CaseReader
from fraudstream.ports.delivery import AlertFeed
from fraudstream.ports.label_desk import LabelFate

APPLIED_WITHIN = 3.0
"""Seconds an answer waits for a label to be applied."""
JSON = "application/json"


class LabelRequest(BaseModel):
    """What somebody says of one scored payment."""

    model_config = ConfigDict(extra="forbid")

    transaction_id: uuid.UUID
    is_fraud: StrictBool


@dataclass(frozen=True)
class Desk:
    """Everything the service works with; `feed` opens the list of alerts for one request."""

    labelling: Labelling
    cases: CaseReader
    feed: Callable[[], AbstractContextManager[AlertFeed]]
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    applied_within: float = APPLIED_WITHIN


def create_app(desk: Desk) -> FastAPI:
    """The application; whoever serves it puts the guard before it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        beating = asyncio.create_task(_beat(desk.heartbeat))
        yield
        beating.cancel()

    app = FastAPI(title="fraudstream analyst", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    _add_errors(app)

    @app.get("/health")
    def health() -> Response:
        """Say that the service answers."""
        return _document({"status": "ok"})

    @app.post("/labels")
    def say(request: LabelRequest) -> Response:
        """Say what a payment turned out to be, and wait a little until it is applied."""
        if desk.labelling.desk.payment(request.transaction_id) is None:
            raise HTTPException(404, f"no payment {request.transaction_id} is known")
        said = desk.labelling.say(Word(named=request.transaction_id, is_fraud=request.is_fraud))
        fate = desk.labelling.follow(said, patience=desk.applied_within)
        return _label_answer(said, fate)

    @app.get("/alerts")
    def alerts(last: Annotated[int, Query(ge=1, le=500)] = 50) -> Response:
        """The latest alerts, the newest first, each with the newest outcome known of its payment."""
        with desk.feed() as feed:
            latest = list(reversed(feed.latest(last)))
        known = desk.labelling.desk.outcomes([alert.transaction_id for alert in latest])
        return _document(
            {"alerts": [{**asdict(alert), "is_fraud": known.get(alert.transaction_id)} for alert in latest]}
        )

    @app.get("/transactions/{transaction_id}/explanation")
    def explanation(transaction_id: uuid.UUID) -> Response:
        """Why a payment was scored as it was."""
        found = explain(desk.cases.case(transaction_id), desk.cases.artefact)
        if found.payment is None:
            known = msgspec.Raw(found.to_json().encode())
            return _document({"error": f"no payment {transaction_id} is scored", "known": known}, status=404)
        return Response(found.to_json(), media_type=JSON)

    return app


def _label_answer(said: Said, fate: LabelFate | None) -> Response:
    applied = fate is not None and fate.label_seq is not None
    refused = fate.refused if fate else None
    answer = {
        "transaction_id": said.label.transaction_id,
        "user_id": said.label.user_id,
        "is_fraud": said.label.is_fraud,
        "arrived_at": said.label.arrived_at,
        "before": said.before,
        "contradicts": said.contradicts,
        "applied": applied,
        "label_seq": fate.label_seq if fate else None,
    }
    if refused:
        return _document({**answer, "error": f"the label was refused: {refused}"}, status=422)
    return _document(answer, status=200 if applied else 202)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> Response:
        return Response(error_document(str(error.detail)), error.status_code, error.headers, JSON)

    @app.exception_handler(RequestValidationError)
    def malformed(_: Request, error: RequestValidationError) -> Response:
        sentences = [f"{_where(problem['loc'])}: {problem['msg']}" for problem in error.errors()]
        unreadable = any(problem["type"] == "json_invalid" for problem in error.errors())
        return Response(error_document("; ".join(sentences)), 400 if unreadable else 422, media_type=JSON)

    @app.exception_handler(FraudstreamError)
    def failed(_: Request, error: FraudstreamError) -> Response:
        statuses = {ImpossibleRequest: 422, TemporarilyUnavailable: 503, ConfigurationError: 500}
        status = next((status for kind, status in statuses.items() if isinstance(error, kind)), 500)
        return Response(error_document(str(error)), status, {"Retry-After": "1"} if status == 503 else None, JSON)  # noqa: PLR2004

    @app.exception_handler(Exception)
    def unexpected(_: Request, __: Exception) -> Response:
        return Response(error_document("something went wrong here; the log says what"), 500, media_type=JSON)


def _where(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _document(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type=JSON)


async def _beat(heartbeat: Heartbeat) -> None:
    while True:
        heartbeat.beat()
        await asyncio.sleep(1.0)
