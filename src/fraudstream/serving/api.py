"""Scores over HTTP, for programs that ask before a payment is made, and for SageMaker's inference contract.

`POST /score` and `POST /invocations` answer the same; the second also takes many payments as JSON lines.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from fraudstream.analyst.guard import error_document
from fraudstream.contracts.quarantine import masked
from fraudstream.errors import FraudstreamError, MalformedEvent, ModelUnavailable, TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.serving.what_if import AlreadyScored, WhatIf

JSON, JSON_LINES = "application/json", "application/jsonlines"
MOST_LINES = 10_000
"""Payments of one request."""
LONGEST_DETAIL = 200
"""Characters of a reason's detail; the parser quotes values."""
STATUS: dict[type[FraudstreamError], int] = {
    MalformedEvent: 422,
    AlreadyScored: 409,
    TemporarilyUnavailable: 503,
    ModelUnavailable: 503,
}


def create_app(what_if: WhatIf, heartbeat: Heartbeat | None = None) -> FastAPI:
    """The application; whoever serves it puts the guard before it."""
    heart = heartbeat or Heartbeat()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        beating = asyncio.create_task(_beat(heart))
        yield
        beating.cancel()

    app = FastAPI(title="fraudstream scores", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    _add_errors(app)

    @app.get("/health")
    async def health() -> Response:
        """Say that the service answers."""
        return Response(msgspec.json.encode({"status": "ok"}), media_type=JSON)

    @app.get("/ping")
    def ping() -> Response:
        """Say that a score could be given now: the database answers and a usable model is at work."""
        what_if.get_ready()
        return Response(msgspec.json.encode({"status": "ok"}), media_type=JSON)

    @app.post("/score")
    async def score(request: Request) -> Response:
        """Score one payment as if it came next."""
        return await _scored(what_if, await request.body())

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        """Score one payment, or one in each line."""
        kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if kind == JSON_LINES:
            return await _scored_lines(what_if, await request.body())
        if kind != JSON:
            raise HTTPException(415, f"{kind} is not read here: send {JSON}, or {JSON_LINES} with a payment in a line")
        return await _scored(what_if, await request.body())

    return app


async def _scored(what_if: WhatIf, body: bytes) -> Response:
    answer = await run_in_threadpool(what_if.ask, body)
    return Response(msgspec.json.encode(answer), media_type=JSON)


async def _scored_lines(what_if: WhatIf, body: bytes) -> Response:
    """An answer or a refusal for each line, in their order; each payment counts as the next one by itself."""
    lines = body.splitlines()
    if len(lines) > MOST_LINES:
        raise HTTPException(413, f"{len(lines)} payments are too many: send {MOST_LINES} at the most")
    answers = await run_in_threadpool(lambda: b"\n".join(_each(what_if, lines)))
    return Response(answers, media_type=JSON_LINES)


def _each(what_if: WhatIf, lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        try:
            yield msgspec.json.encode(what_if.ask(line))
        except (MalformedEvent, AlreadyScored) as error:
            yield refusal(error)


def refusal(error: FraudstreamError) -> bytes:
    """What is said of a payment that gets no score, as JSON: a sentence, and the reason that quarantine would name."""
    if not isinstance(error, MalformedEvent):
        return error_document(str(error))
    detail = masked(error.detail.encode("utf-8", "backslashreplace")).decode("utf-8", "replace")[:LONGEST_DETAIL]
    return msgspec.json.encode({"error": f"{error.reason}: {detail}", "reason": error.reason})


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> Response:
        return Response(error_document(str(error.detail)), error.status_code, error.headers, JSON)

    @app.exception_handler(FraudstreamError)
    def failed(_: Request, error: FraudstreamError) -> Response:
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
        return Response(
            refusal(error), status, {"Retry-After": "1"} if status == STATUS[ModelUnavailable] else None, JSON
        )

    @app.exception_handler(Exception)
    def unexpected(_: Request, __: Exception) -> Response:
        return Response(error_document("something went wrong here; the log says what"), 500, media_type=JSON)


async def _beat(heartbeat: Heartbeat) -> None:
    while True:
        heartbeat.beat()
        await asyncio.sleep(1.0)
