"""Alerts as they come in, for people who watch."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from fraudstream.clock import Clock
from fraudstream.contracts.alert import CONFIRMED, DISMISSED
from fraudstream.ports.breaker import HELD
from fraudstream.ports.delivery import AlertFeed, StoredAlert

OVERLAP = dt.timedelta(seconds=60)
"""How far back each look reaches: an alert bears a time before its commit, so others may overtake it."""
INTERVAL = 0.5
"""Seconds between two looks."""
SAME_TIME = dt.timedelta(minutes=1)
"""A payment whose own time is further from its alert's is shown with both: a simulated stream lies in the past."""
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def follow_alerts(
    feed: AlertFeed, *, last: int, clock: Clock, stopping: Callable[[], bool] = lambda: False
) -> Iterator[StoredAlert]:
    """Yield the newest `last` alerts, then every new one as it appears, each once, until `stopping`.

    Raises:
        TemporarilyUnavailable: the store did not answer.
    """
    newest = feed.latest(max(last, 1))
    cursor = newest[-1].created_at if newest else LONG_AGO
    seen = {alert.alert_id: alert.created_at for alert in feed.created_since(cursor - OVERLAP)} if newest else {}
    shown = newest[-last:] if last else []
    seen |= {alert.alert_id: alert.created_at for alert in shown}
    yield from shown
    while not stopping():
        fresh = [alert for alert in feed.created_since(cursor - OVERLAP) if alert.alert_id not in seen]
        yield from fresh
        seen |= {alert.alert_id: alert.created_at for alert in fresh}
        cursor = max([cursor, *(alert.created_at for alert in fresh)])
        seen = {alert_id: moment for alert_id, moment in seen.items() if moment >= cursor - OVERLAP}
        clock.sleep(INTERVAL)


def alert_lines(alert: StoredAlert) -> Sequence[str]:
    """An alert as people read it: one line of facts, one for each reason.

    It begins with the time it was raised; the payment's own is said where that is another one. Both are UTC.
    """
    when = _moment(alert.created_at)
    if abs(alert.created_at - alert.event_time) > SAME_TIME:
        when += f"  paid {_moment(alert.event_time)}"
    waits = "held" if alert.status == HELD else "not notified yet"
    told = "notified" if alert.notified else waits
    worked = f", {alert.status}" if alert.status in {CONFIRMED, DISMISSED} else ""
    facts = f"{when}  score {alert.score:.3f}  {alert.amount:,.2f}  customer {alert.user_id}  {told}{worked}"
    ids = f"payment {alert.transaction_id}  alert {alert.alert_id}"
    return [f"{facts}  {ids}", *(f"    {reason.text}" for reason in alert.reasons)]


def _moment(time: dt.datetime) -> str:
    return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"
