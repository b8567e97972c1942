"""In-memory implementations of the ports in `delivery`; held to the same suites as the real ones."""

import datetime as dt
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from fraudstream.clock import Clock, SystemClock
from fraudstream.contracts.alert import parse_alert
from fraudstream.errors import FraudstreamError
from fraudstream.ports.breaker import HoldStatus, costs, within
from fraudstream.ports.delivery import (
    AlertBudget,
    ChannelDelivery,
    FunctionAnswer,
    Notification,
    OutboxRow,
    QueuedMessage,
    StoredAlert,
    Unsent,
)
from fraudstream.ports.sent_alerts import REMEMBERED_SECONDS, AlertInProgress


@dataclass
class MemoryQueue:
    """`MessageQueue` in memory; what was received comes again `visibility_timeout` seconds later."""

    clock: Clock = field(default_factory=SystemClock)
    visibility_timeout: float = 30.0
    messages: list[QueuedMessage] = field(default_factory=list)
    _hidden_until: dict[str, float] = field(default_factory=dict)

    def put(self, body: str) -> None:
        """Append one message."""
        self.messages.append(QueuedMessage(str(uuid.uuid4()), str(uuid.uuid4()), body))

    def receive(self, most: int, wait: float) -> Sequence[QueuedMessage]:
        """See `MessageQueue.receive`."""
        now = self.clock.monotonic()
        visible = [message for message in self.messages if self._hidden_until.get(message.receipt, now) <= now][:most]
        if not visible:
            self.clock.sleep(wait)
        self._hidden_until |= {message.receipt: now + self.visibility_timeout for message in visible}
        return visible

    def delete(self, messages: Sequence[QueuedMessage]) -> None:
        """See `MessageQueue.delete`."""
        gone = {message.receipt for message in messages}
        self.messages = [message for message in self.messages if message.receipt not in gone]


@dataclass
class MemoryNotifier:
    """`Notifier` that keeps what was published and hands the document to its queue."""

    queue: MemoryQueue = field(default_factory=MemoryQueue)
    published: list[Notification] = field(default_factory=list)

    def publish(self, notification: Notification) -> str:
        """See `Notifier.publish`."""
        self.published.append(notification)
        self.queue.put(notification.document)
        return str(uuid.uuid4())

    def publish_all(self, notifications: Sequence[Notification]) -> Sequence[str | FraudstreamError]:
        """See `BatchNotifier.publish_all`."""
        return [self.publish(notification) for notification in notifications]


@dataclass
class MemorySentAlerts:
    """`SentAlerts` in memory: each alert's message id, none while it is being published, and the end of that entry."""

    clock: Clock = field(default_factory=SystemClock)
    entries: dict[uuid.UUID, tuple[str | None, float]] = field(default_factory=dict)

    def claim(self, alert_id: uuid.UUID, seconds: float) -> str | None:
        """See `SentAlerts.claim`."""
        message_id, end = self.entries.get(alert_id, (None, 0.0))
        if end >= self.clock.now():
            if message_id is None:
                raise AlertInProgress(f"alert {alert_id} is already in progress")
            return message_id
        self.entries[alert_id] = None, self.clock.now() + seconds
        return None

    def settle(self, published: Mapping[uuid.UUID, str]) -> None:
        """See `SentAlerts.settle`."""
        end = self.clock.now() + REMEMBERED_SECONDS
        self.entries |= {alert_id: (message_id, end) for alert_id, message_id in published.items()}

    def release(self, alert_ids: AbstractSet[uuid.UUID]) -> None:
        """See `SentAlerts.release`."""
        self.entries = {alert_id: entry for alert_id, entry in self.entries.items() if alert_id not in alert_ids}


@dataclass
class MemoryDeliveryBook:
    """`DeliveryBook` in memory."""

    clock: Clock = field(default_factory=SystemClock)
    lines: dict[tuple[uuid.UUID, str], ChannelDelivery] = field(default_factory=dict)

    def is_settled(self, alert_id: uuid.UUID, channel: str) -> bool:
        """See `DeliveryBook.is_settled`."""
        line = self.lines.get((alert_id, channel))
        return line is not None and line.delivered_at is not None

    def trying(self, alert_id: uuid.UUID, channel: str) -> int:
        """See `DeliveryBook.trying`."""
        line = self.lines.get((alert_id, channel), ChannelDelivery(channel, 0, None, None, None, None))
        self.lines[alert_id, channel] = replace(line, attempts=line.attempts + 1, tried_at=self._now())
        return line.attempts + 1

    def delivered(self, alert_id: uuid.UUID, channel: str, message_id: str) -> None:
        """See `DeliveryBook.delivered`."""
        line = replace(self.lines[alert_id, channel], delivered_at=self._now(), message_id=message_id, error=None)
        self.lines[alert_id, channel] = line

    def failed(self, alert_id: uuid.UUID, channel: str, error: str) -> None:
        """See `DeliveryBook.failed`."""
        if not self.is_settled(alert_id, channel):
            self.lines[alert_id, channel] = replace(self.lines[alert_id, channel], error=error)

    def deliveries(self, alert_id: uuid.UUID) -> Sequence[ChannelDelivery]:
        """Every channel's line of one alert, by channel."""
        return [line for (named, _), line in sorted(self.lines.items(), key=str) if named == alert_id]

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.clock.now(), dt.UTC)


@dataclass
class InProcessContext:
    """As much of Lambda's context as handlers use."""

    deadline: float
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_name: str = "fraud-alert"
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "256"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:fraud-alert"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the deadline."""
        return max(int((self.deadline - time.monotonic()) * 1_000), 0)


