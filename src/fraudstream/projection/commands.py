"""The verb of the projector; like the command line itself it imports nothing heavy."""

from typing import Annotated

import typer

projection = typer.Typer()


@projection.command("project-scores")
def project_scores(
    *,
    create_table: Annotated[
        bool, typer.Option("--create-table", help="Make the table where it is missing; for emulators.")
    ] = False,
) -> None:
    """Copy committed scores to DynamoDB, until stopped."""
    from fraudstream.projection.main import project  # noqa: PLC0415

    project(create_table=create_table)
