"""The application: its pages, what it says where something is wrong, and what every answer carries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from fraudstream.analyst.guard import error_document
from fraudstream.dashboard import (
    audit_page,
    bring_page,
    case_page,
    live,
    models_page,
    quality_page,
    quarantine_page,
    queue_page,
    signing_in,
    stream_page,
    tokens_page,
)
from fraudstream.dashboard.access import SignInRefused
from fraudstream.dashboard.doors import NotSignedIn, Refused, sign_in_address
from fraudstream.dashboard.live import Pulse
from fraudstream.dashboard.machine_api import WHERE, create_api
from fraudstream.dashboard.parts import Parts
from fraudstream.dashboard.rendering import FOLDER, is_part, page, told
from fraudstream.errors import ConfigurationError, FraudstreamError, ImpossibleRequest, TemporarilyUnavailable

THREADS = 8
"""Requests that are worked on at a time."""
CONTENT = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = (
    (b"content-security-policy", CONTENT),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""What every answer carries; no script and no style but our own files."""
PAGES = (
    signing_in,
    queue_page,
    case_page,
    models_page,
    quality_page,
    quarantine_page,
    bring_page,
    stream_page,
    audit_page,
    tokens_page,
    live,
)


def create_app(parts: Parts) -> FastAPI:
    """The application; whoever serves it puts the guard before it."""
    pulse = Pulse(parts.queue)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        beating = asyncio.create_task(pulse.run())
        yield
        beating.cancel()
        await pulse.stop()

    app = FastAPI(title="fraudstream", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts, app.state.pulse = parts, pulse
    for module in PAGES:
        app.include_router(module.router)
    app.mount(WHERE, create_api(parts))
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    _add_errors(app)
    return app


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(NotSignedIn)
    def not_signed_in(request: Request, error: NotSignedIn) -> Response:
        place = error.wanted if error.wanted == "/password" else sign_in_address(error.wanted)
        if is_part(request) or request.url.path == "/events":
            return Response(status_code=401, headers={"HX-Redirect": place})
        return RedirectResponse(place, 303)

    @app.exception_handler(Refused)
    def refused(request: Request, error: Refused) -> Response:
        return _say(request, 403, str(error))

    @app.exception_handler(HTTPException)
    def missing(request: Request, error: HTTPException) -> Response:
        return _say(request, error.status_code, "there is no such page" if error.status_code == 404 else error.detail)  # noqa: PLR2004

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, _: RequestValidationError) -> Response:
        return _say(request, 404, "there is no such page")

    @app.exception_handler(FraudstreamError)
    def failed(request: Request, error: FraudstreamError) -> Response:
        statuses = {ImpossibleRequest: 422, TemporarilyUnavailable: 503, ConfigurationError: 500}
        status = next((status for kind, status in statuses.items() if isinstance(error, kind)), 422)
        if isinstance(error, SignInRefused):
            status = error.status
        if status >= 500:  # noqa: PLR2004 - a server's errors
            structlog.get_logger().warning("a request failed", path=request.url.path, error=str(error))
            away = "the database or the broker does not answer; nothing is lost, and this page tries again by itself"
            return _say(request, status, away if status == 503 else "the page is not set up for this; see its log")  # noqa: PLR2004
        return _say(request, status, str(error))

    @app.exception_handler(Exception)
    def unexpected(request: Request, _: Exception) -> Response:
        return _say(request, 500, "something went wrong here; the log says what")


def _say(request: Request, status: int, sentence: str) -> Response:
    if request.url.path.startswith(f"{WHERE}/"):  # no address of the API, and whoever asks is no person
        return Response(error_document(sentence), status, media_type="application/json")
    if is_part(request):
        return told(sentence, status=status)
    again = status == 503 and request.method == "GET"  # noqa: PLR2004 - the status itself
    return page("trouble.html", None, status=status, sentence=sentence, again=again)
