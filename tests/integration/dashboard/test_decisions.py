"""Decisions: two at once, about many, about what is closed already; and whatever people may type."""

import csv
import io
import uuid

import pytest
from tests.integration.dashboard.http_client import Client
from tests.integration.dashboard.page_world import PageWorld

from fraudstream.adapters.database.account_store import Standing

pytestmark = pytest.mark.integration

HOSTILE = (
    "<script>alert(1)</script>",
    "'; DROP TABLE alerts; --",
    "{{ 7 * 7 }}${7*7}%s%(x)s",
    '=HYPERLINK("http://evil.example","x")',
    "\u202egnp.exe \x00\x1b[31m\ufeff",
    "🙈" * 200 + "a" * 5_000,
    "../../etc/passwd\r\nSet-Cookie: a=b",
)


@pytest.fixture
def ana(world: PageWorld) -> Client:
    return world.client("ana", Standing.ANALYST)


def test_of_two_at_once_the_second_is_told_and_may_decide_again(world: PageWorld, ana: Client) -> None:
    bo, alert_id = world.client("bo", Standing.ANALYST), world.alert()
    seen = ana.seen(alert_id)
    first, second = ana.decide(seen, "snooze"), bo.decide(seen, "snooze")
    again = bo.decide(bo.seen(alert_id), "snooze")
    rows = world.stream.stack.run("SELECT author FROM alert_decisions WHERE alert_id = %s ORDER BY turn", str(alert_id))

    assert (first.status, second.status, again.status) == (200, 409, 200)
    assert "ana has snoozed it meanwhile" in second.text
    assert rows == [("ana",), ("bo",)]


def test_a_label_that_came_in_between_is_told_before_anything_is_said(world: PageWorld, ana: Client) -> None:
    alert_id = world.alert()
    seen = ana.seen(alert_id)
    world.stream.stack.run("UPDATE alerts SET status = 'dismissed' WHERE alert_id = %s", str(alert_id))
    late, snoozed = ana.decide(seen, "fraud"), ana.decide(ana.seen(alert_id), "snooze")

    assert (late.status, snoozed.status) == (409, 409)
    assert "it is dismissed by now" in late.text
    assert "sleeps no more" in snoozed.text
    assert world.stream.stack.run("SELECT FROM alert_decisions WHERE alert_id = %s", str(alert_id)) == []


def test_many_are_decided_at_once_and_each_is_on_record(world: PageWorld, ana: Client) -> None:
    alerts = [world.alert(merchant_id=8) for _ in range(3)]
    said = ana.decide([ana.seen(alert_id) for alert_id in alerts], "genuine", "all of one trip")
    about = world.stream.stack.run("SELECT about FROM audit_log WHERE detail = 'all of one trip' ORDER BY audit_id")

    assert (said.status, "3 alerts confirmed as genuine" in said.text) == (200, True)
    assert about == [(str(alert_id),) for alert_id in alerts]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_typed_is_stored_shown_and_exported_harmlessly(world: PageWorld, ana: Client, text: str) -> None:
    alert_id = world.alert()
    said = ana.decide(ana.seen(alert_id), "snooze", text)
    case = ana.get(f"/alerts/{alert_id}")
    for field in ("q", "state", "severity", "least", "order", "show"):
        for path in ("/", "/rows", "/alerts.csv"):
            answer = ana.get(path, None, **{field: text})
            assert answer.status == 200, (path, field)
            assert "<script>alert" not in answer.text
    reason = world.client("test-admin", Standing.ADMIN).get("/quarantine", reason=text)
    ((note,),) = world.stream.stack.run("SELECT note FROM alert_decisions WHERE alert_id = %s", str(alert_id))

    assert (said.status, case.status, reason.status) == (200, 200, 200)
    assert "<script>alert" not in case.text + reason.text
    assert "\x00" not in note
    assert len(note) <= 1_000
    assert ana.decide(text, text, text).status in {200, 409, 422}


def test_an_export_has_every_alert_asked_for_and_no_formula(world: PageWorld, ana: Client) -> None:
    alert_id = world.alert(user_id=5)
    rows = list(csv.DictReader(io.StringIO(ana.get("/alerts.csv", q="customer 5", state="all").text)))

    assert [row["alert_id"] for row in rows] == [str(alert_id)]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_alerts_are_found_by_payment_customer_and_merchant(world: PageWorld, ana: Client) -> None:
    alert_id = world.alert(user_id=6, merchant_id=66)
    ((payment,),) = world.stream.stack.run("SELECT transaction_id::text FROM alerts WHERE alert_id = %s", str(alert_id))
    for search in (str(alert_id), payment, payment.upper(), "customer 6", "merchant:66", "66"):
        assert f"a-{alert_id}" in ana.get("/rows", q=search).text, search
    for search in ("customer 67", "6666", str(uuid.uuid4()), "nothing of the kind"):
        assert "No alert is like that" in ana.get("/rows", q=search).text, search


def test_a_model_changes_only_with_a_reason_and_by_whoever_saw_what_is_at_work(world: PageWorld) -> None:
    admin = world.client("test-admin", Standing.ADMIN)
    world.stream.stack.deploy("9", weight=0.09, threshold=0.3)
    ((deployment,),) = world.stream.stack.run("SELECT deployment_id FROM deployments WHERE active")
    headers = {"HX-Request": "true"}
    short = admin.post("/models/rollback", headers, deployment=str(deployment), version="1", reason="no")
    late = admin.post("/models/rollback", headers, deployment="1", version="1", reason="good enough")
    done = admin.post("/models/rollback", headers, deployment=str(deployment), version="1", reason="good enough")

    assert (short.status, late.status, done.status) == (422, 422, 303)
    assert "another model is at work meanwhile" in late.text
    assert world.stream.stack.run("SELECT author FROM model_decisions ORDER BY decision_id DESC LIMIT 1") == [
        ("test-admin",)
    ]


def test_a_record_in_quarantine_is_sent_again(world: PageWorld) -> None:
    """The log of this world is in memory, so the broker has no such record: it is told and nothing is written."""
    world.stream.stack.send(b"not a payment")
    world.stream.stack.score()
    admin = world.client("test-admin", Standing.ADMIN)
    shown = admin.get("/quarantine").text
    place = shown.partition('name="place" value="')[2].partition('"')[0]
    said = admin.post("/quarantine/replay", {"HX-Request": "true"}, place=place, reason="try it again", changes="")

    assert "not a payment" in shown
    assert said.status == 422
    assert "it would come back" in said.text or "the log" in said.text
