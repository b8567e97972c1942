"""The verbs of SageMaker; like the command line itself it imports nothing heavy."""

from pathlib import Path
from typing import Annotated

import typer

from fraudstream.errors import ConfigurationError

sagemaker = typer.Typer(help="Train, measure and register in SageMaker.", no_args_is_help=True)

Output = Annotated[Path, typer.Option(help="Folder the result goes to.", show_default=False)]


@sagemaker.command()
def pipeline(
    *,
    show: Annotated[bool, typer.Option("--print", help="Print the definition as JSON.")] = False,
    put: Annotated[bool, typer.Option("--put", help="Create or update the pipeline in SageMaker.")] = False,
) -> None:
    """Show or put the pipeline: history, training, evaluation, gate, registration."""
    if show == put:
        raise ConfigurationError("give --print, which shows the pipeline, or --put, which creates or updates it")
    from fraudstream.sagemaker.pipeline import TrainingPipeline, job_environment  # noqa: PLC0415
    from fraudstream.service_settings import SageMakerSettings  # noqa: PLC0415
    from fraudstream.settings import RegistrySettings  # noqa: PLC0415

    settings = SageMakerSettings.load()
    text = TrainingPipeline(settings, job_environment(RegistrySettings.load())).to_json()
    if show:
        typer.echo(text, nl=False)
        return
    from fraudstream.adapters.aws.pipelines import put_pipeline  # noqa: PLC0415

    typer.echo(put_pipeline(settings.sagemaker_pipeline, text, settings.sagemaker_role_arn))


@sagemaker.command()
def history(
    *,
    output: Output,
    seed: Annotated[int, typer.Option(help="Seed of the simulated city.")] = 7,
    customers: Annotated[int, typer.Option(min=1, max=200_000, help="Number of simulated cardholders.")] = 2_000,
    history_days: Annotated[int, typer.Option(min=7, max=400, help="Days of history.")] = 45,
) -> None:
    """Write a simulated city's history as a file of JSON lines."""
    from fraudstream.sagemaker.history import FILE_NAME, write_history  # noqa: PLC0415
    from fraudstream.simulation.city import DEFAULT_START, CityWorld  # noqa: PLC0415

    lines = write_history(CityWorld(seed, customers, DEFAULT_START), history_days, output)
    typer.echo(f"{lines:,} lines are in {output / FILE_NAME}")


@sagemaker.command()
def evaluate(
    *,
    model: Annotated[Path, typer.Option(help="Folder of model.npz, or of the model.tar.gz with it.")],
    history: Annotated[Path, typer.Option(help="The file it was trained on.")],
    output: Output,
) -> None:
    """Measure a trained model on the last week of a history."""
    from fraudstream.sagemaker.evaluation import evaluate_files  # noqa: PLC0415

    figures = evaluate_files(model, history, output)
    typer.echo(f"average precision {figures['average_precision']:.4f} on {figures['payments']:,.0f} payments")
