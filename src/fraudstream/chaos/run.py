"""A run of faults from its seed to its balance."""

import contextlib
import random
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from fraudstream.adapters.database.vitals import port_of, read_order
from fraudstream.chaos.faults import Hands, NotPossible, hits_the_scorer, sign_of
from fraudstream.chaos.plan import Fault, Kind, counts, plan
from fraudstream.chaos.proxy import Wire
from fraudstream.chaos.pulse import Pulse, Sign, StandsStill
from fraudstream.chaos.report import Outcome, Recovery
from fraudstream.chaos.stage import Stage, small_disk, wired
from fraudstream.chaos.traffic import BadTraffic
from fraudstream.clock import Clock, SystemClock
from fraudstream.local import apps
from fraudstream.local.demo import Progress
from fraudstream.local.launch import Say, environment_put_back, prepare
from fraudstream.local.schedule import DemoPlan, world_start
from fraudstream.local.stack import EmbeddedStack
from fraudstream.verify.main import verify

BETWEEN = 1_000
"""Payments scored between two faults at the least."""
RECOVERY_TIMEOUT = 180.0
"""Seconds after which a part that does not move again counts as dead."""
DRAIN_SECONDS = 180.0
CUSTOMERS, HISTORY_DAYS = 2_000, 45


@dataclass(frozen=True)
class Request:
    """A run: `kills` kills within `seconds` seconds, at `rate` payments a second; the rest follows from the seed.

    `standby` has a second scorer stand by, as on a machine of its own.
    """

    seed: int
    kills: int
    seconds: float
    rate: float
    parity: bool = True
    standby: bool = True


@dataclass
class _Log:
    made: list[Fault] = field(default_factory=list)
    not_made: dict[str, str] = field(default_factory=dict)
    recoveries: list[Recovery] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run(request: Request, home: Path | None = None, clock: Clock | None = None) -> int:
    """Make the faults and draw up the balance; returns the exit status.

    The stack lives in a folder of its own, which is removed if everything held, and kept and named if not.

    Raises:
        ConfigurationError: this machine lacks something; the message says what.
        ProcessEnded: a server did not come back.
    """
    chosen = clock or SystemClock()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = Progress(Console(highlight=False), chosen, chosen.monotonic())
    progress.say(f"seed {request.seed}: {request.kills} kills, and other faults between them")
    folder = home or Path(tempfile.mkdtemp(prefix="fraudstream-chaos-"))
    held = False
    try:
        outcome = _run(request, folder, chosen, progress.say)
        held = outcome.holds
    finally:
        if home is None and held:
            shutil.rmtree(folder, ignore_errors=True)
        elif home is None:
            progress.say(f"logs and data are kept in {folder}")
    sys.stdout.write(f"CHAOS {outcome.to_json()}\n")
    sys.stdout.flush()
    return 0 if outcome.holds else 1


def _run(request: Request, home: Path, clock: Clock, say: Say) -> Outcome:
    began = clock.monotonic()
    city = DemoPlan(
        seconds=int(request.seconds),
        rate=request.rate,
        producer=True,
        seed=request.seed % 1_000,
        customers=CUSTOMERS,
        history_days=HISTORY_DAYS,
    )
    with contextlib.ExitStack() as open_:
        is_small = open_.enter_context(small_disk(home / "checkpoints"))
        stack = open_.enter_context(EmbeddedStack(home, clock=clock))
        say("Kafka, PostgreSQL and the AWS endpoint accept connections")
        open_.enter_context(environment_put_back())
        environments = prepare(stack, say)
        database, endpoint = (open_.enter_context(Wire(port)) for port in _ports(stack))
        stage = Stage(
            stack,
            city,
            clock,
            say,
            database,
            endpoint,
            small_disk=is_small,
            has_standby=request.standby,
            environments=wired(environments, database, endpoint),
            start=world_start(city),
        )
        stage.begin()
        with BadTraffic(stage.kafka, request.seed, clock) as bad:
            log = _disturb(stage, request)
        say(f"{bad.sent:,} records nobody wants were sent; ending the stream, waiting for what is in flight")
        stage.stop(apps.PRODUCER)
        stage.attend()
        balance = verify(seed=request.seed, wait_seconds=DRAIN_SECONDS, parity=request.parity)
        stage.stop_apps()
        return Outcome(
            seed=request.seed,
            kills=sum(fault.kind == Kind.KILL for fault in log.made),
            faults=counts(log.made),
            not_made=log.not_made,
            recoveries=tuple(log.recoveries),
            stops=stage.stops,
            balance=balance,
            order=read_order(stage.reader_url),
            seconds=clock.monotonic() - began,
            problems=tuple(log.problems),
        )


def _disturb(stage: Stage, request: Request) -> _Log:
    """Make the planned faults, one after the other, each on a stack that has recovered from the one before."""
    log, pulse = _Log(), Pulse(stage.reader_url, stage.clock, stage.attend)
    hands = Hands(stage, pulse, random.Random(f"hands {request.seed}"))  # noqa: S311 - a plan, not a secret
    faults = plan(request.seed, request.kills)
    end = stage.clock.monotonic() + request.seconds
    pulse.until_more(Sign.COMMITS, timeout=RECOVERY_TIMEOUT)
    for number, fault in enumerate(faults, 1):
        pulse.until_scored(BETWEEN, timeout=RECOVERY_TIMEOUT)
        if hits_the_scorer(fault):
            stage.until_one_stands_by(RECOVERY_TIMEOUT)
        if stage.clock.monotonic() > end:
            log.problems.append(f"only {len(log.made)} of {len(faults)} faults fit into {request.seconds:.0f} s")
            break
        _make(fault, f"{number}/{len(faults)}", hands, pulse, log, stage)
    return log


def _make(fault: Fault, place: str, hands: Hands, pulse: Pulse, log: _Log, stage: Stage) -> None:
    began = stage.clock.monotonic()
    try:
        hands.make(fault)
        lasted = stage.clock.monotonic() - began
        waited = pulse.until_more(sign_of(fault), timeout=RECOVERY_TIMEOUT)
    except NotPossible as reason:
        log.not_made[str(fault)] = str(reason)
        stage.say(f"{place}  {fault}: not made, {reason}")
        return
    except StandsStill as trouble:
        log.problems.append(f"{fault}: {trouble}")
        raise
    log.made.append(fault)
    recovered = waited + (lasted if fault.kind == Kind.KILL else 0.0)
    log.recoveries.append(Recovery(str(fault), recovered))
    stage.say(f"{place}  {fault}: {sign_of(fault).value} again after {recovered:.1f} s")


def _ports(stack: EmbeddedStack) -> tuple[int, int]:
    return port_of(stack.environment["DATABASE_URL"]), int(stack.environment["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])
