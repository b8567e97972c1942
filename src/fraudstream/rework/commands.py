"""The verbs of `fraudstream quarantine` and `fraudstream redrive`; like the command line it imports nothing heavy."""

import sys
from typing import Annotated

import typer

from fraudstream.contracts.quarantine import QuarantineReason

quarantine = typer.Typer(help="Records that could not be scored: look, mend, send.", no_args_is_help=True)
redrive = typer.Typer(help="Alerts that could not be delivered: look, send back.", no_args_is_help=True)

Record = Annotated[str, typer.Argument(help="topic/partition/offset, as the list names it.", show_default=False)]
Records = Annotated[list[str] | None, typer.Argument(help="Records, as the list names them.", show_default=False)]
Last = Annotated[int, typer.Option(min=0, max=1_000, help="How many of the newest.")]
Author = Annotated[str | None, typer.Option(help="Who does it, for the record; the login name if unset.")]
Because = Annotated[str, typer.Option(help="Why, for the record.", show_default=False)]
Anyway = Annotated[bool, typer.Option("--anyway", help="Even if it will come back for the same reason.")]


@quarantine.command("list")
def list_quarantine(
    *,
    reason: Annotated[QuarantineReason | None, typer.Option(help="Only those refused for this reason.")] = None,
    last: Last = 10,
) -> None:
    """Count what is in quarantine and show the newest, masked."""
    from fraudstream.rework.main import quarantine_lines  # noqa: PLC0415

    for line in quarantine_lines(reason, last):
        typer.echo(line)


@quarantine.command("show")
def show_record(
    record: Record,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Only its bytes, unmasked; needs --because.")] = False,
    because: Annotated[str | None, typer.Option(help="Why they are looked at, for the record.")] = None,
    author: Author = None,
) -> None:
    """Show one record and what was tried, masked."""
    from fraudstream.rework import main  # noqa: PLC0415

    if raw:
        if not because:
            raise typer.BadParameter("say --because WHY: who sees unmasked bytes is written down")
        sys.stdout.buffer.write(main.raw_record(record, author=author, because=because))
        sys.stdout.buffer.flush()
        return
    for line in main.record_lines(record):
        typer.echo(line)


@quarantine.command("replay")
def replay_records(
    records: Records = None,
    *,
    because: Because,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="FIELD=VALUE to change first; may be given several times.")
    ] = None,
    file: Annotated[str | None, typer.Option(help="Send this file's bytes instead; - is standard input.")] = None,
    anyway: Anyway = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for what becomes of each.")] = 10.0,
    author: Author = None,
) -> None:
    """Send records to their topic again, at most three times each."""
    from fraudstream.rework import main  # noqa: PLC0415
    from fraudstream.rework.repair import changes_of  # noqa: PLC0415
    from fraudstream.rework.sending import Order  # noqa: PLC0415
    from fraudstream.training.authorship import author_of  # noqa: PLC0415

    if not records:
        raise typer.BadParameter("name the records to send; `fraudstream quarantine list` does")
    if file is not None and (assignments or len(records) > 1):
        raise typer.BadParameter("--file is all of one record: name one, and no --set")
    repair = main.repair_of(changes_of(assignments or []), file)
    order = Order(author_of(author), because, anyway)
    raise typer.Exit(0 if main.replay(records, repair, order, wait=wait, say=typer.echo) else 1)


@redrive.command("list")
def list_parked(*, last: Last = 10) -> None:
    """Count what is parked and show the newest, masked."""
    from fraudstream.rework.main import parked_lines  # noqa: PLC0415

    for line in parked_lines(last):
        typer.echo(line)


@redrive.command("show")
def show_parked(record: Record) -> None:
    """Show one parked record and what was tried, masked."""
    from fraudstream.rework.main import parked_record_lines  # noqa: PLC0415

    for line in parked_record_lines(record):
        typer.echo(line)


@redrive.command("replay")
def replay_parked(
    records: Records = None,
    *,
    because: Because,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    anyway: Anyway = False,
    author: Author = None,
) -> None:
    """Send parked alerts back to their topic, at most three times each."""
    from fraudstream.rework import main  # noqa: PLC0415
    from fraudstream.rework.sending import Order  # noqa: PLC0415
    from fraudstream.training.authorship import author_of  # noqa: PLC0415

    if bool(records) == everything:
        raise typer.BadParameter("name the records to send back, or say --all")
    order = Order(author_of(author), because, anyway)
    raise typer.Exit(0 if main.redrive(records or [], order, everything=everything, say=typer.echo) else 1)