@dataclass
class InProcessInvoker:
    """`FunctionInvoker` that calls a handler in this process: no timeout, no protection from a crash."""

    handler: Callable[[object, object], object]
    timeout: float = 30.0

    def invoke(self, event: bytes) -> FunctionAnswer:
        """See `FunctionInvoker.invoke`."""
        context = InProcessContext(deadline=time.monotonic() + self.timeout)
        try:
            return FunctionAnswer(json.dumps(self.handler(json.loads(event), context)).encode())
        except Exception as error:  # noqa: BLE001 - whatever a function raises is its answer
            document = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return FunctionAnswer(json.dumps(document).encode(), f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """See `FunctionInvoker.close`."""


@dataclass
class MemoryOutbox:
    """`Outbox`, `OutboxBacklog` and `HeldAlerts` in memory.

    `settled` are the ids marked as sent, in order; `held` says since when each held row is; `published` counts the
    alerts of each window.
    """

    clock: Clock = field(default_factory=SystemClock)
    settled: list[int] = field(default_factory=list)
    held: dict[int, float] = field(default_factory=dict)
    published: Counter[float] = field(default_factory=Counter)
    _rows: list[tuple[float, OutboxRow]] = field(default_factory=list)
    _claimed: "_Claim | None" = None

    def add(self, topic: str, key: bytes, value: bytes, *, not_before: float = 0.0) -> int:
        """Append one row and return its id."""
        row = OutboxRow(len(self._rows) + 1, topic, key, value)
        self._rows.append((not_before, row))
        return row.outbox_id

    def claim(self, most: int, budget: AlertBudget | None = None) -> Sequence[OutboxRow]:
        """See `Outbox.claim`."""
        left = most if budget is None else budget.most - self.published[budget.window]
        back = {row.outbox_id for row in self._ordered(self.held)[: max(0, min(left, most))]}
        due = [row for row in self._ordered() if row.outbox_id not in self.held or row.outbox_id in back][:most]
        rows = due if budget is None else within(due, left)
        self._claimed = _Claim(None if budget is None else budget.window, back, rows)
        return rows

    def settle(self, sent: Sequence[int]) -> None:
        """See `Outbox.settle`."""
        self.settled.extend(sent)
        claim, self._claimed = self._claimed or _Claim(), None
        if claim.window is not None:
            self.published[claim.window] += sum(costs(row) for row in claim.rows if row.outbox_id in sent)
        now = self.clock.now()
        self.held = {key: since for key, since in self.held.items() if key not in claim.released}
        self.held |= {row.outbox_id: now for row in claim.rows if row.held}

    def wait(self, timeout: float) -> None:
        """See `Outbox.wait`."""
        self.clock.sleep(timeout)

    def unsent(self) -> Unsent:
        """See `OutboxBacklog.unsent`."""
        ids = {row.outbox_id for row in self._ordered()} - self.held.keys()
        moments = [moment for moment, row in self._rows if row.outbox_id in ids]
        return Unsent(len(ids), self.clock.now() - min(moments) if moments else 0.0, len(self.held))

    def status(self, window: float) -> HoldStatus:
        """See `HeldAlerts.status`."""
        since = dt.datetime.fromtimestamp(min(self.held.values()), dt.UTC) if self.held else None
        return HoldStatus(len(self.held), since, self.published[window])

    def release(self, alert_id: uuid.UUID | None = None) -> int:
        """See `HeldAlerts.release`."""
        rows = self._ordered(self.held)
        if alert_id is not None:
            ids = [parse_alert(row.value).alert_id for row in rows]
            last = ids.index(alert_id) if alert_id in ids else -1
            rows = [row for row in rows[: last + 1] if row.key == rows[last].key]
        gone = {row.outbox_id for row in rows}
        self.held = {key: since for key, since in self.held.items() if key not in gone}
        self._rows = [
            (moment, replace(row, released=row.released or row.outbox_id in gone)) for moment, row in self._rows
        ]
        return len(gone)

    def _ordered(self, among: Container[int] | None = None) -> list[OutboxRow]:
        """Unsent rows that are due, or those of them that are among some, in order."""
        now = self.clock.now()
        due = [(moment, row) for moment, row in self._rows if moment <= now and row.outbox_id not in self.settled]
        ordered = sorted(due, key=lambda item: (item[0], item[1].outbox_id))
        return [row for _, row in ordered if among is None or row.outbox_id in among]


@dataclass(frozen=True)
class _Claim:
    """What is undecided between a claim and its settling."""

    window: float | None = None
    released: AbstractSet[int] = frozenset()
    rows: Sequence[OutboxRow] = ()


@dataclass
class MemoryAlerts:
    """`NotificationLog` and `AlertFeed` in memory."""

    alerts: list[StoredAlert] = field(default_factory=list)
    notifications: dict[str, uuid.UUID] = field(default_factory=dict)

    def record(self, arrived: Mapping[str, uuid.UUID]) -> None:
        """See `NotificationLog.record`."""
        self.notifications = {**arrived, **self.notifications}

    def latest(self, most: int) -> Sequence[StoredAlert]:
        """See `AlertFeed.latest`."""
        return self._ordered()[-most:] if most else []

    def created_since(self, moment: dt.datetime) -> Sequence[StoredAlert]:
        """See `AlertFeed.created_since`."""
        return [alert for alert in self._ordered() if alert.created_at >= moment]

    def _ordered(self) -> list[StoredAlert]:
        notified = set(self.notifications.values())
        return sorted(
            (replace(alert, notified=alert.alert_id in notified) for alert in self.alerts),
            key=lambda alert: (alert.created_at, alert.alert_id),
        )
