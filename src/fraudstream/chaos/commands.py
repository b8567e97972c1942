"""The verb that breaks things on purpose; like the command line itself it imports nothing heavy."""

import secrets
from typing import Annotated

import typer

chaos = typer.Typer()


@chaos.command("chaos")
def run_chaos(
    *,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the plan; printed, and drawn if unset.")] = None,
    kills: Annotated[int, typer.Option(min=1, max=200, help="Kills; other faults come between them.")] = 20,
    seconds: Annotated[float, typer.Option(min=30, help="Time in which the faults must be made.")] = 1_200,
    rate: Annotated[float, typer.Option(min=50, max=20_000, help="Payments a second.")] = 500,
    standby: Annotated[bool, typer.Option(help="Have a second scorer stand by.")] = True,
    matrix: Annotated[
        bool,
        typer.Option("--matrix", help="Interrupt every step of a slice in Spark's workers; no other option counts."),
    ] = False,
) -> None:
    """Kill and stall every part under load, and prove that nothing is lost."""
    if matrix:
        from fraudstream.chaos.matrix import run_matrix  # noqa: PLC0415

        raise typer.Exit(run_matrix())
    from fraudstream.chaos.run import Request, run  # noqa: PLC0415

    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    raise typer.Exit(run(Request(chosen, kills, seconds, rate, standby=standby)))
