"""Programs come in by tokens of their own, may do what their role may, and find the API as its description says."""

import json
import re
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from tests.integration.dashboard.http_client import PATIENCE, Client
from tests.integration.dashboard.page_world import PageWorld
from typer.testing import CliRunner

from fraudstream.adapters.database.account_store import Standing
from fraudstream.cli import app

pytestmark = pytest.mark.integration

EXAMPLES = settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def ask(world: PageWorld, token: str | None, path: str, body: object = None) -> tuple[int, Any]:
    """One question of a program: the status and the document."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = None if body is None else json.dumps(body).encode()
    request = Request(f"{world.address}/api/v1{path}", content, headers)  # noqa: S310 - a page of ours
    try:
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - same
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def made(world: PageWorld, name: str, standing: Standing) -> tuple[Client, str]:
    """An admin of the page, and a token that they have made."""
    admin = world.client("test-admin", Standing.ADMIN)
    answer = admin.post("/tokens", name=name, role=standing.value, days="7")
    return admin, re.findall(r'id="secret">([^<]+)<', answer.text)[0]


def test_a_token_is_shown_once_stored_as_its_digest_and_ends_when_it_is_revoked_or_over(world: PageWorld) -> None:
    admin, token = made(world, "short-lived", Standing.VIEWER)
    twice = admin.post("/tokens", name="short-lived", role="viewer", days="7")
    status, holder = ask(world, token, "/me")
    world.stream.stack.run("UPDATE api_tokens SET expires_at = clock_timestamp() WHERE name = 'short-lived'")
    over = ask(world, token, "/me")[0]
    world.stream.stack.run(
        "UPDATE api_tokens SET expires_at = clock_timestamp() + interval '1 day' WHERE name = 'short-lived'"
    )
    admin.post("/tokens/revoke", name="short-lived")
    stored = world.stream.stack.run("SELECT token_hash, used_at IS NOT NULL FROM api_tokens WHERE name = 'short-lived'")
    audited = world.stream.stack.run("SELECT action FROM audit_log WHERE about = 'short-lived' ORDER BY audit_id")

    assert token not in admin.get("/tokens").text
    assert (status, holder["role"], twice.status, over, ask(world, token, "/me")[0]) == (200, "viewer", 422, 401, 401)
    assert [(len(digest), used) for digest, used in stored] == [(64, True)]
    assert token not in str(stored)
    assert audited == [("made an API token",), ("revoked an API token",)]


def test_a_token_may_do_what_its_role_may(world: PageWorld) -> None:
    alert_id = world.alert()
    tokens = {standing: made(world, f"may-{standing.value}", standing)[1] for standing in Standing}
    seen = ask(world, tokens[Standing.VIEWER], f"/alerts/{alert_id}")[1]["alert"]
    word = {"outcome": "snooze", "turn": seen["turn"], "status": seen["status"], "note": "later"}
    refused, decided, again = (
        ask(world, tokens[standing], f"/alerts/{alert_id}/decisions", word)
        for standing in (Standing.VIEWER, Standing.ANALYST, Standing.ADMIN)
    )
    audits = {standing: ask(world, tokens[standing], "/audit")[0] for standing in Standing}

    assert (refused[0], decided[0], again[0]) == (403, 200, 409)
    assert decided[1]["decisions"][0]["author"] == "token:may-analyst"
    assert "token:may-analyst has snoozed it meanwhile" in again[1]["error"]
    assert audits == {Standing.VIEWER: 403, Standing.ANALYST: 403, Standing.ADMIN: 200}
    assert ask(world, None, "/alerts")[0] == ask(world, "fst_guess", "/alerts")[0] == 401


def test_the_command_makes_lists_and_revokes(world: PageWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", world.url)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["api-token", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output.strip()

    token = run("make", "by-command", "--role", "analyst", "--days", "2")
    assert ask(world, token, "/me")[1]["role"] == "analyst"
    assert "by-command  analyst, until" in run("list")
    run("revoke", "by-command")
    assert ask(world, token, "/me")[0] == 401
    assert "by-command  analyst, revoked" in run("list")


def test_the_description_of_the_api_is_true(world: PageWorld) -> None:
    """Requests that fit the description and requests that do not, the same ones each time, to every operation."""
    _, token = made(world, "described", Standing.ADMIN)
    schema = schemathesis.openapi.from_url(f"{world.address}/api/v1/openapi.json", timeout=PATIENCE)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    for operation in operations:
        takes = operation.query.items or operation.body.items or operation.path_parameters.items
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) if takes else (GenerationMode.POSITIVE,):

            @EXAMPLES
            @given(case=operation.as_strategy(generation_mode=mode))
            def asked(case: Any) -> None:  # noqa: ANN401 - generic in what it was made of
                case.call_and_validate(
                    base_url=f"{world.address}/api/v1",
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=PATIENCE,
                )

            asked()

    assert len(operations) == 7
