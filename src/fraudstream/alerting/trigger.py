"""Feeds a function from a Kafka topic, as AWS's event source mapping does.

Per partition in order, at least once: positions are committed after the function has confirmed a batch or what it
refused is parked. AWS's settings have these counterparts: `BatchSize`, `MaximumBatchingWindowInSeconds`,
`MaximumRetryAttempts`, `MaximumRecordAgeInSeconds`, `BisectBatchOnFunctionError` and an on-failure topic.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from fraudstream.alerting.answers import read_answer
from fraudstream.alerting.kafka_event import PAYLOAD_LIMIT, EventSource, batches, build_event
from fraudstream.alerting.parking import Parking
from fraudstream.clock import Clock, pause
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import DELIVERED, FUNCTION_FAILURES, FUNCTION_WAITS, IN_HAND, REFUSED_RECORDS
from fraudstream.ports.delivery import FunctionInvoker
from fraudstream.ports.records import MembershipLost, Record, RecordConsumer

log = structlog.get_logger()


@dataclass(frozen=True)
class TriggerPolicy:
    """How a batch is made, and how often it is tried.

    A record that the function names as failed is tried `record_retries` times more, quickly, because others wait
    behind it. A function that fails as a whole (error, timeout, death, answer nobody understands) is tried
    `function_retries` times more, with pauses that add up to more than a function's timeout: what it left
    half-done is then no longer in progress. A batch of several records that fails as a whole `bisect_after` times is
    cut in halves, so that a record which kills the function is found.
    """

    batch_size: int = 100
    window: float = 0.0
    payload_limit: int = PAYLOAD_LIMIT
    record_retries: int = 2
    function_retries: int = 9
    bisect_after: int = 2
    first_pause: float = 0.2
    longest_pause: float = 10.0
    max_record_age: float | None = None

    @classmethod
    def outlasting(cls, timeout: float) -> "TriggerPolicy":
        """A policy for a function with this timeout in seconds: its pauses add up to a fifth more."""
        policy, retries, total = cls(), 0, 0.0
        while total < 1.2 * timeout:
            retries += 1
            total += policy.pause(retries)
        return replace(policy, function_retries=retries)

    def pause(self, failures: int) -> float:
        """Seconds to wait after the n-th failure in a row."""
        return min(self.first_pause * 2.0 ** (failures - 1), self.longest_pause)


@dataclass(frozen=True)
class _Attempt:
    """Records to be handed over together; `failures` counts how often that failed as a whole."""

    records: tuple[Record, ...]
    failures: int = 0


class Trigger:
    """Moves records from a consumer to a function."""

    def __init__(
        self,
        consumer: RecordConsumer,
        invoker: FunctionInvoker,
        parking: Parking,
        source: EventSource,
        *,
        clock: Clock,
        policy: TriggerPolicy | None = None,
        stopping: Callable[[], bool] = lambda: False,
        board: Board | None = None,
    ) -> None:
        self._consumer = consumer
        self._invoker = invoker
        self._parking = parking
        self._source = source
        self._clock = clock
        self._policy = policy or TriggerPolicy()
        self._stopping = stopping
        self._board = board or Board("lambda-trigger")
        self._taken: list[Record] = []

    def run_once(self, timeout: float) -> int:
        """Wait up to `timeout` seconds for records and deliver them; returns how many are done with.

        Records that were taken and not finished, because of an error or because the process shall stop, are offered
        first the next time, and to the next process if there is none. A function out of reach, or one that says that
        what it depends on is away, is no reason to park a record: it says nothing about it.

        Raises:
            TemporarilyUnavailable: the broker did not take a position or a parked record, the function was not
                reached, or it waits for what it depends on.
            ConfigurationError: there is no such function, or it may not be invoked.
        """
        if not self._taken:
            self._taken = self._collect(timeout)
            self._board.set(IN_HAND, len(self._taken))
        done = 0
        for batch in list(batches(self._taken, most=self._policy.batch_size, payload_limit=self._policy.payload_limit)):
            if not self._deliver(batch):
                break
            self._commit(batch)
            self._taken = self._taken[len(batch) :]
            self._board.count(DELIVERED, len(batch))
            self._board.set(IN_HAND, len(self._taken))
            done += len(batch)
        return done

    def _commit(self, batch: Sequence[Record]) -> None:
        try:
            self._consumer.commit({record.partition: record.offset + 1 for record in batch})
        except MembershipLost:
            self._taken = []
            raise

    def _collect(self, timeout: float) -> list[Record]:
        """The first records that come, and those that follow within the batching window."""
        records = list(self._consumer.consume(self._policy.batch_size, timeout))
        end = self._clock.monotonic() + self._policy.window
        while records and len(records) < self._policy.batch_size and (left := end - self._clock.monotonic()) > 0:
            records += self._consumer.consume(self._policy.batch_size - len(records), left)
        return records

    def _deliver(self, batch: Sequence[Record]) -> bool:
        """Try until every record is confirmed or parked; false if the process shall stop before."""
        work = deque([_Attempt(tuple(batch))])
        refusals: Counter[tuple[int, int]] = Counter()
        while work:
            attempt = self._without_old(work.popleft(), refusals)
            if not attempt.records:
                continue
            if self._stopping():
                return False
            verdict = read_answer(self._invoker.invoke(build_event(attempt.records, self._source)), attempt.records)
            if verdict.waits:
                self._board.count(FUNCTION_WAITS)
                raise TemporarilyUnavailable(f"the function waits: {verdict.error}")
            if verdict.error is not None:
                work.extendleft(reversed(self._after_function_failure(attempt, verdict.error)))
            elif verdict.failed:
                work.appendleft(self._after_refusal(attempt, verdict.failed, refusals))
        return True

    def _without_old(self, attempt: _Attempt, refusals: Counter[tuple[int, int]]) -> _Attempt:
        limit = self._policy.max_record_age
        if limit is None:
            return attempt
        oldest = self._clock.now() - limit
        for record in attempt.records:
            if record.log_time < oldest:
                tries = attempt.failures + refusals[record.partition, record.offset]
                self._parking.park(record, "too_old", f"older than {limit:g} seconds", tries)
        return _Attempt(tuple(r for r in attempt.records if r.log_time >= oldest), attempt.failures)

    def _after_function_failure(self, attempt: _Attempt, error: str) -> list[_Attempt]:
        """What to try next when all of an attempt failed."""
        failures, records = attempt.failures + 1, attempt.records
        self._board.count(FUNCTION_FAILURES)
        log.warning("function failed", error=error, records=len(records), failures=failures)
        if len(records) > 1 and failures >= self._policy.bisect_after:
            middle = len(records) // 2
            return [_Attempt(records[:middle]), _Attempt(records[middle:])]
        if failures > self._policy.function_retries:
            for record in records:
                self._parking.park(record, "function_failed", error, failures)
            return []
        self._pause(self._policy.pause(failures))
        return [_Attempt(records, failures)]

    def _after_refusal(
        self, attempt: _Attempt, failed: Sequence[Record], refusals: Counter[tuple[int, int]]
    ) -> _Attempt:
        """What to try next when the function named records: each partition again from its first failed record."""
        parked = set[tuple[int, int]]()
        self._board.count(REFUSED_RECORDS, len(failed))
        for record in failed:
            place = record.partition, record.offset
            refusals[place] += 1
            if refusals[place] > self._policy.record_retries:
                self._parking.park(record, "record_failed", "named by the function as failed", refusals[place])
                parked.add(place)
        lowest: dict[int, int] = {}
        for record in failed:
            if (record.partition, record.offset) not in parked:
                lowest[record.partition] = min(lowest.get(record.partition, record.offset), record.offset)
        again = tuple(
            record
            for record in attempt.records
            if record.offset >= lowest.get(record.partition, record.offset + 1)
            and (record.partition, record.offset) not in parked
        )
        if again:
            log.warning("records failed", failed=len(failed), again=len(again), parked=len(parked))
            self._pause(self._policy.pause(max(refusals[r.partition, r.offset] for r in again)))
        return _Attempt(again)

    def _pause(self, seconds: float) -> None:
        pause(seconds, stopping=self._stopping, clock=self._clock)
