"""The API of the page, for programs: JSON, a token of its own in every request, and an `openapi.json` that says all."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from fraudstream import __version__
from fraudstream.adapters.database.account_store import Standing
from fraudstream.adapters.database.alert_queue import AlertRow, Order, State, Wanted
from fraudstream.adapters.database.api_token_store import ApiToken
from fraudstream.adapters.database.stream_figures import PostgresStreamFigures
from fraudstream.analyst.guard import error_document
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.dashboard import api_documents as said
from fraudstream.dashboard.asking import LONGEST_SEARCH, Filters, clean
from fraudstream.dashboard.deciding import Seen, Verdict, decide
from fraudstream.dashboard.doors import address_of
from fraudstream.dashboard.parts import Parts
from fraudstream.errors import ConfigurationError, FraudstreamError, ImpossibleRequest, TemporarilyUnavailable

WHERE = "/api/v1"
MOST_ALERTS = 1_000
MOST_LINES = 300
_bearer = HTTPBearer(auto_error=False, description="a token that an admin has made, `fst_…`")


@dataclass(frozen=True)
class Machine:
    """A program that has shown a token, and the parts it works with."""

    token: ApiToken
    address: str
    parts: Parts

    @property
    def name(self) -> str:
        """What it is called in decisions and in the audit log: no account's name has a colon."""
        return f"token:{self.token.name}"


