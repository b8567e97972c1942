"""Nothing reaches the application that came in by a stranger's name, without the token, or too large."""

import asyncio
import json
from dataclasses import replace

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.unit.analyst.asgi import NAMED, TOKEN, TRUSTED, ask

from fraudstream.analyst.guard import LARGEST_BODY, OWN_NAMES, Guard, host_name


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it received, once, and what it would receive after that."""
    message = await receive()
    content = json.dumps({"path": scope["path"], "body": message["body"].decode()}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": content})


GUARD = Guard(echo, TOKEN, OWN_NAMES | {"analyst-api"})


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8090", "localhost", "LocalHost:1", "[::1]:8090", "analyst-api:8090", "127.0.0.1"]
)
def test_a_request_by_one_of_our_names_passes(host: str) -> None:
    assert ask(GUARD, "GET", "/", headers=((b"host", host.encode()), TRUSTED)).status == 200


@pytest.mark.parametrize(
    "hosts",
    [[b"evil.example:8090"], [b"127.0.0.1.evil.example"], [b""], [], [b"localhost", b"evil.example"], [b"[evil]"]],
)
def test_a_page_that_let_its_name_point_here_is_refused(hosts: list[bytes]) -> None:
    answer = ask(GUARD, "GET", "/health", headers=(*((b"host", host) for host in hosts), TRUSTED))

    assert answer.status == 421
    assert "ANALYST_NAMES" in answer.document["error"]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer \xff\xfe"],
)
def test_without_the_token_nothing_is_said(authorization: str | None) -> None:
    headers = [NAMED] if authorization is None else [NAMED, (b"authorization", authorization.encode("latin-1"))]

    answer = ask(GUARD, "POST", "/labels", {"a": 1}, headers=headers)

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/json"
    assert TOKEN not in answer.body.decode()


def test_the_scheme_is_read_without_regard_to_case() -> None:
    assert ask(GUARD, "GET", "/", headers=(NAMED, (b"authorization", f"bearer {TOKEN}".encode()))).status == 200


def test_health_is_asked_without_a_token() -> None:
    assert ask(GUARD, "GET", "/health", headers=(NAMED,)).status == 200
    assert ask(GUARD, "GET", "/healthy", headers=(NAMED,)).status == 401


def test_a_body_reaches_the_application_whole_and_the_largest_one_too() -> None:
    answer = ask(GUARD, "POST", "/x", chunks=[b"a" * (LARGEST_BODY - 2), b"b", b"c"])

    assert answer.document["body"] == "a" * (LARGEST_BODY - 2) + "bc"


def test_some_paths_may_have_more_than_others() -> None:
    guard = replace(GUARD, larger_bodies={"/labels": LARGEST_BODY + 1})

    assert ask(guard, "POST", "/labels", chunks=[b"x" * (LARGEST_BODY + 1)]).status == 200
    assert ask(guard, "POST", "/labels", chunks=[b"x" * (LARGEST_BODY + 2)]).status == 413
    assert ask(guard, "POST", "/other", chunks=[b"x" * (LARGEST_BODY + 1)]).status == 413


def test_a_larger_body_is_refused_whether_it_says_so_or_not() -> None:
    said = ask(GUARD, "POST", "/x", headers=(NAMED, TRUSTED, (b"content-length", str(LARGEST_BODY + 1).encode())))
    unsaid = ask(GUARD, "POST", "/x", chunks=[b"a" * LARGEST_BODY, b"b"])

    assert (said.status, unsaid.status) == (413, 413)
    assert said.document == {"error": f"the body is over {LARGEST_BODY} bytes"}
    assert unsaid.headers["connection"] == "close"


def test_a_length_that_is_none_is_refused() -> None:
    assert ask(GUARD, "POST", "/x", headers=(NAMED, TRUSTED, (b"content-length", b"-5"))).status == 400


def test_a_body_that_does_not_come_is_given_up() -> None:
    answer = ask(Guard(echo, TOKEN, body_within=0.01), "POST", "/x", chunks=[])

    assert answer.status == 408


def test_no_answer_is_kept_or_taken_for_something_else() -> None:
    for answer in (ask(GUARD, "GET", "/"), ask(GUARD, "GET", "/", headers=(NAMED,))):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_other_protocols_are_closed() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing is to be read")

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(GUARD({"type": "websocket", "headers": [NAMED, TRUSTED]}, receive, send))

    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    ("host", "name"), [("a:1", "a"), ("A", "a"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("", ""), ("a:1:2", "a")]
)
def test_the_name_of_a_host_is_without_its_port(host: str, name: str) -> None:
    assert host_name(host) == name
