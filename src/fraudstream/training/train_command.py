"""The verb that trains; like the command line itself it imports nothing heavy."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from fraudstream.training.commands import Author, Days, FirstDay, FromArchive, LastDay, archive_days

trainer = typer.Typer()


@trainer.command()
def train(  # noqa: PLR0913 - one for each option
    *,
    promote: Annotated[bool, typer.Option("--promote", help="Put the version to work at once.")] = False,
    unless_deployed: Annotated[bool, typer.Option("--unless-deployed", help="Only if no model is at work.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the simulated city.")] = 7,
    customers: Annotated[int, typer.Option(min=1, max=200_000, help="Number of simulated cardholders.")] = 2_000,
    history_days: Annotated[int, typer.Option(min=7, max=400, help="Days of simulated history.")] = 45,
    start: Annotated[datetime | None, typer.Option(help="First simulated day.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Family of models, or best of all; one that is quick to train if unset.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="Payments and labels as JSON lines, in order of time; not the simulated city.")
    ] = None,
    from_archive: FromArchive = False,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    maturity: Days = 7.0,
    author: Author = None,
    files: Annotated[Path | None, typer.Option(help="Copy the version's files into this folder, too.")] = None,
    figures: Annotated[Path | None, typer.Option(help="Write what it is worth into this folder, as JSON.")] = None,
) -> None:
    """Train on a simulated history, your own or the archive; register the model."""
    from fraudstream.training.main import active_version  # noqa: PLC0415
    from fraudstream.training.main import train as run  # noqa: PLC0415

    if unless_deployed and (active := active_version()) is not None:
        typer.echo(f"version {active} is at work already")
        return
    if from_archive and history is not None:
        raise typer.BadParameter("give --history or --from-archive, not both")
    trained = run(
        seed=seed,
        customers=customers,
        history_days=history_days,
        start=None if start is None else start.replace(tzinfo=start.tzinfo or UTC).timestamp(),
        model=model,
        history=history,
        archive=archive_days(from_archive=from_archive, first=first_day, last=last_day, maturity=maturity),
        promote_because="trained and promoted in one go" if promote else None,
        author=author,
        results=(files, figures),
    )
    done = (
        "is at work" if promote else f"is registered; `fraudstream promote --version {trained.version}` puts it to work"
    )
    typer.echo(f"version {trained.version} {done}")
