"""How SageMaker starts a training: hyperparameters, channels and folders become options of `fraudstream train`.

Both of its ways are read: the variables of its training toolkit (`SM_HPS`, `SM_HP_*`, `SM_CHANNEL_*`, `SM_MODEL_DIR`,
`SM_OUTPUT_DATA_DIR`), and what every training container finds on its disk below `/opt/ml`. Imports nothing heavy.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fraudstream.errors import ConfigurationError

ON_DISK = Path("/opt/ml")
HISTORY = ("history", "training", "train")
"""Channels that a history may come in by; the first there is counts."""
OWN = frozenset({"sagemaker_program", "sagemaker_submit_directory", "sagemaker_region", "sagemaker_job_name",
                 "sagemaker_container_log_level", "sagemaker_enable_cloudwatch_metrics"})  # fmt: skip
"""Hyperparameters that SageMaker's own tools add for themselves."""


@dataclass(frozen=True)
class TrainingJob:
    """A training as SageMaker asks for it; values of hyperparameters are text."""

    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Path]
    model_dir: Path
    output_dir: Path

    def arguments(self) -> list[str]:
        """The same as options of `fraudstream train`.

        Raises:
            ConfigurationError: the channel of the history holds no file of JSON lines, or several.
        """
        options: list[str] = []
        for name, value in sorted(self.hyperparameters.items()):
            option = f"--{name.replace('_', '-')}"
            if name in OWN or value.lower() == "false":
                continue
            options += [option] if value.lower() == "true" else [option, value]
        channel = next((self.channels[name] for name in HISTORY if name in self.channels), None)
        if channel is not None:
            options += ["--history", str(_only_file(channel))]
        return [*options, "--files", str(self.model_dir), "--figures", str(self.output_dir)]


def training_job(variables: Mapping[str, str], disk: Path = ON_DISK) -> TrainingJob | None:
    """The training that SageMaker asks for, or nothing where it isn't SageMaker who asks.

    Args:
        variables: of the environment.
        disk: where a training container's files are.

    Raises:
        ConfigurationError: hyperparameters that are no JSON object.
    """
    on_disk = disk / "input" / "config" / "hyperparameters.json"
    if "SM_MODEL_DIR" not in variables and not on_disk.exists():
        return None
    whole = variables.get("SM_HPS") or (on_disk.read_text(encoding="utf-8") if on_disk.exists() else "{}")
    single = {name[6:].lower(): value for name, value in variables.items() if name.startswith("SM_HP_")}
    named = {name[11:].lower(): Path(value) for name, value in variables.items() if name.startswith("SM_CHANNEL_")}
    data = disk / "input" / "data"
    found = {folder.name: folder for folder in data.iterdir() if folder.is_dir()} if data.is_dir() else {}
    return TrainingJob(
        hyperparameters=_texts(whole) | single,
        channels=found | named,
        model_dir=Path(variables.get("SM_MODEL_DIR") or disk / "model"),
        output_dir=Path(variables.get("SM_OUTPUT_DATA_DIR") or disk / "output" / "data"),
    )


def with_job(arguments: Sequence[str], variables: Mapping[str, str], disk: Path = ON_DISK) -> list[str]:
    """A command line, and for `train` what SageMaker asks for put before its own options, which win.

    Raises:
        ConfigurationError: see `training_job` and `TrainingJob.arguments`.
    """
    if list(arguments[:1]) != ["train"] or (job := training_job(variables, disk)) is None:
        return list(arguments)
    return ["train", *job.arguments(), *arguments[1:]]


def _texts(document: str) -> dict[str, str]:
    """Values may be JSON within JSON, as SageMaker's SDK writes text: in quotation marks of its own."""
    try:
        found = json.loads(document)
        return {str(name): _text(value) for name, value in found.items()}
    except (ValueError, AttributeError) as error:
        raise ConfigurationError(f"SM_HPS and hyperparameters.json hold a JSON object, not {document[:80]}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        inner = json.loads(value)
    except ValueError:
        return value
    return inner if isinstance(inner, str) else value


def _only_file(channel: Path) -> Path:
    files = sorted(channel.glob("*.jsonl"))
    if len(files) != 1:
        raise ConfigurationError(
            f"{channel} holds {len(files)} files that end in .jsonl; a history is one file of JSON lines: leave one"
        )
    return files[0]
