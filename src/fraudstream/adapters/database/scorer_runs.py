"""Who scores a log: one scorer at a time, each start a newer run, positions taken over with it."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.partitions import ensure_partitions
from fraudstream.adapters.database.refusals import FOR_A_TIME, READ_ONLY, unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.clock import Clock
from fraudstream.errors import ConfigurationError, Fenced, ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.ports.records import TopicPartitions

HANDOVER_SECONDS, POLL_SECONDS = 5.0, 0.1
"""How long a lock may take to come free: the server notices late that its client was killed."""
SESSION = """SET statement_timeout = '60s'; SET lock_timeout = '60s';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"""
"""The server, too, looks whether its client is there: the right of a host that is gone comes free after 25 seconds."""
SOME_PAGES = "CREATE TEMPORARY TABLE on_trial AS SELECT repeat('-', 1000) FROM generate_series(1, 100)"
LOCK_HOLDERS = """
    SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32 | objid::bigint) = %s AND pid <> pg_backend_pid()
"""
SLICE_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s AND datname = current_database()"
AT_WORK = """
    SELECT catalogue_version, EXISTS (SELECT FROM state_versions)
        AND NOT EXISTS (SELECT FROM state_versions WHERE catalogue_version = deployments.catalogue_version)
    FROM deployments WHERE active
"""
BEGIN_RUN = "INSERT INTO runs (topic_id, host, pid) VALUES (%s, %s, %s) RETURNING epoch"
ADMIT_PARTITION = """
    INSERT INTO positions (topic_id, partition, topic, next_offset, epoch) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
