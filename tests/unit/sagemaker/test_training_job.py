"""What SageMaker asks for becomes a command line of `fraudstream train`."""

import json
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.sagemaker.training_job import training_job, with_job


def a_disk(folder: Path, **hyperparameters: str) -> Path:
    config = folder / "input" / "config"
    config.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    return folder


def a_channel(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_elsewhere_nothing_changes(tmp_path: Path) -> None:
    assert training_job({"HOME": "/root"}, tmp_path) is None
    assert with_job(["train", "--seed", "3"], {}, tmp_path) == ["train", "--seed", "3"]


def test_only_a_training_is_told_of_it(tmp_path: Path) -> None:
    assert with_job(["score"], {"SM_MODEL_DIR": "/m"}, tmp_path) == ["score"]
    assert with_job([], {"SM_MODEL_DIR": "/m"}, tmp_path) == []


def test_the_toolkits_variables_are_options(tmp_path: Path) -> None:
    channel = a_channel(tmp_path / "in", "history.jsonl", "_SUCCESS")
    variables = {
        "SM_HPS": json.dumps({"seed": 3, "model": "extra-trees", "promote": False, "sagemaker_program": "train.py"}),
        "SM_HP_CUSTOMERS": "400",
        "SM_CHANNEL_HISTORY": str(channel),
        "SM_MODEL_DIR": "/opt/ml/model",
        "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
    }

    assert with_job(["train", "--seed", "5"], variables, tmp_path) == [
        *("train", "--customers", "400", "--model", "extra-trees", "--seed", "3"),
        *("--history", str(channel / "history.jsonl")),
        *("--files", "/opt/ml/model", "--figures", "/opt/ml/output/data"),
        *("--seed", "5"),
    ]


def test_a_bare_container_finds_the_same_on_its_disk(tmp_path: Path) -> None:
    disk = a_disk(tmp_path, history_days="60", model='"extra-trees"', from_archive="true")
    a_channel(tmp_path / "input" / "data" / "training", "payments.jsonl")

    assert with_job(["train"], {}, disk) == [
        *("train", "--from-archive", "--history-days", "60", "--model", "extra-trees"),
        *("--history", str(tmp_path / "input/data/training/payments.jsonl")),
        *("--files", str(tmp_path / "model"), "--figures", str(tmp_path / "output/data")),
    ]


@pytest.mark.parametrize("names", [(), ("a.jsonl", "b.jsonl"), ("a.csv",)])
def test_a_channel_without_one_history_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    variables = {"SM_MODEL_DIR": "/m", "SM_CHANNEL_TRAINING": str(a_channel(tmp_path / "in", *names))}

    with pytest.raises(ConfigurationError, match="one file of JSON lines"):
        with_job(["train"], variables, tmp_path)


@pytest.mark.parametrize("document", ["[1]", "{", "3"])
def test_hyperparameters_that_are_none_are_refused(tmp_path: Path, document: str) -> None:
    with pytest.raises(ConfigurationError, match="SM_HPS"):
        training_job({"SM_MODEL_DIR": "/m", "SM_HPS": document}, tmp_path)
