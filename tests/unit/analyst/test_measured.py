"""Answers are counted by class of status, and timed; what was asked is not kept."""

from starlette.types import Receive, Scope, Send
from tests.unit.analyst.asgi import ask

from fraudstream.analyst.measured import Measured
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import HTTP_REQUESTS, HTTP_SECONDS


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": int(scope["path"].strip("/")), "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_each_answer_is_counted_once_under_its_class_and_timed() -> None:
    board = Board("analyst-api")
    measured = Measured(app, board)
    nothing = board.value(HTTP_REQUESTS, "5xx")
    statuses = [ask(measured, "GET", f"/{status}").status for status in (200, 204, 422, 503)]

    assert nothing == 0.0
    assert statuses == [200, 204, 422, 503]
    assert [board.value(HTTP_REQUESTS, name) for name in ("2xx", "3xx", "4xx", "5xx")] == [2.0, 0.0, 1.0, 1.0]
    assert board.value(HTTP_SECONDS) == 4.0
    assert "204" not in board.text().split("http_requests")[-1]
