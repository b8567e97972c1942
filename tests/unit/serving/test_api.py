"""What the scoring API and the inference container answer, on the memory store."""

import json
import uuid

import pytest
from fastapi import FastAPI
from tests.unit.analyst.asgi import NAMED, TOKEN, TRUSTED, Answer, ask
from tests.unit.verify.memory_stack import MAX_FUTURE, MemoryStack, a_payment

from fraudstream.adapters.memory_standing import MemoryStandings
from fraudstream.analyst.guard import Guard
from fraudstream.contracts.score_answer import ScoreAnswer
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.standing import Standing
from fraudstream.serving.api import MOST_LINES, create_app
from fraudstream.serving.what_if import WhatIf


class Away(MemoryStandings):
    """A store that does not answer."""

    def standing(self, transaction_id: uuid.UUID, user_id: int, merchant_id: int | None) -> Standing:
        raise TemporarilyUnavailable(f"{transaction_id} {user_id} {merchant_id}: the database is away")


@pytest.fixture
def stack() -> MemoryStack:
    made = MemoryStack()
    made.send(a_payment(1, user_id=3))
    made.score()
    return made


@pytest.fixture
def app(stack: MemoryStack) -> FastAPI:
    return create_app(WhatIf(MemoryStandings(stack.slices), stack.clock, MAX_FUTURE))


def posted(app: FastAPI, path: str, body: bytes, kind: bytes = b"application/json") -> Answer:
    return ask(app, "POST", path, headers=(NAMED, TRUSTED, (b"content-type", kind)), chunks=[body])


@pytest.mark.parametrize("path", ["/score", "/invocations"])
def test_a_payment_gets_its_score(app: FastAPI, stack: MemoryStack, path: str) -> None:
    answer = posted(app, path, encode_transaction(a_payment(2, user_id=3)))
    stack.send(a_payment(2, user_id=3))
    stack.score()

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.document.keys() == set(ScoreAnswer.__struct_fields__)
    assert answer.document["probability"] == float(stack.slices.slices[-1].result.scored.score[0])
    assert answer.document["verdict"] in {"alert", "pass"}


def test_what_quarantine_would_take_is_refused_with_its_reason(app: FastAPI) -> None:
    answer = posted(app, "/score", b'{"amount": "4111111111111111"}')

    assert (answer.status, answer.document["reason"]) == (422, "invalid_field")
    assert answer.document["error"].startswith("invalid_field: ")


def test_card_numbers_are_not_repeated(app: FastAPI) -> None:
    payment = json.loads(encode_transaction(a_payment(2))) | {"merchant_category": "4111111111111111"}

    answer = posted(app, "/score", json.dumps(payment).encode())

    assert answer.status == 422
    assert b"4111111111111111" not in answer.body


def test_a_payment_of_the_log_is_not_scored_twice(app: FastAPI) -> None:
    answer = posted(app, "/score", encode_transaction(a_payment(1, user_id=3)))

    assert answer.status == 409
    assert "already" in answer.document["error"]


def test_each_line_has_its_answer(app: FastAPI) -> None:
    lines = [encode_transaction(a_payment(2)), b"{}", encode_transaction(a_payment(1, user_id=3))]

    answer = posted(app, "/invocations", b"\n".join(lines), b"application/jsonlines; charset=utf-8")

    assert (answer.status, answer.headers["content-type"]) == (200, "application/jsonlines")
    scored, malformed, known = (json.loads(line) for line in answer.body.splitlines())
    assert scored["transaction_id"] == str(uuid.UUID(int=2))
    assert malformed["reason"] == "invalid_field"
    assert list(known) == ["error"]


def test_too_many_lines_and_other_kinds_are_refused(app: FastAPI) -> None:
    assert posted(app, "/invocations", b"\n" * (MOST_LINES + 1), b"application/jsonlines").status == 413
    answer = posted(app, "/invocations", b"1,2,3", b"text/csv")

    assert answer.status == 415
    assert "text/csv" in answer.document["error"]


def test_it_is_fit_while_a_score_could_be_given(app: FastAPI, stack: MemoryStack) -> None:
    assert ask(app, "GET", "/ping").status == 200
    stack.slices.active = None

    answer = ask(app, "GET", "/ping")

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert ask(app, "GET", "/health").document == {"status": "ok"}


def test_a_store_that_is_away_is_a_reason_to_come_again(stack: MemoryStack) -> None:
    app = create_app(WhatIf(Away(stack.slices), stack.clock, MAX_FUTURE))

    answer = posted(app, "/score", encode_transaction(a_payment(2)))

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "away" in answer.document["error"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/score", 405), ("GET", "/docs", 404)])
def test_what_is_not_there_is_said_in_json(app: FastAPI, method: str, path: str, status: int) -> None:
    answer = ask(app, method, path)

    assert answer.status == status
    assert "error" in answer.document


def test_the_guard_names_the_setting_of_this_service(app: FastAPI) -> None:
    guard = Guard(app, TOKEN, names_variable="SCORING_API_NAMES")

    assert ask(guard, "POST", "/score", {}, headers=(NAMED,)).status == 401
    stranger = ask(guard, "POST", "/score", {}, headers=((b"host", b"evil.example"), TRUSTED))
    assert stranger.status == 421
    assert "SCORING_API_NAMES" in stranger.document["error"]


def test_the_inference_container_asks_for_neither_token_nor_name(app: FastAPI) -> None:
    open_to_all = Guard(app, token=None, names=None)

    answer = ask(open_to_all, "GET", "/ping", headers=((b"host", b"169.254.255.130:8080"),))

    assert answer.status == 200
