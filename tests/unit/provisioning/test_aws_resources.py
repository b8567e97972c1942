"""What is missing is put back; an AWS that does not answer is asked again, for ever."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from fraudstream.adapters.aws.resources import AlertingResources
from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.provisioning.aws_resources import keep

EVERY = 5.0
MADE = AlertingResources("topic", "queue", "table")


@dataclass
class Emulated:
    """Two resources that may be forgotten; what raises is taken from `troubles`, one for each call of that name."""

    there: set[str] = field(default_factory=set)
    troubles: dict[str, list[Exception]] = field(default_factory=dict)
    clock: ManualClock = field(default_factory=ManualClock)
    looks: list[float] = field(default_factory=list)
    creations: int = 0

    def missing(self) -> Sequence[str]:
        self.looks.append(self.clock.monotonic())
        self._maybe_fail("missing")
        return sorted({"queue", "topic"} - self.there)

    def ensure(self) -> AlertingResources:
        self.creations += 1
        self.there.add("queue")
        self._maybe_fail("ensure")
        self.there.add("topic")
        return MADE

    @property
    def pauses(self) -> list[float]:
        return [later - earlier for earlier, later in pairwise(self.looks)]

    def _maybe_fail(self, name: str) -> None:
        if self.troubles.get(name):
            raise self.troubles[name].pop(0)


def run(emulated: Emulated, *, looks: int, heartbeat: Heartbeat | None = None) -> None:
    keep(
        emulated,
        every=EVERY,
        stopping=lambda: len(emulated.looks) >= looks,
        clock=emulated.clock,
        heartbeat=heartbeat,
    )


def unavailable(times: int) -> list[Exception]:
    return [TemporarilyUnavailable("the endpoint did not answer") for _ in range(times)]


def test_what_is_missing_is_created_and_then_left_alone() -> None:
    emulated = Emulated()

    run(emulated, looks=4)

    assert emulated.there == {"queue", "topic"}
    assert emulated.creations == 1


def test_what_is_there_is_not_touched() -> None:
    emulated = Emulated(there={"queue", "topic"})

    run(emulated, looks=3)

    assert emulated.creations == 0


def test_what_is_forgotten_is_put_back_at_the_next_look() -> None:
    emulated = Emulated()
    run(emulated, looks=1)
    emulated.there.clear()

    run(emulated, looks=2)

    assert emulated.there == {"queue", "topic"}


def test_looks_are_as_far_apart_as_asked_for() -> None:
    emulated = Emulated()

    run(emulated, looks=3)

    assert emulated.pauses == [EVERY, EVERY]


def test_an_aws_that_does_not_answer_is_asked_again_with_growing_pauses() -> None:
    emulated = Emulated(troubles={"missing": unavailable(6)})

    run(emulated, looks=7)

    assert emulated.pauses == [0.5, 1, 2, 4, 5, 5]
    assert emulated.there == {"queue", "topic"}


def test_an_aws_that_is_gone_for_hours_is_waited_for() -> None:
    emulated = Emulated(troubles={"missing": unavailable(2_000)})

    run(emulated, looks=2_001)

    assert emulated.there == {"queue", "topic"}


def test_a_creation_that_broke_off_is_begun_again_even_if_nothing_seems_to_be_missing() -> None:
    emulated = Emulated(there={"topic"}, troubles={"ensure": unavailable(1)})

    run(emulated, looks=3)

    assert emulated.creations == 2


def test_the_heart_beats_once_everything_is_there_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "healthy"
    emulated = Emulated(troubles={"ensure": unavailable(1)})

    run(emulated, looks=1, heartbeat=Heartbeat(path, ManualClock()))
    before = path.exists()
    run(emulated, looks=2, heartbeat=Heartbeat(path, ManualClock()))

    assert not before
    assert path.exists()


def test_a_stop_is_noticed_within_a_pause() -> None:
    emulated = Emulated()
    began = emulated.clock.monotonic()

    keep(emulated, every=3_600.0, stopping=lambda: emulated.clock.monotonic() > began, clock=emulated.clock)

    assert emulated.clock.monotonic() - began < 1


def test_what_must_be_configured_ends_it() -> None:
    emulated = Emulated(troubles={"ensure": [ConfigurationError("another account")]})

    with pytest.raises(ConfigurationError, match="another account"):
        run(emulated, looks=3)
