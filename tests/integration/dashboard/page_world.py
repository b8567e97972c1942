"""The analyst's page as a process on a scored stream: real database, real broker, rows by the real scorer."""

import collections
import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest
from tests.integration.analyst.stream import LabelledStream, labelled_stream
from tests.integration.dashboard.http_client import Client
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.account_store import PostgresAccounts, Standing
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.dashboard.access import Access
from fraudstream.settings import KafkaSettings

MAIN = Path(__file__).parents[3] / "services" / "dashboard" / "main.py"
PASSWORD = "a password of these tests"
MERCHANT = 7
LONGEST = 180.0
"""Seconds a start may take."""


@dataclass
class PageWorld:
    """A running page; `first_secret` is what its first start has printed."""

    address: str
    url: str
    stream: LabelledStream
    process: subprocess.Popen[str]
    first_secret: str
    journals: Path
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    customers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1_000))

    def account(self, name: str, standing: Standing) -> str:
        """An account with `PASSWORD`, made if it is not there; returns its name."""
        with contextlib.closing(ConnectionPool(self.url, application="test", size=1)) as pool:
            access = Access(PostgresAccounts(pool))
            if access.accounts.find(name) is None:
                access.new_account(name, standing)
                account = access.accounts.find(name)
                assert account is not None
                access.accounts.set_password(account, access.hasher.hash(PASSWORD), one_time=False)
        return name

    def pay(self, *, user_id: int = 1, amount: float = 12.0, merchant_id: int | None = MERCHANT) -> uuid.UUID:
        """A payment that is scored; large ones raise an alert."""
        number = next(self.numbers)
        self.stream.stack.send(a_payment(number, user_id=user_id, amount=amount, merchant_id=merchant_id))
        self.stream.stack.score()
        return uuid.UUID(int=number)

    def alert(self, *, user_id: int | None = None, merchant_id: int | None = MERCHANT) -> uuid.UUID:
        """A payment that raises an alert, of a new customer if none is named; returns the alert's id."""
        payment = self.pay(user_id=user_id or next(self.customers), amount=90_000.0, merchant_id=merchant_id)
        ((alert_id,),) = self.stream.stack.run(
            "SELECT alert_id::text FROM alerts WHERE transaction_id = %s", str(payment)
        )
        return uuid.UUID(alert_id)

    def client(self, name: str, standing: Standing) -> Client:
        """Somebody signed in without a browser."""
        client = Client(self.address)
        assert client.sign_in(self.account(name, standing), PASSWORD).status == 303
        return client


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def page_world(kafka: KafkaSettings, url: str, unique_name: Callable[[str], str]) -> Iterator[PageWorld]:
    """The page on a database of its own."""
    with (
        pytest.MonkeyPatch.context() as environment,
        labelled_stream(kafka, url, unique_name, environment) as stream,
        tempfile.TemporaryDirectory() as journals,
        running(url, Path(journals)) as process,
    ):
        KafkaAdmin(kafka).ensure_topics({TRANSACTIONS: 1}, 1)
        assert process.stdout is not None
        assert process.stderr is not None
        environment.undo()  # the process has it by now, and tests of other folders want none of it
        with killed_after(LONGEST, process):
            secret = process.stdout.readline().split()[-1]
            address = json.loads(process.stderr.readline())["address"]
        with heard_out(process, process.stderr):
            yield PageWorld(address, url, stream, process, secret, Path(journals))


@contextlib.contextmanager
def running(url: str, journals: Path) -> Iterator[subprocess.Popen[str]]:
    """The page's process in this environment; killed in the end."""
    given = {"DASHBOARD_DATABASE_URL": url, "DASHBOARD_PORT": str(free_port()), "LOG_FORMAT": "json"}
    given["JOURNAL_DIR"] = str(journals)
    with subprocess.Popen(
        [sys.executable, str(MAIN)],
        env={**os.environ, **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def killed_after(seconds: float, process: subprocess.Popen[str]) -> Iterator[None]:
    """Whoever waits for the process meanwhile does not wait for ever."""
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


@contextlib.contextmanager
def heard_out(process: subprocess.Popen[str], log: IO[str]) -> Iterator[None]:
    """Listen to a process to its end: one that nobody listens to stops as soon as its pipe is full."""
    reader = threading.Thread(target=collections.deque, args=(log, 0), daemon=True)
    reader.start()
    try:
        yield
    finally:
        process.kill()
        reader.join()
