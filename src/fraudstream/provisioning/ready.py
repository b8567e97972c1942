"""The last word of a start: where everything is, and the first alert that reached its subscriber."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from rich.console import Console

from fraudstream.adapters.database.alert_store import PostgresAlerts
from fraudstream.alerting.follow import alert_lines
from fraudstream.clock import Clock, SystemClock
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.ports.delivery import AlertFeed, StoredAlert
from fraudstream.settings import DatabaseSettings

LOOK_BACK = dt.timedelta(seconds=30)
"""How old an alert may be to count as one of this start: the stream begins a moment before this is asked."""
POLL_SECONDS = 0.5
REMINDER_SECONDS = 15.0
"""Seconds between two lines that say what is still waited for."""


@dataclass(frozen=True)
class Place:
    """Something a person may open: its name, its address, and a word on it."""

    name: str
    address: str
    note: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAME=ADDRESS=NOTE`.

        Raises:
            ConfigurationError: it is not of this form.
        """
        parts = text.split("=", 2)
        if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - the three parts named above
            raise ConfigurationError(f"--place {text} is not NAME=ADDRESS=NOTE")
        return cls(*parts)


def announce(places: Sequence[str], *, timeout: float, linger: float) -> int:
    """Wait for an alert that was notified, then print places and alert; returns the exit status.

    Args:
        places: `NAME=ADDRESS=NOTE`, each.
        timeout: seconds to wait for the alert.
        linger: seconds to stay afterwards: `docker compose up --wait`, which nobody needs, takes a container that has
            already ended when it first looks for one that failed.

    Raises:
        ConfigurationError: a setting is missing, or a place is not of that form.
    """
    shown = [Place.parse(text) for text in places]
    console, clock = Console(highlight=False, markup=False, emoji=False, soft_wrap=True), SystemClock()
    feed = PostgresAlerts(DatabaseSettings.load().database_url.get_secret_value(), application="fraudstream ready")
    try:
        alert = first_notified(feed, console, clock, timeout)
    finally:
        feed.close()
    if alert is None:
        console.print(
            f"no alert reached its subscriber within {timeout:.0f} s. `docker compose ps` shows what is unhealthy, "
            "`docker compose logs scorer alert-relay lambda-trigger notification-inbox` why."
        )
        return 1
    show(shown, alert, console)
    clock.sleep(linger)
    return 0


def first_notified(feed: AlertFeed, console: Console, clock: Clock, timeout: float) -> StoredAlert | None:
    """The oldest recent alert that reached its subscriber, as soon as there is one; nothing after `timeout` seconds."""
    since = dt.datetime.fromtimestamp(clock.now(), dt.UTC) - LOOK_BACK
    began = clock.monotonic()
    remind = began + REMINDER_SECONDS
    while clock.monotonic() - began < timeout:
        try:
            found = next((alert for alert in feed.created_since(since) if alert.notified), None)
        except TemporarilyUnavailable as error:
            console.print(f"trying again: {error}")
            found = None
        if found is not None:
            return found
        if clock.monotonic() >= remind:
            console.print(f"waiting for the first alert, {clock.monotonic() - began:.0f} s so far")
            remind += REMINDER_SECONDS
        clock.sleep(POLL_SECONDS)
    return None


def show(places: Sequence[Place], alert: StoredAlert, console: Console) -> None:
    """Print places, alert and the next steps."""
    names, addresses = (max(len(text) for text in column) for column in zip(*_columns(places), strict=True))
    console.print("\nfraudstream is ready.\n")
    for place in places:
        console.print(f"  {place.name:{names}}  {place.address:{addresses}}  {place.note}")
    console.print("\nThe first alert that reached its subscriber through SNS:\n")
    for line in alert_lines(alert):
        console.print(f"  {line}")
    console.print(
        "\n  make verify   prove that nothing was lost, doubled or scored otherwise"
        "\n  make fraud    play a fraud and watch it become an alert"
        "\n  make down     stop and keep the data (make reset: keep none)\n"
    )


def _columns(places: Sequence[Place]) -> list[tuple[str, str]]:
    return [(place.name, place.address) for place in places] or [("", "")]
