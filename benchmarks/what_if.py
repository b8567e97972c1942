"""How long an answer of the scoring API takes, at a rate that is asked whatever happens."""

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, islice

import numpy as np

from benchmarks.open_loop import send
from benchmarks.payments import SMALL, city_for
from benchmarks.stand import Stand, opened_stand
from fraudstream.analyst.token_file import read_or_make_token
from fraudstream.local.apps import scoring_api
from fraudstream.local.ports import LOOPBACK, reserve
from fraudstream.producer.outgoing import Outgoing

READY_TIMEOUT, ANSWER_TIMEOUT = 60.0, 10.0
WARM_UP = 3.0
"""Seconds of questions that do not count."""
ASKING = 16
"""Connections, each asked by a thread of its own."""
OK = 200


@dataclass(frozen=True)
class Answers:
    """At a rate (questions a second): milliseconds from when a question was due until its answer was read."""

    rate: float
    questions: int
    without_score: int
    p50: float
    p99: float
    worst: float

    def __str__(self) -> str:
        """As a person reads it."""
        return (
            f"{self.rate:,.0f} questions a second: answered after p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms, "
            f"at the latest {self.worst:.1f} ms ({self.questions:,} questions, {self.without_score:,} without a score)"
        )


def measure_what_if(now: float, *, rate: float, seconds: float, streaming: float) -> Answers:
    """Train, start the scoring API and ask; beside a stream of `streaming` payments a second, if there is to be one."""
    questions = int(rate * (seconds + WARM_UP))
    city = city_for(questions + int(streaming * (seconds + WARM_UP)), now=now, **SMALL)
    with opened_stand(city) as stand:
        print(stand.train())
        stream = stand.city.outgoing()
        bodies = [payment.value for payment in islice(stream, questions)]
        with _running(stand) as (port, token), _streaming(stand, stream, streaming, seconds + WARM_UP):
            return _ask(port, token, bodies, rate)


@contextlib.contextmanager
def _running(stand: Stand) -> Iterator[tuple[int, str]]:
    folder = stand.stack.home / "scoring-api"
    port = reserve(stand.stack.home, ["scoring-api"])["scoring-api"]
    process = stand.stack.supervisor.start(scoring_api(stand.environments, port, folder))
    stand.stack.supervisor.wait_until(process, lambda: "scoring api ready" in process.output(), READY_TIMEOUT)
    yield port, read_or_make_token(folder)


@contextlib.contextmanager
def _streaming(stand: Stand, stream: Iterator[Outgoing], rate: float, seconds: float) -> Iterator[None]:
    if not rate:
        yield
        return
    stand.wait_until_ready(stand.start_scorer())
    sending = threading.Thread(target=lambda: send(stand, stream, rate=rate, seconds=seconds))
    sending.start()
    yield
    sending.join()


def _ask(port: int, token: str, bodies: Sequence[bytes], rate: float) -> Answers:
    begun, numbers = time.monotonic() + 0.1, count()
    took, statuses = np.full(len(bodies), np.nan), np.zeros(len(bodies), np.int64)

    def asking() -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with contextlib.closing(http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_TIMEOUT)) as connection:
            while (number := next(numbers)) < len(bodies):
                due = begun + number / rate
                time.sleep(max(due - time.monotonic(), 0.0))
                connection.request("POST", "/score", bodies[number], headers)
                answer = connection.getresponse()
                answer.read()
                took[number], statuses[number] = time.monotonic() - due, answer.status

    with ThreadPoolExecutor(ASKING) as threads:
        for asked in [threads.submit(asking) for _ in range(ASKING)]:
            asked.result()
    counted = slice(int(WARM_UP * rate), None)
    p50, p99 = np.quantile(took[counted] * 1e3, [0.5, 0.99])
    without = int((statuses[counted] != OK).sum())
    return Answers(rate, len(took[counted]), without, float(p50), float(p99), float(took[counted].max() * 1e3))
