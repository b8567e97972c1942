"""The archiver: ten scored slices of two days, in several cuts."""

import contextlib
import hashlib

from tests.integration.failpoints.kept import Bench
from tests.integration.failpoints.log import MORNING, a_broker, deploy, score_all, write_payments
from tests.integration.failpoints.scenario import Facts, Scenario

from fraudstream.adapters.database.archive_reader import PostgresArchiveReader
from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.adapters.database.sessions import connect
from fraudstream.archive.archiver import Archiver
from fraudstream.archive.cut import Cutter
from fraudstream.archive.layout import decode_manifest
from fraudstream.archive.verification import ArchiveVerification
from fraudstream.chaos.failpoints import Failpoints, failing
from fraudstream.clock import ManualClock
from fraudstream.service import serve

ROLL_BYTES = 4_000
LEFT = """
    SELECT EXISTS (SELECT FROM archive_files WHERE listed_at IS NULL) OR EXISTS (
        SELECT FROM positions WHERE topic = 'transaction-events' AND next_offset - 1 > coalesce(
            (SELECT max(last_offset) FROM archive_files AS file WHERE file.topic_id = positions.topic_id
             AND file.partition = positions.partition), -1))
"""


def prepare(bench: Bench) -> None:
    bench.kept.broker = a_broker()
    write_payments(bench.kept.broker)
    deploy(bench.url, "1", weight=0.05, threshold=0.3)
    score_all(bench)


def run(bench: Bench, points: Failpoints) -> None:
    clock = ManualClock(MORNING)
    with contextlib.closing(PostgresArchiveLedger(bench.url)) as inner:
        ledger = failing(inner, points, "ledger")
        objects = failing(bench.lasting(bench.kept.objects), points, "objects")
        cutter = Cutter(failing(bench.kept.broker, points, "log"), ledger, clock, ROLL_BYTES)
        worker = Archiver(ledger, objects, cutter, roll_bytes=ROLL_BYTES, roll_seconds=0.0)
        serve(worker.run_once, stopping=lambda: not _is_left(bench.url), clock=clock)


def _is_left(url: str) -> bool:
    """Whether anything waits: the session of a dead archiver may own a partition for a moment longer."""
    with contextlib.closing(connect(url, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute(LEFT)
        return cursor.fetchone() == (True,)


def facts(bench: Bench) -> Facts:
    """What the archive holds for a reader of the manifests, and whether it holds together."""
    objects = bench.kept.objects
    manifests = {path: decode_manifest(objects.objects[path]).archived() for path in objects.list("manifest/")}
    balance = ArchiveVerification(PostgresArchiveReader(bench.url), objects).run()
    named = [file.path for files in manifests.values() for file in files]
    return {
        "manifests": manifests,
        "contents": {path: hashlib.sha256(objects.objects[path]).hexdigest() for path in named},
        "problems": balance.problems,
        "raw and processed": (balance.raw, balance.processed),
    }


ARCHIVER = Scenario(prepare, run, facts)
