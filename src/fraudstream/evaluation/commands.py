"""The verb `fraudstream evaluate`; like the command line itself it imports nothing heavy."""

from enum import StrEnum
from typing import Annotated

import typer

from fraudstream.training.families import BEST

evaluation = typer.Typer()


class WorldName(StrEnum):
    """The worlds whose truth is known."""

    HANDBOOK = "handbook"
    CITY = "city"
    RANDOM = "random"


@evaluation.command("evaluate")
def evaluate(
    *,
    world: Annotated[
        WorldName,
        typer.Option(help="The published benchmark, the simulated city, or labels that nothing can be learned from."),
    ] = WorldName.HANDBOOK,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world; the benchmark's 0 is the published one.")] = 0,
    model: Annotated[str, typer.Option(help="Family of models; all of them if unset.")] = BEST,
    small: Annotated[
        bool, typer.Option("--small", help="A small world in seconds: it shows that all works, figures mean nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of tables.")] = False,
) -> None:
    """Measure the detector beside published figures."""
    from fraudstream.evaluation.main import Request  # noqa: PLC0415
    from fraudstream.evaluation.main import evaluate as run  # noqa: PLC0415

    run(Request(world.value, seed, model, small=small), as_json=as_json)
