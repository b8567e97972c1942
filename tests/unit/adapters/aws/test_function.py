"""Every answer AWS has to an invocation, and none: is it about the function, or about the way to it?"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fraudstream.adapters.aws.function import LambdaInvoker
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable

EVENT = b'{"records": {}}'
RAISED = b'{"errorType": "ValueError", "errorMessage": "as you wish"}'


@dataclass(frozen=True)
class Said:
    """What the endpoint answers; no status: it hangs up; the code goes into AWS's header."""

    status: int | None
    body: bytes = b""
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Endpoint(ThreadingHTTPServer):
    """Lambda's front door, saying what it is told to; it can also say nothing until `released`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.said: Said | None = Said(200, b"null")
        self.asked: list[tuple[str, bytes]] = []
        self.released = threading.Event()


class _Request(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, body))
        said = self.server.said
        if said is None:
            self.server.released.wait()
            return
        if said.status is None:
            return
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        if said.code is not None:
            self.send_header("x-amzn-ErrorType", said.code)
        self.send_header("Content-Length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def invoker(endpoint: Endpoint) -> Iterator[LambdaInvoker]:
    assert endpoint
    with closing(LambdaInvoker("fraud-alert", timeout=5.0)) as made:
        yield made


def test_the_event_goes_to_the_function_of_that_name(endpoint: Endpoint, invoker: LambdaInvoker) -> None:
    answer = invoker.invoke(EVENT)

    assert (answer.payload, answer.error) == (b"null", None)
    assert endpoint.asked == [("/2015-03-31/functions/fraud-alert/invocations", EVENT)]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said(200, RAISED, headers={"X-Amz-Function-Error": "Unhandled"}), "ValueError: as you wish"),
        (Said(200, b'"odd"', headers={"X-Amz-Function-Error": "Unhandled"}), "Unhandled"),
        (Said(200, RAISED), "ValueError: as you wish"),
        (Said(502, RAISED), "ValueError: as you wish"),
        (Said(200, b"Task timed out after 3.00 seconds"), "Runtime.Unknown: Task timed out after 3.00 seconds"),
        (Said(200, b""), "Runtime.Unknown: the function answered nothing"),
    ],
    ids=["header", "header-only", "document-only", "document-with-502", "text", "nothing"],
)
def test_a_function_that_failed_is_an_answer(
    endpoint: Endpoint, invoker: LambdaInvoker, said: Said, error: str
) -> None:
    endpoint.said = said

    answer = invoker.invoke(EVENT)

    assert answer.error == error
    assert json.loads(answer.payload)


@pytest.mark.parametrize(
    ("status", "code"), [(413, "RequestTooLargeException"), (400, "InvalidRequestContentException"), (413, None)]
)
def test_an_event_that_is_refused_is_an_answer(
    endpoint: Endpoint, invoker: LambdaInvoker, status: int, code: str | None
) -> None:
    """The trigger then cuts the batch, and parks the one record that does not fit."""
    endpoint.said = Said(status, b'{"message": "too large"}', code)

    answer = invoker.invoke(EVENT)

    assert answer.error is not None
    assert "too large" in answer.error


@pytest.mark.parametrize(
    "said",
    [
        Said(429, b'{"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}', "TooManyRequestsException"),
        Said(500, b"{}", "ServiceException"),
        Said(502, b'{"Type": "Server", "Message": "throttled"}', "EC2ThrottledException"),
        Said(409, b"{}", "ResourceConflictException"),
        Said(502, b"<html>bad gateway</html>"),
        Said(503, b""),
        Said(None),
    ],
    ids=["throttled", "service", "network", "conflict", "gateway", "maintenance", "hangs-up"],
)
def test_what_is_not_about_the_function_is_for_later_and_asked_once(
    endpoint: Endpoint, invoker: LambdaInvoker, said: Said
) -> None:
    endpoint.said = said

    with pytest.raises(TemporarilyUnavailable, match="function fraud-alert"):
        invoker.invoke(EVENT)
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "ResourceNotFoundException"),
        (403, "AccessDeniedException"),
        (400, "InvalidParameterValueException"),
        (404, None),
    ],
)
def test_a_function_that_is_missing_or_forbidden_is_a_configuration_error(
    endpoint: Endpoint, invoker: LambdaInvoker, status: int, code: str | None
) -> None:
    endpoint.said = Said(status, b"", code)

    with pytest.raises(ConfigurationError, match="function fraud-alert"):
        invoker.invoke(EVENT)


def test_an_answer_that_does_not_come_is_a_function_that_hangs_and_is_not_asked_for_again(endpoint: Endpoint) -> None:
    endpoint.said = None
    with closing(LambdaInvoker("fraud-alert", timeout=0.2, margin=0.1)) as invoker:
        answer = invoker.invoke(EVENT)

    assert answer.error == "Sandbox.Timedout: no answer within 0.30 seconds"
    assert len(endpoint.asked) == 1


def test_an_endpoint_out_of_reach_is_for_later(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")

    with pytest.raises(TemporarilyUnavailable, match="function fraud-alert did not answer"):
        LambdaInvoker("fraud-alert", timeout=5.0).invoke(EVENT)
