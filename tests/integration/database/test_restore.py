"""The drill: a scored stream, a copy, more scoring, the database lost; what comes back goes on and adds up."""

import contextlib
import stat
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill
from tests.servers.databases import Databases
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.scorer_runs import ScorerRuns
from fraudstream.backup.main import backup, restore
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import ConfigurationError

pytestmark = pytest.mark.integration
SCORED = 'SELECT partition, "offset", score, alert, features FROM scored_transactions ORDER BY 1, 2'


@dataclass(frozen=True)
class Lost:
    """A copy of a stream that went on afterwards, and all that was known when its database was lost."""

    copy: Path
    stack: PostgresStack
    scored: list[tuple[object, ...]]


@pytest.fixture(scope="module")
def lost(granted: RoleWorld, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    world = replace(granted, database=f"{granted.database}_lost")
    databases.create(world.database, template=granted.database, owner=Role.MIGRATE)
    world.ensure_roles()
    path = tmp_path_factory.mktemp("copies") / "copy.zip"
    with contextlib.ExitStack() as resources, pytest.MonkeyPatch.context() as environment:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        begin(stack)
        fill(stack)
        stack.label(uuid.UUID(int=12), is_fraud=True)
        environment.setenv("DATABASE_URL", world.url(Role.MIGRATE))
        assert backup(path).startswith("copied ")
        go_on(stack)
        scored = stack.run(SCORED)
    databases.drop(world.database)
    yield Lost(path, stack, scored)
    granted.ensure_roles()


@pytest.fixture
def emptied(granted: RoleWorld, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoleWorld]:
    """An empty database in the place of the lost one."""
    world = replace(granted, database=f"{granted.database}_again")
    databases.create(world.database, owner=Role.MIGRATE)
    world.ensure_roles()
    monkeypatch.setenv("DATABASE_URL", world.url(Role.MIGRATE))
    yield world
    databases.drop(world.database)


def begin(stack: PostgresStack) -> dict[int, int]:
    with ScorerRuns(stack.url_of(Role.SCORER), stack.broker.describe(TRANSACTIONS), stack.clock) as runs:
        run = runs.begin(host="a", pid=1)
        runs.make_months(stack.clock.now())
    stack.epoch = run.epoch
    return dict(run.next_offset)


def go_on(stack: PostgresStack) -> None:
    for number in range(5_000, 5_020):
        stack.send(a_payment(number, user_id=number % 5, amount=900.0 + number), partition=number % 2)
    score_what_is_there(stack)


def score_what_is_there(stack: PostgresStack) -> None:
    stack.score(0)
    stack.score(1)
    stack.run("UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")
    stack.deliver_alerts()


def test_the_scorer_goes_on_from_the_restored_positions_and_everything_adds_up(lost: Lost, emptied: RoleWorld) -> None:
    said = restore(lost.copy)
    with contextlib.ExitStack() as resources:
        old = lost.stack
        stack = PostgresStack(emptied.url(Role.MIGRATE), resources, emptied.urls(), old.clock, old.broker, is_new=False)
        assert begin(stack) == {0: 28, 1: 24}
        score_what_is_there(stack)
        balance = stack.verify()
        scored = stack.run(SCORED)

    assert "transaction-events/0 at 28, transaction-events/1 at 24" in said
    assert balance.problems == ()
    assert (balance.lost, balance.in_flight, balance.scored) == (0, 0, 68)
    assert scored == lost.scored


def test_a_copy_is_its_owners_alone_and_holds_no_sessions(lost: Lost) -> None:
    assert stat.S_IMODE(lost.copy.stat().st_mode) == 0o600
    names = zipfile.ZipFile(lost.copy).namelist()
    assert {"scored_transactions", "positions", "accounts", "manifest.json"} <= set(names)
    assert "dashboard_sessions" not in names


def test_nothing_is_overwritten(
    lost: Lost, granted: RoleWorld, emptied: RoleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore(lost.copy)

    with pytest.raises(ConfigurationError, match=r"is not empty \(alerts has rows\), and nothing is overwritten"):
        restore(lost.copy)
    with pytest.raises(ConfigurationError, match=r"copy\.zip can't be made \(File exists\)"):
        backup(lost.copy)
    monkeypatch.setenv("DATABASE_URL", granted.url(Role.READER))
    with pytest.raises(ConfigurationError, match="must name their owner, fraudstream_migrate"):
        backup(lost.copy.with_name("other.zip"))
    assert not lost.copy.with_name("other.zip").exists()
    assert emptied.run(Role.READER, "SELECT count(*) FROM runs") == [(1,)]


def damaged(copy: Path, into: Path, table: str) -> Path:
    """The same copy with one byte of a table changed; the zip's own checksum is right again."""
    with zipfile.ZipFile(copy) as whole, zipfile.ZipFile(into, "w") as broken:
        for name in whole.namelist():
            content = whole.read(name)
            if name == table:
                content = content.replace(b"\t1\t", b"\t2\t", 1)
                assert content != whole.read(name)
            broken.writestr(name, content)
    return into


def test_a_damaged_copy_is_told_and_leaves_nothing(lost: Lost, emptied: RoleWorld, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(lost.copy.read_bytes()[:5_000])
    for path, said in (
        (cut, "is no copy that `fraudstream backup` made"),
        (tmp_path / "none.zip", "is no copy that"),
        (damaged(lost.copy, tmp_path / "changed.zip", "positions"), "positions is not what its manifest says"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            restore(path)

    assert emptied.run(Role.MIGRATE, "SELECT count(*) FROM scored_transactions") == [(0,)]
