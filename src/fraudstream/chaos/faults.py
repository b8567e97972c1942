"""Doing what a plan says to a running stack; every fault is over when its function returns."""

import contextlib
import os
import random
import shutil
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path

from fraudstream.adapters.aws.bucket import ensure_bucket
from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.aws.resources import ensure_alerting_resources
from fraudstream.chaos.plan import Fault, Kind
from fraudstream.chaos.pulse import Pulse, Sign
from fraudstream.chaos.stage import SCORER, SERVERS, STANDBY, Stage, lasting
from fraudstream.chaos.traffic import label_storm
from fraudstream.errors import FraudstreamError
from fraudstream.local import apps
from fraudstream.local.pids import family, started_at
from fraudstream.local.ports import is_listening
from fraudstream.local.processes import Command
from fraudstream.settings import AlertingSettings, ArchiveSettings, DatabaseSettings, KafkaSettings

MLFLOW = "mlflow"
PAUSE_SECONDS = 6.0
WIRE_SECONDS = 8.0
RESETS = 5
DELAY_SECONDS = 0.3
FULL_SECONDS = 8.0
STORM_LABELS = 4_000
ZOMBIE_TIMEOUT = 60.0
START_TIMEOUT = 120.0
QUIET_TIMEOUT = 120.0
"""How long messages may be on their way: a receiver that died keeps its own for half a minute."""
POLL_SECONDS = 0.1
SIGNS = {
    "alert-relay": Sign.NOTIFICATIONS,
    "lambda-trigger": Sign.NOTIFICATIONS,
    "inbox": Sign.NOTIFICATIONS,
    "aws": Sign.NOTIFICATIONS,
    "label-applier": Sign.LABELS,
    "labels": Sign.LABELS,
}
"""What must move again after a fault; commits after every other."""
ZOMBIE = "scorer-asleep"


class NotPossible(FraudstreamError):  # noqa: N818 - says what happened
    """This fault cannot be made on this machine; the message says why."""


def sign_of(fault: Fault) -> Sign:
    """What must move again after it."""
    return SIGNS.get(fault.target, Sign.COMMITS)


def hits_the_scorer(fault: Fault) -> bool:
    """Whether the scorer at work does not survive it; a second one is to be ready then, as it would be in peace."""
    return fault.target in (SCORER, "checkpoint") and fault.kind is not Kind.PAUSE


