"""Each process can do its work with its own role."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill

from fraudstream.adapters.database.alert_store import PostgresAlerts
from fraudstream.adapters.database.breaker_store import PostgresHeldAlerts
from fraudstream.adapters.database.live_reader import LiveReader
from fraudstream.adapters.database.outbox_backlog import PostgresOutboxBacklog
from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.scorer_runs import ScorerRuns, slice_application
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.clock import ManualClock
from fraudstream.contracts.alert import parse_alert
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.errors import ConfigurationError, Fenced
from fraudstream.features.stability import Histogram
from fraudstream.local.apps import RUNNING_SINCE
from fraudstream.ports.delivery import AlertBudget, Unsent
from fraudstream.ports.quality import FeatureDrift, Reference
from fraudstream.ports.records import TopicPartitions
from fraudstream.ports.slices import LogPart
from fraudstream.quality.measure import Measurement, Wanted

pytestmark = pytest.mark.integration

LOG = TopicPartitions(TRANSACTIONS, str(uuid.UUID(int=1 << 127 | 5)), {0: (0, 100), 1: (40, 90)})


@pytest.fixture
def resources() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


def test_a_payments_whole_way_balances(world: RoleWorld, resources: contextlib.ExitStack) -> None:
    """Promotions, slices, labels with their old payments, alerts and notifications, and verification at the end."""
    stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
    fill(stack)
    balance = stack.verify()

    assert balance.problems == ()
    assert balance.scored == 48
    assert balance.alerts == balance.notified > 0


def test_the_label_applier_refuses_records(world: RoleWorld, resources: contextlib.ExitStack) -> None:
    stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
    stack.broker.append(LABELS, b"1", b"not a label")
    stack.applier().apply(stack.broker.logs[LABELS, 0])

    assert world.run(Role.READER, "SELECT topic FROM quarantine") == [(LABELS,)]
    assert world.run(Role.READER, "SELECT count(*) FROM outbox") == [(1,)]


def test_the_relay_hears_of_new_rows_and_waits_for_later_ones(world: RoleWorld) -> None:
    insert = "INSERT INTO outbox (topic, key, value, not_before) VALUES ('t', 'k', 'v', now() + interval '1 hour')"
    with contextlib.closing(PostgresOutbox(world.url(Role.RELAY))) as outbox:
        assert list(outbox.claim(10)) == []
        world.run(Role.SCORER, insert, "NOTIFY outbox")
        outbox.wait(30)
        assert list(outbox.claim(10)) == []

    assert world.run(Role.READER, "SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(1,)]


def test_the_relay_may_count_what_waits(world: RoleWorld) -> None:
    assert PostgresOutboxBacklog(world.url(Role.RELAY)).unsent() == Unsent(0, 0.0, 0)


def test_the_relay_holds_alerts_back_and_lets_them_go(world: RoleWorld, resources: contextlib.ExitStack) -> None:
    stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
    fill(stack)
    stack.run("UPDATE outbox SET sent_at = NULL")
    outbox = resources.enter_context(contextlib.closing(PostgresOutbox(world.url(Role.RELAY))))
    held = PostgresHeldAlerts(world.url(Role.RELAY))
    rows = outbox.claim(100, AlertBudget(0.0, 1))
    outbox.settle([row.outbox_id for row in rows if not row.held])
    count = held.status(0.0).held

    assert (count, held.status(0.0).published) == (sum(row.held for row in rows), 1)
    first = parse_alert(rows[0].value).alert_id
    status = f"SELECT DISTINCT status FROM alerts WHERE alert_id <> '{first}'"  # noqa: S608
    others = {found for (found,) in world.run(Role.READER, status)}
    assert "held" in others
    assert others <= {"held", "confirmed", "dismissed"}
    last = next(row for row in reversed(rows) if row.held)
    assert held.release(parse_alert(last.value).alert_id) >= 1
    held.release()
    assert PostgresHeldAlerts(world.url(Role.READER)).status(0.0).held == 0


def test_a_reader_may_not_let_alerts_go(world: RoleWorld) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL must name the relay's role"):
        PostgresHeldAlerts(world.url(Role.READER)).release()


def test_live_quality_is_measured_by_everybody_who_reads_and_stored_by_its_own_role(
    world: RoleWorld, resources: contextlib.ExitStack
) -> None:
    stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
    fill(stack)
    keeper, reader = (
        resources.enter_context(contextlib.closing(PostgresQuality(world.url(role))))
        for role in (Role.QUALITY, Role.READER)
    )
    kept = Measurement(keeper, storing=True).run(Wanted())
    shown = Measurement(reader).run(Wanted())
    day = dt.date(2025, 6, 15)
    reference = Reference("1", dt.datetime(2025, 6, 15, tzinfo=dt.UTC), dt.datetime(2025, 6, 22, tzinfo=dt.UTC), {})
    keeper.put_reference(replace(reference, histograms={"amount": Histogram((1.0,), (1, 1))}))
    for _ in range(2):
        keeper.put_drift([FeatureDrift(day, "1", "amount", 0.1, 1)])

    assert kept == shown
    assert kept is not None
    assert world.run(Role.READER, "SELECT count(*) FROM live_quality") == [(len(kept.cohorts),)]
    with pytest.raises(ConfigurationError, match="DATABASE_URL must name the role of live quality"):
        Measurement(reader, storing=True).run(Wanted())


def test_the_scorer_begins_a_run_and_makes_its_months(world: RoleWorld) -> None:
    with ScorerRuns(world.url(Role.SCORER), LOG, ManualClock()) as runs:
        runs.acquire(takeover=False)
        runs.make_months(dt.datetime(2026, 11, 24, tzinfo=dt.UTC).timestamp())
        run = runs.begin(host="test", pid=1)
        runs.mark_ready(run)
        runs.check()
        deployed = runs.has_deployment()
    months = world.run(
        Role.READER, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'scored_transactions'::regclass"
    )

    assert run.next_offset == {0: 0, 1: 40}
    assert not deployed
    assert months == [(6,)]


def test_a_scorer_takes_over_from_one_of_its_own_role(world: RoleWorld, resources: contextlib.ExitStack) -> None:
    url = world.url(Role.SCORER)
    first, second = (resources.enter_context(ScorerRuns(url, LOG, ManualClock())) for _ in range(2))
    first.acquire(takeover=False)
    run = first.begin(host="test", pid=1)
    name = slice_application(LOG.topic_id, run.epoch)
    store = resources.enter_context(contextlib.closing(PostgresSliceStore(url, application=name)))
    with store.open(LogPart(LOG.topic, LOG.topic_id, 0, run.epoch)):
        pass
    second.acquire(takeover=True)

    sessions = world.administer("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
    assert (name,) not in sessions
    with pytest.raises(Fenced, match="another scorer took over"):
        first.check()


def test_a_scorer_of_another_role_is_not_taken_over_from(world: RoleWorld, resources: contextlib.ExitStack) -> None:
    theirs, ours = (
        resources.enter_context(ScorerRuns(world.url(role), LOG, ManualClock())) for role in (Role.SCORER, Role.MIGRATE)
    )
    theirs.acquire(takeover=False)

    with pytest.raises(ConfigurationError, match="uses another database role than this one, which may not end its"):
        ours.acquire(takeover=True)
    theirs.check()


def test_readers_see_the_stream(world: RoleWorld, resources: contextlib.ExitStack) -> None:
    stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
    fill(stack)
    url = world.url(Role.READER)
    view = resources.enter_context(contextlib.closing(LiveReader(url, TRANSACTIONS)))
    figures, _ = view.look(since=dt.datetime(2020, 1, 1, tzinfo=dt.UTC), most=100)
    feed = resources.enter_context(contextlib.closing(PostgresAlerts(url, application="test")))
    latest = feed.latest(100)

    assert (figures.scored, figures.alerts, len(latest)) == (48, figures.notified, figures.alerts)
    assert view.fates([str(alert.transaction_id) for alert in latest]) == (figures.alerts, figures.notified)


def test_the_ready_probe_is_a_readers_question(world: RoleWorld) -> None:
    with ScorerRuns(world.url(Role.SCORER), LOG, ManualClock()) as runs:
        runs.mark_ready(runs.begin(host="test", pid=1))

    assert world.run(Role.READER, RUNNING_SINCE.replace("%s", f"'{LOG.topic_id}'")) == [(True,)]
