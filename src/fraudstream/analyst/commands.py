"""The analyst's verbs; like the command line itself it imports nothing heavy."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

import typer

from fraudstream.contracts.label import PersonalSource

analyst = typer.Typer()

TransactionId = Annotated[uuid.UUID, typer.Argument(help="Id of the payment, a UUID.", show_default=False)]


@analyst.command()
def label(
    named: Annotated[
        uuid.UUID, typer.Argument(metavar="ID", help="Id of the payment, or of its alert.", show_default=False)
    ],
    outcome: Annotated[
        Literal["fraud", "genuine"], typer.Argument(help="What it turned out to be.", show_default=False)
    ],
    *,
    source: Annotated[PersonalSource, typer.Option(help="Who says so.")] = "analyst",
    user: Annotated[int | None, typer.Option(min=0, help="Customer of a payment that is still to come.")] = None,
    arrived_at: Annotated[
        datetime | None, typer.Option(help="When it became known, UTC; by default now, in the stream's own time.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait until it is applied.")] = 5.0,
) -> None:
    """Say what a payment turned out to be."""
    from fraudstream.analyst.labelling import Word  # noqa: PLC0415
    from fraudstream.analyst.main import label as run  # noqa: PLC0415

    word = Word(
        named=named,
        is_fraud=outcome == "fraud",
        source=source,
        user_id=user,
        arrived_at=arrived_at,
    )
    raise typer.Exit(0 if run(word, wait_seconds=wait) else 1)


@analyst.command()
def explain(
    transaction_id: TransactionId,
    *,
    json_only: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Say why a payment was scored as it was, and prove it."""
    from fraudstream.analyst.answers import explain as run  # noqa: PLC0415

    raise typer.Exit(0 if run(transaction_id, json_only=json_only).holds else 1)


@analyst.command()
def backtest(
    *,
    model: Annotated[str, typer.Option(help="Version that is or was here, or is registered.", show_default=False)],
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day (UTC) of the payments.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    json_only: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Try a model on the stored past, beside the one at work."""
    from fraudstream.analyst.answers import backtest as run  # noqa: PLC0415

    run(model, first=first and first.date(), last=last and last.date(), json_only=json_only)


@analyst.command("analyst-api")
def analyst_api() -> None:
    """Answer the analyst over HTTP, until stopped."""
    from fraudstream.analyst.service import serve  # noqa: PLC0415

    serve()
