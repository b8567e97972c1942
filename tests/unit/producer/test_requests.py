"""Signals are wishes that the loop looks at."""

import os
import signal
from collections.abc import Iterator

import pytest

from fraudstream.producer.requests import Requests, listen

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


@pytest.fixture
def requests() -> Iterator[Requests]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield listen()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_for_an_orderly_end_and_the_second_ends_at_once(
    number: signal.Signals, requests: Requests
) -> None:
    os.kill(os.getpid(), number)

    assert requests == Requests(stop=True)
    assert signal.getsignal(number) is signal.SIG_DFL


def test_each_user_signal_asks_for_one_fraud(requests: Requests) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR1)

    assert requests == Requests(frauds=2)
