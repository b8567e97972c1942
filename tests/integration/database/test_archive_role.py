"""The archiver does its work with its own role, and verification of the archive with the reader's."""

import contextlib

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill

from fraudstream.adapters.database.archive_reader import PostgresArchiveReader
from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.memory_archive import MemoryObjects
from fraudstream.archive.archiver import Archiver
from fraudstream.archive.cut import Cutter
from fraudstream.archive.verification import ArchiveVerification
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import ConfigurationError

pytestmark = pytest.mark.integration


def test_everything_is_archived_and_verified(world: RoleWorld) -> None:
    objects = MemoryObjects()
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        fill(stack)
        ledger = resources.enter_context(contextlib.closing(PostgresArchiveLedger(world.url(Role.ARCHIVER))))
        cutter = Cutter(stack.broker, ledger, stack.clock, 1_000_000)
        archiver = Archiver(ledger, objects, cutter, roll_bytes=1_000_000, roll_seconds=0.0)
        while archiver.run_once():
            pass
        balance = ArchiveVerification(PostgresArchiveReader(world.url(Role.READER)), objects).run()

    assert balance.problems == ()
    assert balance.raw == sum(len(stack.broker.logs[TRANSACTIONS, partition]) for partition in (0, 1))
    assert balance.processed == balance.stored == 48
    assert balance.alerts == balance.stored_alerts > 0
    assert (balance.unlisted, balance.waiting) == (0, 0)


def test_gaps_are_accepted_by_the_archivers_role_alone(world: RoleWorld) -> None:
    with contextlib.closing(PostgresArchiveLedger(world.url(Role.ARCHIVER))) as ledger:
        assert ledger.accept_gaps() == 0
    with (
        contextlib.closing(PostgresArchiveLedger(world.url(Role.READER))) as ledger,
        pytest.raises(ConfigurationError, match="DATABASE_URL must name the archiver's role"),
    ):
        ledger.accept_gaps()


def test_the_archivers_role_is_told_who_verifies(world: RoleWorld) -> None:
    with pytest.raises(ConfigurationError, match=r"must name the reader's role \(permission denied for table slices\)"):
        ArchiveVerification(PostgresArchiveReader(world.url(Role.ARCHIVER)), MemoryObjects()).run()