"""
SERVER_AGE = "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())"
NEWEST_RUN = "SELECT coalesce(max(epoch), 0) FROM runs WHERE topic_id = %s"
TAKE_POSITIONS = "UPDATE positions SET epoch = %s WHERE topic_id = %s RETURNING partition, next_offset"


@dataclass(frozen=True, slots=True)
class Run:
    """A start of the scorer: its epoch, and the next offset of each partition as of that moment."""

    epoch: int
    next_offset: Mapping[int, int]


def slice_application(topic_id: str, epoch: int | str) -> str:
    """What sessions that commit slices are called in `pg_stat_activity`."""
    return f"fraudstream-slices-{topic_id}-{epoch}"


class ScorerRuns:
    """The right to score one log, held as a session lock of the database; a context manager."""

    def __init__(self, url: str, log: TopicPartitions, clock: Clock) -> None:
        self._url = url
        self._log = log
        self._clock = clock
        self._connection: Connection | None = None
        self._is_held = False

    def __enter__(self) -> Self:
        """Nothing is held yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the right back."""
        self._close()

    def acquire(self, *, takeover: bool) -> None:
        """Become the one scorer of this log.

        Args:
            takeover: end the database sessions of the scorer that holds the right, instead of giving up.

        Raises:
            ConfigurationError: another scorer is at work, or one to end uses another role of the database.
            TemporarilyUnavailable: the database did not answer.
        """
        deadline = self._clock.monotonic() + HANDOVER_SECONDS
        while not self.try_acquire():
            if takeover:
                self._end_other_sessions()
            if self._clock.monotonic() >= deadline:
                raise ConfigurationError(
                    f"another scorer is at work on {self._log.topic}; stop it, or end it with `fraudstream score "
                    "--takeover`"
                )
            self._clock.sleep(POLL_SECONDS)

    def try_acquire(self) -> bool:
        """Become the one scorer of this log if nobody is; returns whether that is so.

        Raises:
            TemporarilyUnavailable: the database did not answer.
        """
        with self._cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._key])
            self._is_held = cursor.fetchone() == (True,)
        return self._is_held

    def server_age(self) -> float:
        """Seconds since the database server was started.

        Raises:
            TemporarilyUnavailable: the database did not answer.
        """
        return self._number(SERVER_AGE)

    def newest(self) -> int:
        """Epoch of the newest run of this log, 0 before the first.

        Raises:
            TemporarilyUnavailable: the database did not answer.
        """
        return int(self._number(NEWEST_RUN, self._log.topic_id))

    def found_again(self, log: TopicPartitions) -> None:
        """Take the log as it is now for what is scored.

        Raises:
            ConfigurationError: it was deleted and made anew, and is another log.
        """
        if log.topic_id != self._log.topic_id:
            raise ConfigurationError(f"{log.topic} was deleted and made anew meanwhile; start the scorer again")
        self._log = log

    def begin(self, *, host: str, pid: int) -> Run:
        """Begin a run that is newer than every other, and take over the positions; older runs are fenced off by it.

        A partition without a position begins at the first record still kept; ids of an earlier version are placed.
        """
        topic_id = self._log.topic_id
        with self._cursor() as cursor:
            cursor.execute(BEGIN_RUN, [topic_id, host, pid])
            ((epoch,),) = cursor.fetchall()
            for partition, (first, _) in sorted(self._log.bounds.items()):
                cursor.execute(ADMIT_PARTITION, [topic_id, partition, self._log.topic, first, epoch])
            cursor.execute(TAKE_POSITIONS, [epoch, topic_id])
            positions = dict(cursor.fetchall())
            cursor.execute("SELECT place_transaction_ids()")
        return Run(epoch, positions)

    def mark_ready(self, run: Run) -> None:
        """Note that a payment sent from now on is scored."""
        with self._cursor() as cursor:
            cursor.execute("UPDATE runs SET ready_at = clock_timestamp() WHERE epoch = %s", [run.epoch])

    def make_months(self, around: float) -> None:
        """Create the missing monthly partitions of the results around a moment (seconds since 1970 UTC)."""
        with self._broken_connections_noticed():
            ensure_partitions(self._session(), dt.datetime.fromtimestamp(around, dt.UTC))

    def has_deployment(self) -> bool:
        """Whether a model is at work.

        Raises:
            ModelUnavailable: one is, but of another program's feature catalogue, or without a state.
        """
        with self._cursor() as cursor:
            cursor.execute(AT_WORK)
            row = cursor.fetchone()
        if row is None:
            return False
        version, stateless = row
        if version != CATALOGUE_VERSION:
            raise ModelUnavailable(
                f"the model at work reads feature catalogue {version}, this program computes {CATALOGUE_VERSION}; "
                "`fraudstream train`, `fraudstream rebuild-state` and `fraudstream promote` put a model of it to work"
            )
        if stateless:
            raise ModelUnavailable(
                f"catalogue version {version} is at work without a complete state; build it with `fraudstream "
                "rebuild-state` and promote a model of it"
            )
        return True

    def check(self) -> None:
        """Make sure that the right is still held; a connection that broke is replaced where nobody came between.

        Raises:
            Fenced: another scorer holds it now.
            TemporarilyUnavailable: the database does not answer, or takes no writes.
        """
        try:
            is_fit = self._is_held and not self._is_read_only()
        except TemporarilyUnavailable:
            is_fit = False
        if not is_fit:
            self._give_back()  # a session keeps the read-only default it began with
            if not self.try_acquire():
                raise Fenced(f"another scorer took over {self._log.topic}; this one stops")
            if self._is_read_only():
                raise TemporarilyUnavailable(READ_ONLY)

    def positions(self) -> dict[int, int]:
        """The committed next offset of each partition.

        Raises:
            TemporarilyUnavailable: the database does not answer.
        """
        with self._cursor() as cursor:
            cursor.execute("SELECT partition, next_offset FROM positions WHERE topic_id = %s", [self._log.topic_id])
            return dict(cursor.fetchall())

    def probe(self) -> None:
        """Whether the database takes writes of a new session, tried with a few pages that nobody keeps.

        Raises:
            TemporarilyUnavailable: it doesn't; the message says why and what to do.
        """
        try:
            with contextlib.closing(connect(self._url, application="fraudstream-scorer-probe")) as connection:
                cursor = connection.cursor()
                cursor.execute(SESSION)
                cursor.execute("SELECT current_setting('transaction_read_only')")
                if cursor.fetchone() == ("on",):
                    raise TemporarilyUnavailable(READ_ONLY)
                cursor.execute(SOME_PAGES)
        except FOR_A_TIME as error:
            raise unavailable("PostgreSQL did not take a few pages on trial", error) from error

    def _session(self) -> Connection:
        """The session that holds the right, without an open transaction."""
        if self._connection is None:
            self._connection = connect(self._url, application="fraudstream-scorer")
            with self._connection, self._connection.cursor() as cursor:
                cursor.execute(SESSION)
        return self._connection

    def _number(self, question: str, *values: object) -> float:
        with self._cursor() as cursor:
            cursor.execute(question, values)
            return float(cursor.fetchall()[0][0])

    def _is_read_only(self) -> bool:
        with self._cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_read_only')")
            return cursor.fetchone() == ("on",)

    def _give_back(self) -> None:
        """Let go of the right and of its session, which would keep it for a moment after it was closed."""
        if self._connection is not None:
            with contextlib.suppress(TemporarilyUnavailable), self._cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [self._key])
            self._close()

    def _end_other_sessions(self) -> None:
        with self._cursor() as cursor:
            cursor.execute(LOCK_HOLDERS, [self._key])
            pids = cursor.fetchall()
            cursor.execute(SLICE_SESSIONS, [slice_application(self._log.topic_id, "%")])
            try:
                for (pid,) in [*pids, *cursor.fetchall()]:
                    cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            except errors.InsufficientPrivilege as error:
                raise ConfigurationError(
                    f"the scorer at work on {self._log.topic} uses another database role than this one, which may not "
                    "end its sessions; stop it, or give both the same DATABASE_URL"
                ) from error

    @property
    def _key(self) -> int:
        """63 bits of the topic's id."""
        return uuid.UUID(self._log.topic_id).int >> 65

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        with self._broken_connections_noticed(), self._session() as connection, connection.cursor() as cursor:
            yield cursor

    @contextlib.contextmanager
    def _broken_connections_noticed(self) -> Iterator[None]:
        try:
            yield
        except FOR_A_TIME as error:
            if isinstance(error, errors.ReadOnlySqlTransaction):
                self._give_back()
            self._close()
            raise unavailable("the scorer's connection to PostgreSQL broke", error) from error

    def _close(self) -> None:
        connection, self._connection, self._is_held = self._connection, None, False
        if connection is not None:
            with contextlib.suppress(psycopg2.Error):
                connection.close()
