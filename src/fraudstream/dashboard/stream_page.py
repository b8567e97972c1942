"""How the stream is: rates, what waits, how long a score takes, and whether everything is accounted for."""

from dataclasses import dataclass

from fastapi import APIRouter, Response

from fraudstream.adapters.database.stream_figures import PostgresStreamFigures
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.dashboard.doors import Viewer, Visitor
from fraudstream.dashboard.rendering import page
from fraudstream.errors import FraudstreamError

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Lag:
    """Records of the log that nobody has read yet, or why that can't be told."""

    waiting: int | None
    trouble: str = ""


@router.get("/stream")
def stream(visitor: Viewer) -> Response:
    """The page."""
    return _stream("stream.html", visitor)


@router.get("/stream/now")
def stream_now(visitor: Viewer) -> Response:
    """Its figures alone."""
    return _stream("stream_now.html", visitor)


def _stream(template: str, visitor: Visitor) -> Response:
    figures = PostgresStreamFigures(visitor.parts.reading).look(TRANSACTIONS)
    return page(template, visitor, figures=figures, lag=_lag(visitor, figures.next_offsets))


def _lag(visitor: Visitor, next_offsets: dict[int, int]) -> Lag:
    try:
        bounds = visitor.parts.log.describe(TRANSACTIONS).bounds
    except FraudstreamError as error:
        return Lag(None, str(error))
    return Lag(sum(max(0, end - next_offsets.get(partition, first)) for partition, (first, end) in bounds.items()))
