"""What may go: rules over values, without a database."""

import datetime as dt
from collections.abc import Sequence

from fraudstream.errors import ConfigurationError
from fraudstream.ports.retention import LogsNow, StoredMonth
from fraudstream.settings import RetentionSettings


def deletable(
    months: Sequence[StoredMonth], logs: LogsNow, settings: RetentionSettings
) -> tuple[list[StoredMonth], StoredMonth | None, str]:
    """The months that may go, the first one that must stay, and why.

    They go from the oldest on and never across one that stays, so that what is left of a log is its end.

    Args:
        months: those older than `keep_scores`, in the order of time.
        logs: where the logs stand.
        settings: how long things are kept.
    """
    going: list[StoredMonth] = []
    for month in months:
        reason = reason_to_stay(month, logs, until_archived=settings.keep_until_archived)
        if reason:
            return going, month, reason
        going.append(month)
    return going, None, ""


def reason_to_stay(month: StoredMonth, logs: LogsNow, *, until_archived: bool) -> str:
    """Why a month of scores is still needed; empty if it is not."""
    if month.open_alerts:
        return f"{month.open_alerts} alerts of it are open: `fraudstream alerts`, or the analyst's page"
    if month.waiting_labels:
        return f"{month.waiting_labels} labels of it have not been applied: is the label applier running?"
    for place, end in month.ends.items():
        topic_id, partition = place
        if end > logs.positions.get(place, 0):
            return f"rows of partition {partition} lie beyond the scorer's position: `fraudstream verify`"
        if topic_id == logs.topic_id and end > logs.first_offsets.get(partition, 0):
            return (
                f"the log still holds its records (partition {partition} begins at "
                f"{logs.first_offsets.get(partition, 0)}), and `verify` compares them: set the topic's retention.ms"
            )
        if until_archived and end > logs.archived.get(place, 0):
            return (
                f"partition {partition} is archived up to {logs.archived.get(place, 0)} only: is the archiver "
                "running? Without an archive set KEEP_UNTIL_ARCHIVED=false"
            )
    return ""


def check_ids_outlive_the_log(keep_ids: dt.timedelta, kept: dt.timedelta | None) -> None:
    """Refuse to forget ids of records that may still be read again.

    Raises:
        ConfigurationError: the log is kept for longer than ids are.
    """
    if kept is not None and keep_ids <= kept:
        raise ConfigurationError(
            f"KEEP_IDS is {keep_ids.days} days and the log keeps payments for {kept.days}: a payment read again "
            "would be scored again. Set KEEP_IDS to more than the topic's retention.ms"
        )
