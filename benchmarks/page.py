"""What the analyst's page costs the scorer while it is open, and how soon a decision stands in the risk tables."""

import contextlib
import json
import multiprocessing
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from itertools import islice
from multiprocessing.synchronize import Event
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import numpy as np

from benchmarks.latency import WARM_UP, Latency, latency_of
from benchmarks.open_loop import send
from benchmarks.payments import SMALL, city_for
from benchmarks.stand import READY_TIMEOUT, Stand, opened_stand
from fraudstream.adapters.database.account_store import PostgresAccounts, Standing
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.dashboard.access import Access
from fraudstream.local import apps
from fraudstream.producer.outgoing import Outgoing

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

NAME, PASSWORD = "analyst", "only for this measurement"  # nosec B105 - its database is gone afterwards
ANSWER_TIMEOUT, EVENT_TIMEOUT, FELT_TIMEOUT = 30.0, 60.0, 30.0
SECOND = 1_000.0
LOOK = 0.005
"""Seconds between two looks whether a decision is felt."""
OPEN_ALERTS = (
    "SELECT alert_id::text, transaction_id::text FROM alerts WHERE status = 'open' ORDER BY created_at LIMIT %s"
)
FELT = """
SELECT FROM labels JOIN label_progress ON labels.label_seq <= label_progress.label_seq
WHERE transaction_id = %s AND source = 'analyst' LIMIT 1
"""


@dataclass(frozen=True)
class PageCost:
    """Latencies of scoring without and with so many open pages, and milliseconds from a decision to its effect."""

    pages: int
    without: list[Latency]
    beside: list[Latency]
    renewals: int
    felt: list[float]

    def __str__(self) -> str:
        """As a person reads it."""
        p50, worst = np.quantile(self.felt, [0.5, 1.0])
        apart, together = (np.median([each.p99 for each in rounds]) for rounds in (self.without, self.beside))
        soon = sum(each <= SECOND for each in self.felt)
        return (
            f"p99 with {self.pages} pages open is {together / apart:.2f} times that without (medians); "
            f"they renewed rows {self.renewals:,} times\n"
            f"{len(self.felt)} decisions stood in the risk tables after p50 {p50:.0f} ms, {soon} of them within a "
            f"second, the last after {worst:.0f} ms"
        )


