"""A new catalogue version gets the state that it would have had all along."""

import contextlib
import uuid
from collections.abc import Iterator

import pytest
from tests.integration.training.rebuilding import (
    NEXT,
    Killed,
    a_filled_stack,
    a_rebuild,
    go_on,
    install_next,
    last_slice,
    promote_next,
    rows,
    vectors,
)
from tests.integration.verify.postgres_stack import PostgresStack, an_initial_state
from tests.servers.databases import Databases

from fraudstream.adapters.database.rebuild_store import PostgresRebuildStore
from fraudstream.adapters.database.scorer_runs import ScorerRuns
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import ConfigurationError, ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.ports.rebuild import Stage
from fraudstream.ports.records import TopicPartitions
from fraudstream.training.rebuild import Rebuild

pytestmark = pytest.mark.integration


@pytest.fixture
def stack(database_url: str) -> Iterator[PostgresStack]:
    with contextlib.ExitStack() as resources:
        yield a_filled_stack(database_url, resources)


@pytest.mark.parametrize(("window", "labels"), [(1, 1), (9, 2), (20_000, 100_000)])
def test_the_rebuilt_state_is_the_live_one_byte_for_byte(stack: PostgresStack, window: int, labels: int) -> None:
    reached = a_rebuild(stack, window=window, labels=labels).run(an_initial_state())

    live = rows(stack, CATALOGUE_VERSION)
    assert rows(stack, NEXT) == live
    assert min(map(len, live.values())) >= 3
    assert reached.stage == Stage.COMPLETE
    assert (reached.rows,) == stack.run("SELECT count(*) FROM scored_transactions")[0]
    assert (reached.label_seq,) == stack.run("SELECT label_seq FROM label_progress")[0]


def test_killed_in_any_step_it_goes_on_where_it_was(stack: PostgresStack) -> None:
    killed = 0
    for steps in (1, 2, 3, 1, 2):
        with contextlib.suppress(Killed):
            a_rebuild(stack, steps=steps).run(an_initial_state())
            pytest.fail("it was done before it was killed")
        killed += 1
    taken = stack.run("SELECT slices FROM state_rebuilds")
    a_rebuild(stack).run(an_initial_state())

    assert killed == 5
    assert taken[0][0] > 0
    assert rows(stack, NEXT) == rows(stack, CATALOGUE_VERSION)


def test_what_other_code_has_begun_begins_anew(stack: PostgresStack) -> None:
    with pytest.raises(Killed):
        a_rebuild(stack, steps=4, kernel=1).run(an_initial_state())
    stack.run("UPDATE customer_state SET state = %s WHERE catalogue_version = %s", bytes(448), NEXT)

    a_rebuild(stack, kernel=2).run(an_initial_state())

    assert rows(stack, NEXT) == rows(stack, CATALOGUE_VERSION)