def machine(wanted: Standing) -> Callable[..., Machine]:
    """A dependency: whoever shows a token that is good for this."""

    def shown(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Machine:
        parts: Parts = request.app.state.parts
        token = parts.tokens.holder(given.credentials) if given is not None else None
        if token is None:
            raise HTTPException(
                401, "send `Authorization: Bearer TOKEN` with a token that is good", {"WWW-Authenticate": "Bearer"}
            )
        if not token.standing.covers(wanted):
            raise HTTPException(403, f"this takes the role {wanted.value}; this token's is {token.standing.value}")
        return Machine(token, address_of(request), parts)

    return shown


Viewer = Annotated[Machine, Depends(machine(Standing.VIEWER))]
Analyst = Annotated[Machine, Depends(machine(Standing.ANALYST))]
Admin = Annotated[Machine, Depends(machine(Standing.ADMIN))]


def _may_say(*statuses: int) -> dict[int | str, dict[str, Any]]:
    sentences = {
        400: "not JSON",
        401: "no token, or one that is revoked or expired",
        403: "a token of a role that may not do this",
        404: "there is no such alert",
        409: "something came in between, or the alert is closed already",
        422: "something that makes no sense",
        503: "the database or the broker does not answer",
    }
    return {status: {"model": said.Trouble, "description": sentences[status]} for status in (401, 403, *statuses, 503)}


def create_api(parts: Parts) -> FastAPI:
    """The API, to be mounted at `WHERE`."""
    api = FastAPI(
        title="fraudstream",
        version=__version__,
        description="Alerts, decisions, models and figures of the analyst's page, for programs.",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": WHERE}],
        root_path_in_servers=False,
    )
    api.state.parts = parts
    _add_looking(api)
    _add_deciding(api)
    _add_errors(api)
    return api


def _add_looking(api: FastAPI) -> None:
    @api.get("/me", responses=_may_say())
    def me(machine: Viewer) -> said.Holder:
        """Whose token this is, and how long it is good."""
        return said.Holder(name=machine.token.name, role=machine.token.standing, expires_at=machine.token.expires_at)

    @api.get("/models", responses=_may_say(422))
    def models(machine: Viewer, most: Annotated[int, Query(ge=1, le=MOST_LINES)] = 30) -> said.Models:
        """The models that were put to work, the newest first."""
        return said.Models(models=[said.ModelDocument.of(each) for each in machine.parts.deployments.past(most)])

    @api.get("/stream", responses=_may_say())
    def stream(machine: Viewer) -> said.StreamDocument:
        """Rates, what waits, and whether everything is accounted for."""
        figures = PostgresStreamFigures(machine.parts.reading).look(TRANSACTIONS)
        return said.StreamDocument(
            scored=figures.live.scored,
            quarantined=figures.live.quarantined,
            repeats=figures.live.repeats,
            rate_10s=figures.rate_10s,
            rate_60s=figures.rate_60s,
            unsent=figures.unsent,
            held=figures.held,
            unaccounted=figures.unaccounted,
        )

    @api.get("/audit", responses=_may_say(422))
    def audit(machine: Admin, most: Annotated[int, Query(ge=1, le=MOST_LINES)] = 100) -> said.AuditLines:
        """Who did what, the newest first."""
        lines = machine.parts.accounts.lines(most)
        return said.AuditLines(lines=[said.AuditDocument.model_validate(line) for line in lines])


def _add_deciding(api: FastAPI) -> None:
    @api.get("/alerts", responses=_may_say(422))
    def alerts(
        machine: Viewer,
        q: Annotated[str, Query(max_length=LONGEST_SEARCH, description="an id, `customer 7` or `merchant 9`")] = "",
        state: State = "open",
        severity: Literal["", "high", "medium", "low"] = "",
        least: Annotated[float, Query(ge=0, le=1e12, description="least amount")] = 0.0,
        order: Order = "newest",
        most: Annotated[int, Query(ge=1, le=MOST_ALERTS)] = 100,
    ) -> said.Alerts:
        """The queue of alerts, as the page's filters show it."""
        filters = Filters(clean(q).strip(), state, severity, f"{least:g}", order, most)
        wanted = filters.wanted
        found = [] if wanted is None else machine.parts.queue.find(wanted)
        return said.Alerts(alerts=[said.AlertDocument.of(row) for row in found])

    @api.get("/alerts/{alert_id}", responses=_may_say(404, 422))
    def alert(alert_id: uuid.UUID, machine: Viewer) -> said.AlertCase:
        """One alert, by its own id or its payment's, with its decisions."""
        return _case(alert_id, machine.parts)

    @api.post("/alerts/{alert_id}/decisions", responses=_may_say(400, 404, 409, 422))
    def decision(alert_id: uuid.UUID, wanted: said.DecisionWanted, machine: Analyst) -> said.AlertCase:
        """Decide about one alert, as it was seen."""
        seen = _alert(alert_id, machine.parts).alert_id
        verdict = Verdict(wanted.outcome, clean(wanted.note).strip(), machine.name, wanted.hours)
        (done,) = decide(machine.parts, [Seen(seen, wanted.turn, wanted.status)], verdict)
        action = f"decided: {verdict.outcome}" if done.well else "decision refused"
        machine.parts.accounts.note(machine.name, machine.address, action, str(seen), done.told or verdict.note)
        if not done.well:
            raise HTTPException(409, done.told)
        return _case(seen, machine.parts)


def _alert(named: uuid.UUID, parts: Parts) -> AlertRow:
    found = parts.queue.find(Wanted(state="all", named=named))
    if not found:
        raise HTTPException(404, "there is no such alert")
    return found[0]


def _case(named: uuid.UUID, parts: Parts) -> said.AlertCase:
    row = _alert(named, parts)
    return said.AlertCase.of(row, parts.book.decisions(row.alert_id))


def _add_errors(api: FastAPI) -> None:
    @api.exception_handler(HTTPException)
    def refused(_: Request, error: HTTPException) -> Response:
        return _trouble(error.status_code, str(error.detail), error.headers)

    @api.exception_handler(RequestValidationError)
    def malformed(_: Request, error: RequestValidationError) -> Response:
        sentences = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        unreadable = any(problem["type"] == "json_invalid" for problem in error.errors())
        return _trouble(400 if unreadable else 422, "; ".join(sentences))

    @api.exception_handler(FraudstreamError)
    def failed(_: Request, error: FraudstreamError) -> Response:
        statuses = {ImpossibleRequest: 422, TemporarilyUnavailable: 503, ConfigurationError: 500}
        return _trouble(next((status for kind, status in statuses.items() if isinstance(error, kind)), 500), str(error))

    @api.exception_handler(Exception)
    def unexpected(_: Request, __: Exception) -> Response:
        return _trouble(500, "something went wrong here; the log says what")


def _trouble(status: int, sentence: str, headers: Any = None) -> Response:  # noqa: ANN401 - Starlette's own
    return Response(error_document(sentence), status, headers, "application/json")
