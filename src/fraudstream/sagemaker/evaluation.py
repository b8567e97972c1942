"""A trained model measured again on a history, from its files alone, for the gate of the pipeline."""

import hashlib
import json
import tarfile
from pathlib import Path

from fraudstream.errors import ConfigurationError
from fraudstream.models.archive import load_model
from fraudstream.models.walker import score
from fraudstream.ports.registry import MODEL_FILE
from fraudstream.training.dataset import windows_of
from fraudstream.training.evaluate import evaluate
from fraudstream.training.history_file import file_past
from fraudstream.training.sampling import sample_of

REPORT = "evaluation.json"
PACKED = "model.tar.gz"
"""What SageMaker makes of the folder that a training leaves its model in."""


def evaluate_files(model_dir: Path, history: Path, output_dir: Path) -> dict[str, float]:
    """Replay a history, score its last week, and write what the model is worth as JSON; returns the figures.

    Args:
        model_dir: folder of `model.npz`, or of the `model.tar.gz` it is packed in.
        history: the file it was trained on.
        output_dir: where `evaluation.json` goes.

    Raises:
        ConfigurationError: a file is missing or can't be used, or the history is too short.
        ModelUnavailable: the model is damaged, or trained on other features than this program's.
    """
    content = _content(model_dir)
    digest = hashlib.sha256(content).hexdigest()
    model = load_model(content, digest=digest)
    past = file_past(history, seed=0)
    sample = sample_of(past)
    rows = windows_of(sample.history).evaluation
    figures = evaluate(
        score(model, sample.vectors[rows], top=0).probability,
        sample.history.scenario[rows],
        sample.history.events.amount[rows],
        threshold=model.threshold,
        scenario_names=past.scenario_names,
    ).metrics()
    report = {"metrics": figures, "model_sha256": digest, "threshold": model.threshold}
    try:
        output_dir.mkdir(parents=True, exist_ok=True)
        (output_dir / REPORT).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{output_dir / REPORT} can't be written: {error.strerror}") from error
    return figures


def _content(folder: Path) -> bytes:
    """The model's bytes; nothing is unpacked to the disk."""
    try:
        if (folder / MODEL_FILE).exists():
            return (folder / MODEL_FILE).read_bytes()
        with tarfile.open(folder / PACKED) as packed:
            names = {member.name.removeprefix("./"): member for member in packed.getmembers() if member.isfile()}
            file = packed.extractfile(names[MODEL_FILE])
            return b"" if file is None else file.read()
    except (OSError, tarfile.TarError, KeyError) as error:
        raise ConfigurationError(f"{folder} holds neither {MODEL_FILE} nor a {PACKED} with it: {error}") from error
