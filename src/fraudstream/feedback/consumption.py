"""The label applier's loop: consume, apply in one commit, remember the offset, release what waited."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial

import stamina
import structlog

from fraudstream.clock import Clock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.feedback.applier import Applied, LabelApplier, next_offsets
from fraudstream.ports import RecordConsumer, TopicAdmin

MAX_RECORDS = 5_000
"""Records of one step."""
POLL_SECONDS = 0.2
"""How long one look at the log may wait; bounds how late a label is felt."""
CHECK_SECONDS = 10.0
"""Pause between two comparisons of the stored position with the log, while nothing arrives."""
RETRY_SECONDS = 120.0
"""How long a database that does not answer is tried again before the process gives up."""

log = structlog.get_logger()


@dataclass
class LabelLoop:
    """Runs an applier on a consumer; the position that counts is the one in the database.

    The group's own offsets only spare re-reading. Where they are ahead of the database (it was restored, or the
    topic recreated) the consumer is sent back.
    """

    applier: LabelApplier
    consumer: RecordConsumer
    admin: TopicAdmin
    clock: Clock
    _checked_at: float = float("-inf")
    _stood_at: dict[int, int] = field(default_factory=dict)

    def run(self, stopping: Callable[[], bool]) -> None:
        """Work until `stopping()`; a step that has begun is finished.

        Raises:
            TemporarilyUnavailable: the database did not answer for `RETRY_SECONDS`.
        """
        while not stopping():
            records = self.consumer.consume(MAX_RECORDS, POLL_SECONDS)
            if records:
                _report(_persist(partial(self.applier.apply, records)))
                self.consumer.commit(next_offsets(records))
            _report(_persist(self.applier.release))
            if not records and self.clock.monotonic() - self._checked_at >= CHECK_SECONDS:
                self._checked_at = self.clock.monotonic()
                self._look_at_log()

    def _look_at_log(self) -> None:
        try:
            self._compare_with_log()
        except TemporarilyUnavailable as error:
            log.warning("the label log could not be compared with its position", error=str(error))

    def _compare_with_log(self) -> None:
        described = self.admin.describe(self.applier.topic)
        if described.topic_id != self.applier.topic_id:
            log.warning("the label topic was created anew", topic_id=described.topic_id)
            self.applier = replace(self.applier, topic_id=described.topic_id)
        with self.applier.store.transaction() as transaction:
            stands = {p: transaction.next_offset(described.topic_id, p) for p in described.bounds}
        for partition, (first, end) in described.bounds.items():
            stuck = self._stood_at.get(partition) == stands[partition]
            if stuck and max(first, stands[partition]) < end:
                log.warning("reading labels again", partition=partition, offset=stands[partition])
                self.consumer.seek(partition, max(first, stands[partition]))
        self._stood_at = stands


def _persist(step: Callable[[], Applied]) -> Applied:
    for attempt in stamina.retry_context(on=TemporarilyUnavailable, attempts=None, timeout=RETRY_SECONDS, wait_max=5.0):
        with attempt:
            return step()
    raise AssertionError("unreachable: the last attempt raises")


def _report(applied: Applied) -> None:
    if applied != Applied():
        log.info("labels", **asdict(applied))