def test_later_slices_have_the_vectors_that_the_old_version_would_have_given(
    stack: PostgresStack, database_url_of_another: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_rebuild(stack).run(an_initial_state())
    before = last_slice(stack)
    promote_next(stack)
    install_next(monkeypatch)
    stack.label(uuid.UUID(int=3), is_fraud=True)
    go_on(stack, 400)
    stack.label(uuid.UUID(int=405), is_fraud=True)
    stack.deliver_alerts()
    balance = stack.verify()
    monkeypatch.undo()

    with contextlib.ExitStack() as resources:
        other = a_filled_stack(database_url_of_another, resources)
        other.label(uuid.UUID(int=3), is_fraud=True)
        go_on(other, 400)
        other.label(uuid.UUID(int=405), is_fraud=True)
        expected = vectors(other, after_slice=before)
        state = rows(other, CATALOGUE_VERSION)

    assert len(expected) == 24
    assert vectors(stack, after_slice=before) == expected
    assert rows(stack, NEXT) == state
    assert balance.problems == ()
    assert balance.mismatch_checked == 24


def test_what_came_after_it_was_complete_is_continued_with(stack: PostgresStack) -> None:
    a_rebuild(stack).run(an_initial_state())
    go_on(stack, 400)
    stack.label(uuid.UUID(int=402), is_fraud=True)
    with pytest.raises(ModelUnavailable, match=r"came after.*`fraudstream rebuild-state` again"):
        promote_next(stack)

    told: list[tuple[int, int]] = []
    reached = Rebuild(a_rebuild(stack).store, NEXT, lambda *progress: told.append(progress), kernel=1).run(
        an_initial_state()
    )

    assert rows(stack, NEXT) == rows(stack, CATALOGUE_VERSION)
    assert told[0] == (reached.rows - 24, reached.rows)
    assert promote_next(stack).catalogue_version == NEXT
    version = stack.run("SELECT label_seq, as_of_positions FROM state_versions WHERE catalogue_version = %s", NEXT)
    assert version == [(0, {stack.topic_id: {str(p): at for p, at in reached.positions[stack.topic_id].items()}})]


def test_a_label_alone_stands_in_the_way_of_the_switch(stack: PostgresStack) -> None:
    a_rebuild(stack).run(an_initial_state())
    stack.label(uuid.UUID(int=5), is_fraud=True)

    with pytest.raises(ModelUnavailable, match="came after"):
        promote_next(stack)

    assert stack.run("SELECT catalogue_version FROM deployments WHERE active") == [(CATALOGUE_VERSION,)]
    assert stack.run("SELECT count(*) FROM state_versions") == [(1,)]


def test_a_catalogue_without_its_state_is_not_promoted(stack: PostgresStack) -> None:
    with pytest.raises(
        ModelUnavailable, match=rf"no complete state of catalogue version {NEXT}.*`fraudstream rebuild-state`"
    ):
        promote_next(stack)
    with pytest.raises(Killed):
        a_rebuild(stack, steps=5).run(an_initial_state())
    with pytest.raises(ModelUnavailable, match=f"no complete state of catalogue version {NEXT}"):
        promote_next(stack)


def test_after_the_switch_labels_wait_for_the_new_code(stack: PostgresStack, monkeypatch: pytest.MonkeyPatch) -> None:
    a_rebuild(stack).run(an_initial_state())
    promote_next(stack)
    before = rows(stack, NEXT)

    stack.label(uuid.UUID(int=5), is_fraud=True)

    turn = "SELECT label_seq FROM labels WHERE transaction_id = %s ORDER BY stored_at DESC LIMIT 1"
    assert stack.run(turn, str(uuid.UUID(int=5))) == [(None,)]
    assert rows(stack, NEXT) == before
    install_next(monkeypatch)
    stack.applier().release()
    assert stack.run(turn, str(uuid.UUID(int=5))) == stack.run("SELECT label_seq FROM label_progress")
    assert rows(stack, NEXT)["merchant_risk"] != before["merchant_risk"]


def test_a_version_that_was_at_work_is_rebuilt_from_the_beginning(
    stack: PostgresStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows have moved on with what it scored, and its checkpoint has not."""
    a_rebuild(stack).run(an_initial_state())
    promote_next(stack)
    with monkeypatch.context() as new_code:
        install_next(new_code)
        go_on(stack, 400)
    live = rows(stack, NEXT)
    stack.run("UPDATE deployments SET active = false")
    stack.run("UPDATE deployments SET active = true WHERE deployment_id = 1")

    a_rebuild(stack).run(an_initial_state())

    assert rows(stack, NEXT) == live


def test_a_running_scorer_refuses_the_rebuild(stack: PostgresStack) -> None:
    log = TopicPartitions(TRANSACTIONS, stack.topic_id, {0: (0, 0), 1: (0, 0)})
    with ScorerRuns(stack.url, log, ManualClock(0.0)) as runs:
        runs.acquire(takeover=False)
        with pytest.raises(ConfigurationError, match=f"a scorer, or another rebuild, is at work on {TRANSACTIONS}"):
            Rebuild(PostgresRebuildStore(stack.url, ManualClock(0.0)), NEXT).run(an_initial_state())

    a_rebuild(stack).run(an_initial_state())


def test_a_running_rebuild_refuses_the_scorer(stack: PostgresStack) -> None:
    log = TopicPartitions(TRANSACTIONS, stack.topic_id, {0: (0, 0), 1: (0, 0)})
    with (
        a_rebuild(stack).store.alone(),
        ScorerRuns(stack.url, log, ManualClock(0.0)) as runs,
        pytest.raises(ConfigurationError, match="another scorer is at work"),
    ):
        runs.acquire(takeover=False)


def test_another_history_is_refused(stack: PostgresStack) -> None:
    state = an_initial_state()
    state.user_ids[0] = 77

    with pytest.raises(ConfigurationError, match="another history"):
        a_rebuild(stack).run(state)


def test_another_initial_state_than_the_one_begun_with_is_refused(stack: PostgresStack) -> None:
    with pytest.raises(Killed):
        a_rebuild(stack, steps=2, kernel=1).run(an_initial_state())

    with pytest.raises(ConfigurationError, match="began with another initial state"):
        a_rebuild(stack, kernel=2).run(an_initial_state(seed=6))


def test_payments_that_are_missing_are_noticed(stack: PostgresStack) -> None:
    stack.run('DELETE FROM scored_transactions WHERE "offset" = 3 AND partition = 1')

    with pytest.raises(ConfigurationError, match=r"slice \d+ scored \d+ payments and \d+ are stored"):
        a_rebuild(stack).run(an_initial_state())


def test_a_slice_that_was_committed_late_makes_it_begin_anew(stack: PostgresStack) -> None:
    """It was under way when the past was looked at, and its place in the order is before what was replayed."""
    late = stack.run("SELECT slice_id FROM slices ORDER BY slice_id DESC LIMIT 1 OFFSET 4")[0][0]
    columns = "slice_id, topic_id, partition, first_offset, last_offset, epoch, label_seq, deployment_id, "
    columns += "model_version, catalogue_version, rows, quarantined, repeats"
    stack.run(f"CREATE TABLE aside AS SELECT {columns} FROM slices WHERE slice_id = %s", late)  # noqa: S608 - constants
    stack.run("DELETE FROM slices WHERE slice_id = %s", late)
    a_rebuild(stack).run(an_initial_state())
    assert rows(stack, NEXT) != rows(stack, CATALOGUE_VERSION)
    stack.run(f"INSERT INTO slices ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM aside")  # noqa: S608 - constants

    a_rebuild(stack).run(an_initial_state())

    assert rows(stack, NEXT) == rows(stack, CATALOGUE_VERSION)


def test_the_state_at_work_is_not_rebuilt(stack: PostgresStack) -> None:
    with pytest.raises(ConfigurationError, match="is at work and moves with every slice"):
        Rebuild(a_rebuild(stack).store, CATALOGUE_VERSION).run(an_initial_state())


def test_nothing_is_rebuilt_before_the_first_promotion(database_url: str) -> None:
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(database_url, resources)
        stack.run("DELETE FROM deployments")
        with pytest.raises(ConfigurationError, match="no model is at work"):
            a_rebuild(stack).run(an_initial_state())


@pytest.fixture
def database_url_of_another(databases: Databases, migrated_template: str) -> Iterator[str]:
    with databases.temporary(template=migrated_template) as url:
        yield url
