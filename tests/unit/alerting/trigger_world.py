"""A topic of alerts in memory, a function that behaves as told, and the trigger between them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fraudstream.adapters.error_document import write_error_document
from fraudstream.adapters.memory import MemoryBroker, MemoryConsumer, MemoryProducer
from fraudstream.alerting.kafka_event import EventSource
from fraudstream.alerting.parking import Parking
from fraudstream.alerting.trigger import Trigger, TriggerPolicy
from fraudstream.clock import ManualClock
from fraudstream.contracts.parked import ParkedRecord, parse_parked
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS
from fraudstream.metrics.board import Board
from fraudstream.ports.delivery import FunctionAnswer

GOOD = FunctionAnswer(b'{"batchItemFailures": []}')
GROUP = "trigger"
PARKING_TIME = 45.0
"""Seconds after which a function that only failed has its records parked."""


def error(kind: str, message: str) -> FunctionAnswer:
    """What a function that raised answers."""
    return FunctionAnswer(write_error_document(kind, message), f"{kind}: {message}")


WAITING = error("TemporarilyUnavailable", "the batch must come again: SNS did not answer")
DEAD = error("Runtime.ExitError", "Runtime exited with signal 9")


@dataclass
class ScriptedFunction:
    """`FunctionInvoker` that behaves as told, and keeps what it was given."""

    behaviour: Callable[["ScriptedFunction", dict[str, Any]], FunctionAnswer]
    given: list[list[int]] = field(default_factory=list)

    def invoke(self, event: bytes) -> FunctionAnswer:
        decoded = json.loads(event)
        self.given.append([record["offset"] for records in decoded["records"].values() for record in records])
        return self.behaviour(self, decoded)

    def close(self) -> None:
        pass


class World:
    """A topic of alerts, a function, and the trigger between them."""

    def __init__(
        self,
        behaviour: Callable[[ScriptedFunction, dict[str, Any]], FunctionAnswer] = lambda *_: GOOD,
        *,
        partitions: int = 1,
        policy: TriggerPolicy | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.broker = MemoryBroker(clock=self.clock)
        self.broker.ensure_topics({ALERTS: partitions, FAILED_ALERTS: 1}, 1)
        self.function = ScriptedFunction(behaviour)
        self.policy = policy or TriggerPolicy()
        self.stopped = False
        self.board = Board("lambda-trigger")
        self.trigger = self.restarted()

    def restarted(self) -> Trigger:
        self.trigger = Trigger(
            MemoryConsumer(self.broker, ALERTS, GROUP),
            self.function,
            Parking(MemoryProducer(self.broker), board=self.board),
            EventSource("127.0.0.1:9092"),
            clock=self.clock,
            policy=self.policy,
            stopping=lambda: self.stopped,
            board=self.board,
        )
        return self.trigger

    def send(self, count: int, *, key: bytes = b"42") -> None:
        for number in range(count):
            self.broker.append(ALERTS, key, str(number).encode())

    @property
    def committed(self) -> int:
        return self.broker.committed.get((GROUP, ALERTS, 0), 0)

    @property
    def parked(self) -> list[ParkedRecord]:
        return [parse_parked(record.value) for record in self.broker.logs[FAILED_ALERTS, 0]]


def naming(*bad: int) -> Callable[[ScriptedFunction, dict[str, Any]], FunctionAnswer]:
    """A function that names these offsets as failed, always."""

    def behave(function: ScriptedFunction, _: dict[str, Any]) -> FunctionAnswer:
        failures = [
            {"itemIdentifier": {"partition": f"{ALERTS}-0", "offset": offset}}
            for offset in function.given[-1]
            if offset in bad
        ]
        return FunctionAnswer(json.dumps({"batchItemFailures": failures}).encode())

    return behave


def dying(*bad: int) -> Callable[[ScriptedFunction, dict[str, Any]], FunctionAnswer]:
    """A function that dies of these offsets, always."""

    def behave(function: ScriptedFunction, _: dict[str, Any]) -> FunctionAnswer:
        if set(bad) & set(function.given[-1]):
            return FunctionAnswer(b"{}", "Runtime.ExitError: Runtime exited with signal 9")
        return GOOD

    return behave


def failing(times: int, answer: FunctionAnswer) -> Callable[[ScriptedFunction, dict[str, Any]], FunctionAnswer]:
    """A function that answers like this the first times, and well afterwards."""
    return lambda function, _: answer if len(function.given) <= times else GOOD
