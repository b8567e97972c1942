"""Watch the running demo: figures, alerts, the scripted fraud, and when it is over."""

import datetime as dt
import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from rich.console import Console
from rich.live import Live

from fraudstream.adapters.database.live_figures import AlertLine
from fraudstream.adapters.database.live_reader import LiveReader
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.clock import Clock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.local import apps
from fraudstream.local.keyboard import Keyboard
from fraudstream.local.live_view import RateMeter, Snapshot, alert_text, line, panel
from fraudstream.local.processes import Supervisor
from fraudstream.local.schedule import DemoPlan
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import RESTARTED, SUPERVISED, WORKED_AT
from fraudstream.settings import DatabaseSettings, KafkaSettings, ProducerSettings

PLAIN_INTERVAL = 3.0
"""Seconds between two lines without a terminal."""
SCREEN_INTERVAL = 0.5
"""Seconds between two looks on a terminal."""
FIRST_FRAUD = 15.0
"""Seconds after which the fraud is played where no length is set."""
ALERTS_SHOWN = 8
"""Alerts on the screen; scripted ones come first."""
ALERTS_READ = 200
"""Newest alerts looked at, so that a scripted one is not missed among the others of the same seconds."""
OTHERS_TOLD = 3
"""Alerts told between two lines without a terminal, beside the scripted ones."""
SCRIPTED = "scripted-*.json"
"""Notes that the producer leaves of the frauds it plays."""


@dataclass
class Watch:
    """Looks at the stream until it is over; plays the scripted fraud; keeps the apps running."""

    supervisor: Supervisor
    plan: DemoPlan
    console: Console
    clock: Clock
    urls: Mapping[str, str]
    board: Board = field(default_factory=partial(Board, "demo"))
    _meter: RateMeter = field(default_factory=RateMeter)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Connect to what is looked at."""
        self._reader = LiveReader(DatabaseSettings.load().database_url.get_secret_value(), TRANSACTIONS)
        self._admin = KafkaAdmin(KafkaSettings.load())
        self._journal = ProducerSettings.load().journal_dir
        self._older = frozenset(self._journal.glob(SCRIPTED))
        self._since = dt.datetime.now(dt.UTC)
        self._began = 0.0
        self._fraud_at = FIRST_FRAUD if self.plan.seconds is None else self.plan.seconds / 2

    def until_over(self) -> None:
        """Return when the planned seconds have passed, or when somebody says stop.

        Raises:
            ProcessEnded: a part of the stack died too often.
        """
        self._began = self.clock.monotonic()
        with Keyboard() as keyboard:
            if self.console.is_terminal:
                with Live(console=self.console, auto_refresh=False, transient=True) as live:
                    while not self._over():
                        if (snapshot := self._step()) is not None:
                            live.update(panel(self._on_screen(snapshot), self.urls), refresh=True)
                        if not self._obey(keyboard.wait(SCREEN_INTERVAL)):
                            return
            else:
                while not self._over():
                    if (snapshot := self._step()) is not None:
                        self._print(snapshot)
                    keyboard.wait(PLAIN_INTERVAL)

    def _over(self) -> bool:
        return self.plan.seconds is not None and self._elapsed() >= self.plan.seconds

    def _elapsed(self) -> float:
        return self.clock.monotonic() - self._began

    def _step(self) -> Snapshot | None:
        for name in self.supervisor.check():
            self.board.count(RESTARTED, 1, name)
            self.console.print(f"{name} had died and was started again; its log is in .local/logs", highlight=False)
        self._show_processes()
        if self.plan.producer and self._elapsed() >= self._fraud_at:
            self._play_fraud()
            self._fraud_at = float("inf")
        try:
            return self._look()
        except TemporarilyUnavailable as error:
            self.console.print(f"no figures at the moment: {error}", highlight=False, markup=False)
            return None

    def _show_processes(self) -> None:
        processes = self.supervisor.processes.items()
        self.board.replace(SUPERVISED, {(name,): float(each.is_running()) for name, each in processes})
        self.board.set(WORKED_AT, self.clock.now())

    def _look(self) -> Snapshot:
        bounds = self._admin.describe(TRANSACTIONS).bounds
        figures, alerts = self._reader.look(since=self._since, most=ALERTS_READ)
        behind = [end - figures.next_offsets.get(partition, first) for partition, (first, end) in bounds.items()]
        lag = sum(max(0, records) for records in behind)
        rate = self._meter.add(self.clock.monotonic(), figures.scored)
        return Snapshot(figures, rate, lag, self._elapsed(), alerts, self.scripted())

    def _on_screen(self, snapshot: Snapshot) -> Snapshot:
        first = sorted(snapshot.alerts, key=lambda alert: str(alert.transaction_id) not in snapshot.scripted)
        return replace(snapshot, alerts=first[:ALERTS_SHOWN])

    def _obey(self, key: str) -> bool:
        if key == "f" and self.plan.producer:
            self._play_fraud()
        return key != "q"

    def _play_fraud(self) -> None:
        producer = self.supervisor.processes.get(apps.PRODUCER)
        if producer is not None and producer.is_running():
            producer.popen.send_signal(signal.SIGUSR1)

    def scripted(self) -> frozenset[str]:
        """Ids of the scripted payments sent since the watch began."""
        ids: set[str] = set()
        for path in set(self._journal.glob(SCRIPTED)) - self._older:
            ids |= {str(identifier) for identifier in json.loads(path.read_text(encoding="utf-8"))["transaction_ids"]}
        return frozenset(ids)

    def scripted_was_notified(self) -> bool:
        """Whether a scripted fraud was alerted since the watch began, and its notification arrived."""
        alerted, notified = self._reader.fates(sorted(self.scripted()))
        return 0 < alerted == notified

    def _print(self, snapshot: Snapshot) -> None:
        self.console.print(line(snapshot), highlight=False, markup=False, soft_wrap=True)
        fresh = [alert for alert in reversed(snapshot.alerts) if str(alert.alert_id) not in self._told]
        self._told |= {str(alert.alert_id) for alert in fresh}
        scripted = [alert for alert in fresh if str(alert.transaction_id) in snapshot.scripted]
        others = [alert for alert in fresh if str(alert.transaction_id) not in snapshot.scripted]
        for alert in others[-OTHERS_TOLD:]:
            self._tell(alert, scripted=False)
        for alert in scripted:
            self._tell(alert, scripted=True)

    def _tell(self, alert: AlertLine, *, scripted: bool) -> None:
        self.console.print("   " + alert_text(alert, scripted=scripted), highlight=False, markup=False, soft_wrap=True)
