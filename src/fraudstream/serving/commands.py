"""Verbs that answer with scores; like the command line itself it imports nothing heavy."""

import typer

serving = typer.Typer()


@serving.command("scoring-api")
def scoring_api() -> None:
    """Answer over HTTP what a payment would score, until stopped."""
    from fraudstream.serving.service import serve as run  # noqa: PLC0415

    run()


@serving.command("serve")
def serve() -> None:
    """The same for SageMaker: its inference container on port 8080."""
    from fraudstream.serving.service import serve_in_sagemaker as run  # noqa: PLC0415

    run()