@dataclass
class Hands:
    """Makes faults on a stage; `draw` decides what a plan leaves open."""

    stage: Stage
    pulse: Pulse
    draw: random.Random
    _models: int = field(default=1, init=False)

    def make(self, fault: Fault) -> None:
        """Make one fault and end it.

        Raises:
            NotPossible: not on this machine; nothing was done.
            ProcessEnded: a server did not come back.
        """
        doing = {
            Kind.KILL: self._kill,
            Kind.PAUSE: self._pause,
            Kind.RESTART: self._restart,
            Kind.RESET: self._reset,
            Kind.DELAY: self._delay,
            Kind.OUTAGE: self._outage,
            Kind.SWAP: self._swap,
            Kind.LOSE: self._lose,
            Kind.FILL: self._fill,
            Kind.SUPERSEDE: self._supersede,
            Kind.STORM: self._storm,
        }
        doing[fault.kind](fault.target)

    def _kill(self, target: str) -> None:
        if target == "worker":
            os.kill(self._worker(), signal.SIGKILL)
        elif target == "aws":
            self._kill_emulator()
        elif target == MLFLOW:
            self.stage.stack.supervisor.again(MLFLOW)
        elif target in SERVERS:
            self.stage.server_again(target)
        else:
            self.stage.stack.supervisor.again(self._name(target))

    def _kill_emulator(self) -> None:
        """AWS itself does not forget what it has accepted; its emulator does, so nothing may be on its way in it."""
        supervisor = self.stage.stack.supervisor
        trigger = supervisor.processes["lambda-trigger"].command
        supervisor.stop_process("lambda-trigger")
        queue = SqsQueue(ensure_alerting_resources(AlertingSettings.load()).queue_url)
        deadline = self.stage.clock.monotonic() + QUIET_TIMEOUT
        while queue.on_the_way() and self.stage.clock.monotonic() < deadline:
            self.stage.attend()
            self.stage.clock.sleep(POLL_SECONDS)
        self.stage.server_again("aws")
        ensure_alerting_resources(AlertingSettings.load())
        ensure_bucket(ArchiveSettings.load().archive_bucket)
        supervisor.start(trigger)

    def _pause(self, target: str) -> None:
        pids = [self._worker()] if target == "worker" else family(self._pid(target))
        born = {pid: started_at(pid) for pid in pids}
        for pid in pids:
            _send(pid, signal.SIGSTOP)
        try:
            self.stage.clock.sleep(PAUSE_SECONDS)
        finally:
            for pid in reversed(pids):
                if started_at(pid) == born[pid]:
                    _send(pid, signal.SIGCONT)

    def _restart(self, target: str) -> None:
        supervisor, name = self.stage.stack.supervisor, self._name(target)
        command = supervisor.processes[name].command
        self.stage.stop(name)
        supervisor.start(command)
        if target in SERVERS:
            self._until_listening(target)

    def _until_listening(self, target: str) -> None:
        process = self.stage.stack.supervisor.processes[target]
        port = self.stage.port_of(target)
        self.stage.stack.supervisor.wait_until(process, lambda: is_listening(port), START_TIMEOUT)

    def _reset(self, _: str) -> None:
        for _turn in range(RESETS):
            self.stage.database.reset()
            self.stage.clock.sleep(WIRE_SECONDS / RESETS)

    def _delay(self, _: str) -> None:
        self.stage.database.delay = DELAY_SECONDS
        try:
            self.stage.clock.sleep(WIRE_SECONDS)
        finally:
            self.stage.database.delay = 0.0

    def _outage(self, _: str) -> None:
        self.stage.endpoint.cut = True
        try:
            self.stage.endpoint.reset()
            self.stage.clock.sleep(WIRE_SECONDS)
        finally:
            self.stage.endpoint.cut = False

    def _swap(self, _: str) -> None:
        """The first time another model is trained; from then on the two take turns."""
        supervisor, environments = self.stage.stack.supervisor, self.stage.environments
        if self._models == 1:
            plan = replace(self.stage.plan, history_days=self.stage.plan.history_days + 7)
            command = apps.trainer(environments, plan, self.stage.start)
            self._models = 2
        else:
            command = self._promotion()
        apps.finish(supervisor, supervisor.start(command), apps.TRAINING_TIMEOUT)

    def _promotion(self) -> Command:
        self._models += 1
        trained = apps.trainer(self.stage.environments, self.stage.plan, self.stage.start)
        words = (*trained.arguments[:4], "promote", "--version", str(1 + self._models % 2), "--reason", "chaos")
        return replace(trained, name="promotion", arguments=words)

    def _lose(self, _: str) -> None:
        for folder in self.stage.checkpoints.iterdir():
            shutil.rmtree(folder, ignore_errors=True)
        self.stage.stack.supervisor.again(self._name("scorer"))

    def _fill(self, _: str) -> None:
        if not self.stage.small_disk:
            raise NotPossible("a small disk to fill can be mounted by root alone")
        filler = self.stage.checkpoints / "filler"
        try:
            _fill_up(filler)
            deadline = self.stage.clock.monotonic() + FULL_SECONDS
            while self.stage.clock.monotonic() < deadline:
                self.stage.attend()
                self.stage.clock.sleep(POLL_SECONDS)
        finally:
            filler.unlink(missing_ok=True)

    def _supersede(self, _: str) -> None:
        """The scorer sleeps, a second one takes over, and the first wakes with its work half done."""
        supervisor, name = self.stage.stack.supervisor, self._name(SCORER)
        others = [other for other in (SCORER, STANDBY) if other != name and other in supervisor.processes]
        for other in others:
            supervisor.stop_process(other)
        usual = supervisor.processes[name].command
        asleep = supervisor.set_aside(name, ZOMBIE)
        pids = family(asleep.pid)
        for pid in pids:
            _send(pid, signal.SIGSTOP)
        try:
            plain = replace(apps.scorer(self.stage.environments), name=name)
            second = supervisor.start(lasting(replace(plain, arguments=(*plain.arguments, "--takeover"))))
            second.command = usual  # whoever starts it again has nothing to take over
            ready = apps.ready_probe(DatabaseSettings.load(), KafkaSettings.load())
            supervisor.wait_until(second, lambda: not ready(), START_TIMEOUT)
            supervisor.wait_until(second, ready, START_TIMEOUT)
        finally:
            for pid in reversed(pids):
                _send(pid, signal.SIGCONT)
            deadline = self.stage.clock.monotonic() + ZOMBIE_TIMEOUT
            while asleep.is_running() and self.stage.clock.monotonic() < deadline:
                self.stage.clock.sleep(POLL_SECONDS)
            gave_up = not asleep.is_running()
            supervisor.stop_process(ZOMBIE)
            for other in others:
                supervisor.start(self.stage.scorer(other))
        if not gave_up:
            raise FraudstreamError(f"the scorer that was superseded did not give up within {ZOMBIE_TIMEOUT:.0f} s")

    def _storm(self, _: str) -> None:
        label_storm(self.stage.kafka, self.stage.reader_url, STORM_LABELS, self.stage.clock.now())

    def _name(self, target: str) -> str:
        """What the supervisor calls it."""
        return self.stage.scorer_at_work() if target == SCORER else target

    def _pid(self, target: str) -> int:
        return self.stage.stack.supervisor.processes[self._name(target)].pid

    def _worker(self) -> int:
        """One of the scorer's Python workers, which a daemon of theirs has forked."""
        members = family(self._pid("scorer"))
        daemons = {pid for pid in members if "worker_daemon" in _command_line(pid)}
        workers = [pid for pid in members if pid in daemons and _parent(pid) in daemons]
        if not workers:
            raise NotPossible("no Python worker is there right now")
        return self.draw.choice(sorted(workers))


def _fill_up(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0
