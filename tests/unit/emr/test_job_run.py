"""The request that starts the scorer: kept as a file, held to the service's own model, and free of secrets."""

import json
import shlex
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from fraudstream.emr.job_run import PYTHON, SPARK_MASTER, JobRun
from fraudstream.errors import ConfigurationError
from fraudstream.scoring.session import SUBMITTED, configuration
from fraudstream.service_settings import EmrSettings
from fraudstream.settings import ScoringSettings

GOLDEN = Path(__file__).parent / "start_job_run.json"
VARIABLES = {
    "KAFKA_BOOTSTRAP_SERVERS": "b-1.example.amazonaws.com:9098,b-2.example.amazonaws.com:9098",
    "DATABASE_URL": "postgresql+psycopg2://fraudstream_scorer@db.example.amazonaws.com:5432/fraudstream",
    "AWS_REGION": "eu-central-1",
    "LABEL_DELAY": "P4D",
}


def a_run(**changes: Any) -> JobRun:  # noqa: ANN401 - any setting
    settings = EmrSettings(
        **{
            "emr_application_id": "00f1abcdefgh",
            "emr_execution_role_arn": "arn:aws:iam::123456789012:role/fraudstream-scorer",
            "emr_bucket": "fraudstream-scorer",
            **changes,
        }
    )
    return JobRun(settings, VARIABLES)


def options(request: dict[str, Any]) -> dict[str, str]:
    words = shlex.split(request["jobDriver"]["sparkSubmit"]["sparkSubmitParameters"])
    assert words[::2] == ["--conf"] * (len(words) // 2)
    return dict(word.split("=", 1) for word in words[1::2])


def test_the_request_is_the_one_that_is_kept() -> None:
    """After a change on purpose: `fraudstream emr submit --dry-run` with these settings."""
    assert json.dumps(a_run().request(), indent=2) + "\n" == GOLDEN.read_text()


@pytest.mark.parametrize("preflight", [False, True])
def test_the_service_would_take_it(preflight: bool) -> None:  # noqa: FBT001 - the parameter
    model = botocore.session.get_session().get_service_model("emr-serverless").operation_model("StartJobRun")
    request = {"clientToken": "t", **a_run().request(preflight=preflight)}

    assert model.input_shape is not None
    assert ParamValidator().validate(request, model.input_shape).generate_report() == ""


def test_it_streams_and_is_started_again_within_limits() -> None:
    request = a_run(emr_failures_an_hour=3).request()

    assert (request["mode"], request["retryPolicy"]) == ("STREAMING", {"maxFailedAttemptsPerHour": 3})
    assert request["jobDriver"]["sparkSubmit"]["entryPointArguments"] == ["--standby"]


def test_driver_and_executors_have_the_same_environment() -> None:
    found = options(a_run().request())

    for name, value in {
        **VARIABLES,
        "SPARK_MASTER": SUBMITTED,
        "CHECKPOINT_DIR": "s3://fraudstream-scorer/checkpoints",
    }.items():
        assert found[f"spark.emr-serverless.driverEnv.{name}"] == found[f"spark.executorEnv.{name}"] == value


def test_the_scorer_leaves_to_spark_submit_what_is_set_there() -> None:
    ours = configuration(ScoringSettings(spark_master=SPARK_MASTER, spark_jars_dir=Path("/opt/jars")))

    assert SPARK_MASTER == SUBMITTED
    assert not ours.keys() & {"spark.driver.memory", "spark.executor.extraClassPath", "spark.driver.extraClassPath"}
    assert not ours.keys() & options(a_run().request()).keys()


def test_jars_are_named_if_there_are_any() -> None:
    assert "spark.jars" not in options(a_run().request())
    assert options(a_run(emr_jars="s3://b/a.jar,s3://b/c.jar").request())["spark.jars"] == "s3://b/a.jar,s3://b/c.jar"


def test_a_preflight_is_a_batch_of_its_own() -> None:
    request = a_run().request(preflight=True)

    assert "mode" not in request
    assert request["jobDriver"]["sparkSubmit"]["entryPoint"] == "local:///opt/fraudstream/spark/preflight.py"
    assert (Path(__file__).parents[3] / "spark" / "preflight.py").exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [("", "is not set"), ("postgresql+psycopg2://scorer:hidden@db:5432/fraudstream", "holds a password")],
)
def test_a_password_is_never_in_a_request(url: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as refused:
        JobRun(a_run().settings, {**VARIABLES, "DATABASE_URL": url}).request()

    assert "hidden" not in str(refused.value)


def test_the_image_is_made_from_emrs_own_and_has_what_the_request_names() -> None:
    text = (Path(__file__).parents[3] / "spark" / "emr.Dockerfile").read_text(encoding="utf-8")
    users = [line.split()[1] for line in text.splitlines() if line.startswith("USER ")]

    assert "ARG EMR_IMAGE\nFROM ${EMR_IMAGE}\n" in text
    assert users[-1] == "hadoop:hadoop"
    assert f"-m venv --clear {PYTHON.removesuffix('/bin/python')} " in text
    assert EmrSettings.model_fields["emr_entry_point"].default == "local:///opt/fraudstream/spark/score.py"
    assert "\nCOPY spark /opt/fraudstream/spark\n" in text
