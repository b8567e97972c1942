"""One run of retention: what may go is told, and deleted unless only asked about."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fraudstream.adapters.database.retention_store import PostgresRetention
from fraudstream.clock import Clock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.ports.retention import LogsNow, Removal
from fraudstream.retention.log import KeptLog
from fraudstream.retention.rules import check_ids_outlive_the_log, deletable
from fraudstream.settings import RetentionSettings


@dataclass(frozen=True)
class Outcome:
    """What went, or would go, and why something old stays (empty if nothing does)."""

    removals: tuple[Removal, ...]
    stays: tuple[str, ...]
    dry_run: bool

    @property
    def rows(self) -> int:
        """All rows together."""
        return sum(removal.rows for removal in self.removals)


@dataclass
class Retention:
    """Deletes what is older than the settings say and needed by nothing.

    Args:
        store: the database, as the keeper.
        log: where the log of payments stands.
        settings: how long things are kept.
        clock: the time.
    """

    store: PostgresRetention
    log: KeptLog
    settings: RetentionSettings
    clock: Clock
    _stays: list[str] = field(default_factory=list)

    def run(self, *, dry_run: bool) -> Outcome:
        """Delete what may go, or with `dry_run` only look.

        Raises:
            ConfigurationError: ids would be forgotten before the log forgets their records, or the role may not delete.
            TemporarilyUnavailable: database or broker did not answer; what was deleted until then is in the audit log.
        """
        self._stays = []
        logs = self._logs()
        check_ids_outlive_the_log(self.settings.keep_ids, logs.kept)
        removals = [*self._months(logs, dry_run=dry_run), *self._rest(logs, dry_run=dry_run)]
        return Outcome(tuple(removal for removal in removals if removal.rows), tuple(self._stays), dry_run)

    def _logs(self) -> LogsNow:
        described = self.log.describe(TRANSACTIONS)
        return LogsNow(
            topic_id=described.topic_id,
            first_offsets={partition: first for partition, (first, _) in described.bounds.items()},
            positions=self.store.positions(),
            archived=self.store.archived(),
            kept=self.log.kept(TRANSACTIONS),
        )

    def _months(self, logs: LogsNow, *, dry_run: bool) -> Iterator[Removal]:
        now = dt.datetime.fromtimestamp(self.clock.now(), dt.UTC)
        going, first, reason = deletable(self.store.months(now - self.settings.keep_scores), logs, self.settings)
        for month in going:
            if not dry_run and not self.store.drop_month(month):
                self._stays.append(f"scores of {month.begins:%Y-%m}: somebody reads them; the next run tries again")
                return
            yield Removal(f"scores of {month.begins:%Y-%m}", month.rows, month.oldest, month.newest)
        if first is not None:
            self._stays.append(f"scores of {first.begins:%Y-%m} and later: {reason}")

    def _rest(self, logs: LogsNow, *, dry_run: bool) -> Iterator[Removal]:
        now, kept, store = dt.datetime.fromtimestamp(self.clock.now(), dt.UTC), self.settings, self.store
        alerts: Callable[..., Removal] = store.old_alerts if dry_run else store.delete_alerts
        ids: Callable[..., Removal] = store.old_ids if dry_run else store.delete_ids
        rest: Callable[..., Removal] = store.old if dry_run else store.delete
        yield alerts(now - kept.keep_alerts)
        yield ids(now - kept.keep_ids)
        yield rest("shadow scores", now - kept.keep_shadow_scores, logs)
        yield rest("refused records", now - kept.keep_quarantine, logs)
        yield rest("sent messages", now - kept.keep_messages, logs)
        yield rest("ended sessions", now - kept.keep_messages, logs)
        for what in ("ended tokens", "audit lines", "disclosures", "replays"):
            yield rest(what, now - kept.keep_audit, logs)
