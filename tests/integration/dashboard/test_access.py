"""Who may come in and what they may do; what a browser would never send is refused in words."""

import re
import uuid

import pytest
from tests.integration.dashboard.http_client import Client
from tests.integration.dashboard.page_world import PASSWORD, PageWorld

from fraudstream.adapters.database.account_store import Standing
from fraudstream.dashboard.access import GUESSES, TOO_MANY

pytestmark = pytest.mark.integration

PAGES = (
    "/",
    "/rows",
    "/alerts.csv",
    "/models",
    "/quality",
    "/quarantine",
    "/stream",
    "/data",
    "/audit",
    "/accounts",
    "/tokens",
    "/events",
)


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_the_door(world: PageWorld, path: str) -> None:
    answer = Client(world.address).get(path)

    assert answer.status in {303, 401}
    assert "customer" not in answer.text


def test_every_answer_carries_the_safe_headers(world: PageWorld) -> None:
    for path in ("/sign-in", "/static/live.js", "/no-such-page"):
        headers = Client(world.address).get(path).headers
        assert "script-src 'self'; style-src 'self'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
    assert "unsafe" not in headers["content-security-policy"]


def test_no_page_has_a_script_or_a_style_in_its_markup(world: PageWorld) -> None:
    admin = world.client("test-admin", Standing.ADMIN)
    alert_id = world.alert()
    for path in (*PAGES[:1], *PAGES[3:-1], f"/alerts/{alert_id}"):
        assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", admin.get(path).text) == []


def test_guessing_is_limited_and_on_record(world: PageWorld) -> None:
    world.account("guessed", Standing.VIEWER)
    guesser = Client(world.address)
    tried = [guesser.sign_in("guessed", f"guess {number}").status for number in range(GUESSES)]
    right = guesser.sign_in("guessed", PASSWORD)
    recorded = world.stream.stack.run("SELECT count(*) FROM audit_log WHERE account = 'guessed'")

    assert tried == [403] * GUESSES
    assert (right.status, TOO_MANY[1:] in right.text) == (429, True)
    assert recorded == [(GUESSES,)]


@pytest.mark.parametrize(
    ("standing", "allowed"),
    [
        (Standing.VIEWER, set()),
        (Standing.ANALYST, {"/decisions"}),
        (Standing.ADMIN, {"/decisions", "/models/rollback"}),
    ],
)
def test_a_role_may_do_its_part_and_no_more(world: PageWorld, standing: Standing, allowed: set[str]) -> None:
    client = world.client(f"test-{standing.value}", standing)
    refused = {
        path for path in ("/decisions", "/models/rollback") if client.post(path, seen="", outcome="fraud").status == 403
    }

    assert refused == {"/decisions", "/models/rollback"} - allowed
    assert client.get("/audit").status == (200 if standing == Standing.ADMIN else 403)


def test_a_form_of_another_site_or_session_is_refused(world: PageWorld) -> None:
    admin = world.client("test-admin", Standing.ADMIN)
    foreign = admin.post("/accounts", {"Origin": "https://evil.example"}, name="mallory", role="admin")
    admin.form_token = "of another session"
    guessed = admin.post("/accounts", name="mallory", role="admin")

    assert (foreign.status, guessed.status) == (403, 403)
    assert "another site" in foreign.text
    assert world.stream.stack.run("SELECT FROM accounts WHERE name = 'mallory'") == []


def test_a_stranger_s_name_for_this_machine_is_refused(world: PageWorld) -> None:
    assert Client(world.address).get("/sign-in", {"Host": "evil.example"}).status == 421


def test_a_session_ends_when_it_is_told_to_when_idle_and_with_its_account(world: PageWorld) -> None:
    viewer, idle, gone = (world.client("ends", Standing.VIEWER) for _ in range(3))
    viewer.post("/sign-out")
    signed_out = viewer.get("/").status
    run = world.stream.stack.run
    run("UPDATE dashboard_sessions SET seen_at = seen_at - interval '2 hours' WHERE ended_at IS NULL")
    stale = idle.get("/rows", {"HX-Request": "true"})
    run("UPDATE dashboard_sessions SET seen_at = clock_timestamp() WHERE ended_at IS NULL")
    admin = world.client("test-admin", Standing.ADMIN)
    admin.post("/accounts/standing", name="ends", role="viewer", disabled="1")

    assert signed_out == 303
    assert (stale.status, stale.headers["hx-redirect"]) == (401, "/sign-in?next=%2Frows")
    assert gone.get("/").status == 303
    assert Client(world.address).sign_in("ends", PASSWORD).status == 403


def test_what_is_asked_for_by_itself_keeps_no_session_alive(world: PageWorld) -> None:
    client = world.client("test-viewer", Standing.VIEWER)
    seen = "SELECT max(seen_at) FROM dashboard_sessions"
    before = world.stream.stack.run(seen)
    client.get("/rows", {"X-By-Itself": "1"})
    by_itself = world.stream.stack.run(seen)
    client.get("/rows")

    assert before == by_itself != world.stream.stack.run(seen)


def test_a_new_account_has_to_choose_a_password_first(world: PageWorld) -> None:
    admin = world.client("test-admin", Standing.ADMIN)
    made = admin.post("/accounts", name="new.one", role="analyst")
    secret = re.findall(r'id="secret">([^<]+)<', made.text)[0]
    newcomer = Client(world.address)
    arrived = newcomer.sign_in("new.one", secret)
    elsewhere = newcomer.get("/")
    newcomer.form_token = re.findall(r'name="form-token" content="([^"]+)"', newcomer.get("/password").text)[0]
    short = newcomer.post("/password", old=secret, new="short")
    changed = newcomer.post("/password", old=secret, new="long enough for this")

    assert (arrived.headers["location"], elsewhere.headers["location"]) == ("/password", "/password")
    assert (short.status, changed.status) == (422, 303)
    assert Client(world.address).sign_in("new.one", "long enough for this").headers["location"] == "/"


@pytest.mark.parametrize("wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x"])
def test_signing_in_leads_nowhere_else(world: PageWorld, wanted: str) -> None:
    client = Client(world.address)

    assert client.sign_in(world.account("test-viewer", Standing.VIEWER), PASSWORD, wanted).headers["location"] == "/"


def test_the_browsers_cookie_is_out_of_reach_of_scripts_and_bound_to_tls_elsewhere(world: PageWorld) -> None:
    (cookie,) = world.client("test-viewer", Standing.VIEWER).cookies

    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    assert world.stream.stack.run("SELECT FROM dashboard_sessions WHERE token_hash = %s", cookie.value or "") == []


def test_what_is_not_there_is_said_plainly(world: PageWorld) -> None:
    client = world.client("test-viewer", Standing.VIEWER)
    for path in (f"/alerts/{uuid.uuid4()}", "/alerts/none", "/models/0000/card", "/nothing"):
        answer = client.get(path)
        assert (answer.status, "there is no such page" in answer.text.lower()) == (404, True)
