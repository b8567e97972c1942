"""The verbs of `fraudstream aws`, and the doctor; like the command line itself it imports nothing heavy."""

from typing import Annotated

import typer

aws_commands = typer.Typer(help="Look at AWS, or at an emulator of it.", no_args_is_help=True)
doctor = typer.Typer()


@aws_commands.callback()
def _group() -> None:
    """Look at AWS, or at an emulator of it."""


@aws_commands.command("plan")
def plan() -> None:
    """Show what the templates would create, stack by stack, and what of it costs money while idle; needs no account."""
    from fraudstream.cloud.plan import print_plan  # noqa: PLC0415

    print_plan()


@aws_commands.command("probe")
def probe(
    *,
    json_only: Annotated[bool, typer.Option("--json", help="Print one JSON line alone.")] = False,
    on_aws: Annotated[bool, typer.Option("--on-aws", help="Also where it is AWS itself, which costs cents.")] = False,
) -> None:
    """Try every call that this project makes, on resources of its own."""
    from fraudstream.cloud.probe import run_probe  # noqa: PLC0415

    raise typer.Exit(run_probe(json_only=json_only, on_aws=on_aws))


@doctor.command("doctor")
def look(
    *,
    aws: Annotated[bool, typer.Option("--aws", help="Look at AWS instead: as whom, where, does it fit.")] = False,
) -> None:
    """Look at this machine, or at AWS; every finding says what to do."""
    if aws:
        from fraudstream.cloud.doctor import look_at_aws  # noqa: PLC0415

        raise typer.Exit(look_at_aws())
    from fraudstream.local.doctor import examine, print_findings  # noqa: PLC0415

    raise typer.Exit(print_findings(examine()))
