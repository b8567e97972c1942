"""The verb `fraudstream quality`; like the command line itself it imports nothing heavy."""

from datetime import datetime
from typing import Annotated

import typer

quality = typer.Typer()

SHOWN_DAYS = 14
KEPT_DAYS = 45
"""Days looked back: what fits a screen, and what labels may still change where it is stored."""

Day = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="One day of payments (UTC), as its labels arrived."),
]
KnownOn = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Leave out what became known later."),
]


@quality.command("quality")
def measure(
    *,
    day: Day = None,
    as_known_on: KnownOn = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=400, help=f"Days back; {SHOWN_DAYS}, or {KEPT_DAYS} where it is stored.")
    ] = None,
    json_only: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
    store: Annotated[bool, typer.Option("--store", help="Keep what is measured in the database.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Measure and store again and again, until stopped.")] = False,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two measurements of --watch.")] = 60.0,
) -> None:
    """Show what alerts were worth as labels arrived, and drift."""
    from fraudstream.quality import main  # noqa: PLC0415
    from fraudstream.quality.measure import Wanted  # noqa: PLC0415

    wanted = Wanted(
        day=None if day is None else day.date(),
        known_on=None if as_known_on is None else as_known_on.date(),
        days=days or (KEPT_DAYS if store or watch else SHOWN_DAYS),
    )
    if watch:
        main.watch(wanted, every=every)
    elif not main.show(wanted, json_only=json_only, storing=store):
        typer.echo("no payment has been scored yet", err=True)
        raise typer.Exit(1)