class Visitor:
    """Somebody signed in, who listens and renews rows as the page's script does."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._form_token = ""
        self.renewals = 0
        self._ask("/sign-in", name=NAME, password=PASSWORD, next="/")
        self._form_token = self._ask("/").partition('name="form-token" content="')[2].partition('"')[0]

    def see(self, alert_id: str) -> str:
        """What the page shows of an alert, as a decision about it names it."""
        return self._ask(f"/alerts/{alert_id}/now").partition('data-seen="')[2].partition('"')[0]

    def decide(self, seen: str) -> None:
        """Confirm the fraud."""
        self._ask("/decisions", seen=seen, outcome="fraud", note="measured")

    def look(self, ended: Event) -> None:
        """Keep a page open until told, and renew what it says has changed."""
        with self._opener.open(f"{self._address}/events", timeout=EVENT_TIMEOUT) as events:
            kind = ""
            for line in events:
                if ended.is_set():
                    return
                name, _, value = line.decode().strip().partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    named = (
                        "/rows/some?" + urlencode({"ids": ",".join(json.loads(value))}) if kind == "rows" else "/rows"
                    )
                    self._ask(named)
                    self.renewals += 1

    def _ask(self, path: str, **fields: str) -> str:
        body = urlencode({"form_token": self._form_token, **fields}).encode() if fields else None
        with self._opener.open(self._address + path, body, timeout=ANSWER_TIMEOUT) as answer:
            return str(answer.read().decode())


def measure_page(now: float, *, rate: float, seconds: float, pages: int, rounds: int, decisions: int) -> PageCost:
    """Score a stream without and with open pages in turns, then decide about alerts while it goes on."""
    needed = int(rate * (WARM_UP + seconds * (2 * rounds + 1))) + 1
    with opened_stand(city_for(needed, now=now, **SMALL)) as stand:
        print(stand.train())
        address = _start(stand)
        stream = stand.city.outgoing()
        send(stand, stream, rate=rate, seconds=WARM_UP)
        without: list[Latency] = []
        beside: list[Latency] = []
        renewals = 0
        for _ in range(rounds):
            without.append(_measured(stand, stream, rate, seconds))
            print(f"no page open: {without[-1]}", flush=True)
            with _open(address, pages) as renewed:
                beside.append(_measured(stand, stream, rate, seconds))
            renewals += int(renewed.value)
            print(f"{pages} pages open: {beside[-1]}", flush=True)
        sending = threading.Thread(target=lambda: send(stand, stream, rate=rate, seconds=seconds))
        sending.start()
        felt = _decided(stand, Visitor(address), decisions)
        sending.join()
        return PageCost(pages, without, beside, renewals, felt)


def _start(stand: Stand) -> str:
    """Start scorer, services and page, with an analyst's account; returns the page's address."""
    scorer = stand.start_scorer()
    for command in apps.services(stand.environments):
        stand.stack.supervisor.start(command)
    page = stand.stack.supervisor.start(apps.dashboard(stand.environments))
    stand.wait_until_ready(scorer)
    address = f"http://127.0.0.1:{stand.environments.common['DASHBOARD_PORT']}"
    stand.stack.supervisor.wait_until(page, lambda: _answers(address), READY_TIMEOUT)
    with contextlib.closing(ConnectionPool(stand.url(Role.DASHBOARD), application="benchmark", size=1)) as pool:
        access = Access(PostgresAccounts(pool))
        secret = access.new_account(NAME, Standing.ANALYST)
        account = access.accounts.find(NAME)
        if account is None:
            raise LookupError(f"{NAME} was made, and is not there")
        access.change_password(account, secret, PASSWORD)
    return address


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/sign-in", timeout=ANSWER_TIMEOUT):  # noqa: S310  # nosec B310 - ours
            return True
    except OSError:
        return False


def _measured(stand: Stand, stream: Iterator[Outgoing], rate: float, seconds: float) -> Latency:
    ready = iter(list(islice(stream, int(rate * seconds) + 1)))
    return latency_of(stand, rate, send(stand, ready, rate=rate, seconds=seconds), alerts=False)


@contextlib.contextmanager
def _open(address: str, pages: int) -> Iterator["Synchronized[int]"]:
    """So many pages, signed in, in a process of their own: none of their work delays what is sent.

    Yields how often they renewed rows, known when they are closed.
    """
    spawned = multiprocessing.get_context("spawn")
    begun, ended, renewals = spawned.Event(), spawned.Event(), spawned.Value("q", 0)
    browser = spawned.Process(target=_browse, args=(address, pages, begun, ended, renewals), daemon=True)
    browser.start()
    begun.wait(EVENT_TIMEOUT)
    try:
        yield renewals
    finally:
        ended.set()
        browser.join(EVENT_TIMEOUT)
        browser.kill()


def _browse(address: str, pages: int, begun: Event, ended: Event, renewals: "Synchronized[int]") -> None:
    visitors = [Visitor(address) for _ in range(pages)]
    looking = [threading.Thread(target=each.look, args=(ended,), daemon=True) for each in visitors]
    for each in looking:
        each.start()
    begun.set()
    ended.wait()
    renewals.value = sum(each.renewals for each in visitors)


def _decided(stand: Stand, visitor: Visitor, decisions: int) -> list[float]:
    """Decide about so many open alerts, one after the other; milliseconds from the click to the risk tables.

    Raises:
        TimeoutError: one of them does not.
    """
    opened = contextlib.closing(connect(stand.url(Role.READER), application="fraudstream benchmark"))
    felt = []
    with opened as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(OPEN_ALERTS, (decisions,))
            for alert_id, transaction_id in cursor.fetchall():
                seen = visitor.see(alert_id)
                begun = time.monotonic()
                visitor.decide(seen)
                while True:
                    cursor.execute(FELT, (transaction_id,))
                    if cursor.fetchone() is not None:
                        break
                    if time.monotonic() - begun > FELT_TIMEOUT:
                        raise TimeoutError(
                            f"the decision about alert {alert_id} is not felt after {FELT_TIMEOUT:.0f} s"
                        )
                    time.sleep(LOOK)
                felt.append((time.monotonic() - begun) * 1e3)
    return felt
