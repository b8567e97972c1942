"""The terminal view: a frame every few seconds, or one."""

import sys

from rich.console import Console
from rich.live import Live

from fraudstream.clock import Clock, SystemClock, pause
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.metrics.scrape import ask
from fraudstream.service import stop_on_signals
from fraudstream.settings import WatchSettings
from fraudstream.watching.frame import Frame, frame
from fraudstream.watching.screen import screen
from fraudstream.watching.targets import running_targets


def top(*, every: float, once: bool, json_only: bool, clock: Clock | None = None) -> bool:
    """Show the running stack until SIGTERM or SIGINT; with `once`, or where there is no terminal, one frame.

    Args:
        every: seconds between two frames.
        once: print one frame and return.
        json_only: print each frame as a line of JSON.
        clock: decides when the next frame is due.

    Returns:
        Whether the last frame was healthy.

    Raises:
        ConfigurationError: nothing that could be looked at runs here.
        TemporarilyUnavailable: of all the processes that should run, none answers.
    """
    chosen, targets, console = clock or SystemClock(), running_targets(), Console()
    off = WatchSettings.load().switched_off

    def look() -> Frame:
        answers = ask(targets)
        if all(each.trouble is not None for each in answers.values()):
            first = next(iter(targets.items()))
            raise TemporarilyUnavailable(
                f"none of the {len(targets)} processes answers, {first[0]} at {first[1]} among them: has the stack "
                "stopped? `make demo` or `make up` starts one"
            )
        return frame(answers, moment=chosen.now(), off=off)

    shown = look()
    if once or not (json_only or console.is_terminal):
        _print(shown, console, json_only=json_only)
        return shown.healthy
    stopping = stop_on_signals()
    if json_only:
        while not stopping():
            _print(shown, console, json_only=json_only)
            pause(every, stopping=stopping, clock=chosen)
            shown = look()
        return shown.healthy
    with Live(screen(shown), console=console, auto_refresh=False, screen=True) as live:
        while not stopping():
            pause(every, stopping=stopping, clock=chosen)
            shown = look()
            live.update(screen(shown), refresh=True)
    return shown.healthy


def _print(shown: Frame, console: Console, *, json_only: bool) -> None:
    if json_only:
        sys.stdout.write(f"{shown.to_json()}\n")
        sys.stdout.flush()
    else:
        console.print(screen(shown))
