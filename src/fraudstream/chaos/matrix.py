"""Every boundary of a slice, interrupted in Spark's Python workers under load, one by one; then the balance."""

import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console

from fraudstream.adapters.database.vitals import positions, read_order
from fraudstream.chaos.armed import Order, OrderBook
from fraudstream.chaos.cases import ROUND, Case, cases
from fraudstream.chaos.matrix_report import Grid, show
from fraudstream.chaos.pulse import POLL_SECONDS, StandsStill
from fraudstream.chaos.stage import lasting
from fraudstream.clock import Clock, SystemClock
from fraudstream.local import apps
from fraudstream.local.demo import Progress
from fraudstream.local.launch import Say, environment_put_back, prepare, start_apps
from fraudstream.local.processes import Command
from fraudstream.local.schedule import DemoPlan, world_start
from fraudstream.local.stack import EmbeddedStack
from fraudstream.settings import DatabaseSettings
from fraudstream.verify.main import verify

CITY = DemoPlan(seconds=1_800, rate=50, producer=True, seed=11, customers=500, history_days=45)
SMALL_SLICES = {"SLICE_ROWS": "3", "MAX_OFFSETS_PER_TRIGGER": "200", "TRIGGER_INTERVAL_MS": "500"}
"""Several slices in each task, so that some of them are committed when one dies and its task is tried again."""
CASE_TIMEOUT = 120.0
DRAIN_SECONDS = 300.0
SCORER = "scorer"


@dataclass
class _World:
    """A running stack with orders to give."""

    stack: EmbeddedStack
    book: OrderBook
    clock: Clock
    say: Say
    deaths: list[str] = field(default_factory=list)

    def until(self, what: str, is_so: Callable[[], bool]) -> float:
        """Wait; returns the seconds that took.

        Raises:
            StandsStill: it did not come.
        """
        begun = self.clock.monotonic()
        while not is_so():
            if self.clock.monotonic() - begun > CASE_TIMEOUT:
                raise StandsStill(f"{what} did not come within {CASE_TIMEOUT:.0f} s; {self.stack.home}/logs says more")
            for name in self.stack.supervisor.check():
                self.deaths.append(f"{name} died, where a worker alone had to")
            self.clock.sleep(POLL_SECONDS)
        return self.clock.monotonic() - begun

    def until_all_move(self) -> float:
        """Wait until every partition has been scored further; returns the seconds that took."""
        url = DatabaseSettings.load().database_url.get_secret_value()
        before = positions(url)
        return self.until("a commit of every partition", lambda: _all_moved(before, positions(url)))


def run_matrix(clock: Clock | None = None) -> int:
    """Interrupt every boundary, verify, print a table and a last line `MATRIX {…}`; returns the exit status.

    The stack lives in a folder of its own, which is removed if everything held, and kept and named if not.

    Raises:
        ConfigurationError: this machine lacks something; the message says what.
        ProcessEnded: a server or an app did not come up.
    """
    chosen = clock or SystemClock()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(highlight=False)
    progress = Progress(console, chosen, chosen.monotonic())
    with tempfile.TemporaryDirectory(prefix="fraudstream-matrix-") as name:
        folder = Path(name)
        grid = _run(folder, chosen, progress.say)
        show(grid, console)
        if not grid.holds:
            kept = folder.with_name(f"{folder.name}-kept")
            folder.rename(kept)
            folder.mkdir()
            progress.say(f"logs and data are kept in {kept}")
    sys.stdout.write(f"MATRIX {grid.to_json()}\n")
    sys.stdout.flush()
    return 0 if grid.holds else 1


def _run(home: Path, clock: Clock, say: Say) -> Grid:
    begun = clock.monotonic()
    book = OrderBook(home / "orders")
    book.folder.mkdir()
    with EmbeddedStack(home, clock=clock) as stack, environment_put_back():
        environments = prepare(stack, say)
        start = world_start(CITY)
        start_apps(stack, CITY, environments, start, say, adapt=lambda command: _adapted(command, book))
        stack.supervisor.start(lasting(apps.producer(environments, CITY, start)))
        world = _World(stack, book, clock, say)
        grid = Grid()
        try:
            for case, seconds in _interrupted(world, grid):
                grid.recovered[case] = seconds
        except StandsStill as trouble:
            grid.problems.append(str(trouble))
        book.give(Order(len(grid.planned) + 1))
        say("ending the stream, waiting for what is in flight")
        stack.supervisor.stop_process(apps.PRODUCER)
        stack.supervisor.stop_process(SCORER)
        stack.supervisor.start(lasting(apps.scorer(environments)))  # its slices are large: what waits is soon scored
        grid.problems += world.deaths
        grid.balance = verify(wait_seconds=DRAIN_SECONDS, parity=True)
        grid.order = read_order(DatabaseSettings.load().database_url.get_secret_value())
        grid.seconds = clock.monotonic() - begun
        return grid


def _interrupted(world: _World, grid: Grid) -> Iterator[tuple[Case, float]]:
    """Find the boundaries, then fire at each; yields what was recovered from, and in how many seconds."""
    world.until_all_move()
    world.until("two rounds of slices in one worker", lambda: max(world.book.hits(0).values(), default=0) >= 2 * ROUND)
    grid.planned = cases(world.book.hits(0))
    for number, case in enumerate(grid.planned, 1):
        order = Order(number, case.points)
        world.book.give(order)
        world.until(f"{case}", lambda order=order: world.book.fired(order) == len(order.points))  # type: ignore[misc]
        seconds = world.until_all_move()
        world.say(f"{number}/{len(grid.planned)}  {case}: every partition moves again after {seconds:.1f} s")
        yield case, seconds


def _adapted(command: Command, book: OrderBook) -> Command:
    """The scorer with failpoints in its workers; all others as they are."""
    if command.name != SCORER:
        return lasting(command)
    arguments = (sys.executable, "-P", "-m", "fraudstream.chaos.scorer")
    environment = {**command.environment, **SMALL_SLICES}
    return lasting(replace(command, arguments=arguments, environment=environment, directory=book.folder))


def _all_moved(before: Mapping[tuple[str, int], int], now: Mapping[tuple[str, int], int]) -> bool:
    return bool(before) and all(now[place] > offset for place, offset in before.items())
