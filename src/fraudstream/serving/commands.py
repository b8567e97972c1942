"""Verbs that answer with scores; like the command line itself it imports nothing heavy."""

from typing import Annotated

import typer

serving = typer.Typer()


@serving.command("scoring-api")
def scoring_api() -> None:
    """Answer over HTTP what a payment would score, until stopped."""
    from fraudstream.serving.service import serve as run  # noqa: PLC0415

    run()


@serving.command("serve")
def serve(*, port: Annotated[int, typer.Option(min=1, max=65_535, help="Where SageMaker asks.")] = 8_080) -> None:
    """The same for SageMaker: its inference container."""
    from fraudstream.serving.service import serve_in_sagemaker as run  # noqa: PLC0415

    run(port)
