"""The label applier's loop: consume, apply in one commit, remember the offset, release what waited."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial

import stamina
import structlog

from fraudstream.clock import Clock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.feedback.applier import Applied, LabelApplier, next_offsets
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import (
    APPLIED,
    FAILING,
    FAILURES,
    LABEL_DELAY,
    LABEL_SEQ,
    LABELS_BEHIND,
    LABELS_FAR_BEHIND,
    LABELS_REFUSED,
    LABELS_REPEATED,
    LABELS_WAITING,
    WORKED_AT,
)
from fraudstream.ports.records import Record, RecordConsumer, TopicAdmin

MAX_RECORDS = 5_000
"""Records of one step."""
POLL_SECONDS = 0.2
"""How long one look at the log may wait; bounds how late a label is felt."""
CHECK_SECONDS = 10.0
"""Pause between two comparisons of the stored position with the log."""
MOST_STUCK = 6
"""So many comparisons in a row may find labels that do not come; then the process ends, and comes back anew."""
STUCK_SECONDS = MOST_STUCK * CHECK_SECONDS
FAR_BEHIND = 10_000
"""Records that are not applied yet, from which on it is said that scores lack news; over again below half of it."""
RETRY_SECONDS = 120.0
"""How long a database or a broker that does not answer is tried again before the process gives up."""

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
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    board: Board = field(default_factory=partial(Board, "label-applier"))
    _is_far_behind: bool = False
    _checked_at: float = float("-inf")
    _heard_at: float = float("inf")
    _stood_at: dict[int, int] = field(default_factory=dict)
    _stuck: int = 0
    _done: Applied = field(default_factory=Applied)

    def run(self, stopping: Callable[[], bool]) -> None:
        """Work until `stopping()`; a step that has begun is finished.

        Raises:
            TemporarilyUnavailable: the database or the broker did not answer for `RETRY_SECONDS`, or labels stand in
                the log and are not handed out.
        """
        self._heard_at = self.clock.monotonic()
        while not stopping():
            records = self._consume()
            if records:
                self._count(self._persist(partial(self.applier.apply, records)))
                now = self.clock.now()
                self.board.observe(LABEL_DELAY, [max(now - record.log_time, 0.0) for record in records])
                self._remember(records)
            self._count(self._persist(self.applier.release))
            if self.clock.monotonic() - self._checked_at >= CHECK_SECONDS:
                self._checked_at = self.clock.monotonic()
                self._tell()
                self._look_at_log()
                if self._stuck > MOST_STUCK:
                    raise TemporarilyUnavailable(
                        f"labels stand in {self.applier.topic} and did not come in {STUCK_SECONDS:.0f} seconds"
                    )

    def _consume(self) -> Sequence[Record]:
        """Records, or none while the broker is away; raises once it has been away for too long."""
        try:
            records = self.consumer.consume(MAX_RECORDS, POLL_SECONDS)
        except TemporarilyUnavailable as error:
            if self.clock.monotonic() - self._heard_at > RETRY_SECONDS:
                raise
            self._failed()
            log.warning("labels could not be read", error=str(error))
            self.clock.sleep(POLL_SECONDS)
            return ()
        self._heard_at = self.clock.monotonic()
        self.heartbeat.beat()
        self.board.set(WORKED_AT, self.clock.now())
        return records

    def _remember(self, records: Sequence[Record]) -> None:
        try:
            self.consumer.commit(next_offsets(records))
        except TemporarilyUnavailable as error:
            log.warning("the group's offset was not committed; nothing depends on it", error=str(error))

    def _count(self, applied: Applied) -> None:
        self._done = self._done.plus(applied)
        self.board.set(FAILING, 0)
        for metric, amount in (
            (APPLIED, applied.turns),
            (LABELS_WAITING, applied.waiting),
            (LABELS_REFUSED, applied.refused),
            (LABELS_REPEATED, applied.redelivered),
        ):
            self.board.count(metric, amount)

    def _tell(self) -> None:
        if self._done != Applied():
            log.info("labels", **asdict(self._done))
            self._done = Applied()

    def _look_at_log(self) -> None:
        try:
            self._compare_with_log()
        except TemporarilyUnavailable as error:
            log.warning("the label log could not be compared with its position", error=str(error))

    def _compare_with_log(self) -> None:
        described = self.admin.describe(self.applier.topic)
        anew = described.topic_id != self.applier.topic_id
        if anew:
            log.warning("the label topic was created anew", topic_id=described.topic_id)
            self.applier = replace(self.applier, topic_id=described.topic_id)
        with self.applier.store.transaction() as transaction:
            stands = {p: transaction.next_offset(described.topic_id, p) for p in described.bounds}
            self.board.set(LABEL_SEQ, transaction.progress().label_seq)
        waiting = False
        for partition, (first, end) in described.bounds.items():
            stuck = self._stood_at.get(partition) == stands[partition]
            if (stuck or anew) and max(first, stands[partition]) < end:
                waiting = True
                log.warning("reading labels again", partition=partition, offset=stands[partition])
                self.consumer.seek(partition, max(first, stands[partition]))
        self._stuck = self._stuck + 1 if waiting else 0
        self._stood_at = stands
        self._show_lag(sum(max(end - max(first, stands[p]), 0) for p, (first, end) in described.bounds.items()))

    def _show_lag(self, behind: int) -> None:
        """Tell how far behind we are; in the log once when that is far, and once when it is over."""
        was = self._is_far_behind
        self._is_far_behind = behind >= (FAR_BEHIND // 2 if was else FAR_BEHIND)
        self.board.set(LABELS_BEHIND, behind)
        self.board.set(LABELS_FAR_BEHIND, self._is_far_behind)
        if self._is_far_behind and not was:
            log.warning("labels are far behind: scores go on without their news, nothing is lost", records=behind)
        elif was and not self._is_far_behind:
            log.info("labels have caught up", records=behind)

    def _failed(self) -> None:
        self.board.count(FAILURES)
        self.board.set(FAILING, (self.board.value(FAILING) or 0) + 1)

    def _persist(self, step: Callable[[], Applied]) -> Applied:
        for attempt in stamina.retry_context(
            on=TemporarilyUnavailable, attempts=None, timeout=RETRY_SECONDS, wait_max=5.0
        ):
            with attempt:
                try:
                    return step()
                except TemporarilyUnavailable:
                    self._failed()
                    raise
        raise AssertionError("unreachable: the last attempt raises")
