"""The verbs of whoever watches the stream."""

from typing import Annotated

import typer

watching = typer.Typer()


@watching.command()
def top(
    *,
    once: Annotated[bool, typer.Option("--once", help="Print one frame; exit status 1 if something is wrong.")] = False,
    json_only: Annotated[bool, typer.Option("--json", help="Print each frame as one line of JSON.")] = False,
    every: Annotated[float, typer.Option(min=0.5, help="Seconds between two frames.")] = 2.0,
) -> None:
    """Show how the running stack is, and what to do where it isn't well."""
    from fraudstream.watching.top import top as run  # noqa: PLC0415

    healthy = run(every=every, once=once, json_only=json_only)
    raise typer.Exit(0 if healthy or not once else 1)


@watching.command()
def observe(
    *,
    every: Annotated[float, typer.Option(min=0.5, help="Seconds between two looks.")] = 5.0,
) -> None:
    """Measure the stream for Prometheus and `top`, until stopped; reads only."""
    from fraudstream.watching.main import observe as run  # noqa: PLC0415

    run(every=every)
