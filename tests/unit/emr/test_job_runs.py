"""Runs on EMR Serverless: on moto as far as it goes, and with answers as the service model has them."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from tests.unit.emr.test_job_run import a_run

from fraudstream.adapters.aws.job_runs import JobRuns
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable

APPLICATION = "00f1abcdefgh"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RUN = {
    "applicationId": APPLICATION,
    "arn": f"arn:aws:emr-serverless:eu-central-1:123456789012:/applications/{APPLICATION}/jobruns/r1",
    "createdBy": "arn:aws:iam::123456789012:user/somebody",
    "createdAt": NOW,
    "updatedAt": NOW,
    "executionRole": "arn:aws:iam::123456789012:role/fraudstream-scorer",
    "stateDetails": "none",
    "releaseLabel": "emr-spark-8.2.0",
    "name": "fraudstream-scorer",
}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a client without types
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return boto3.session.Session().client("emr-serverless")


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:  # noqa: ANN401 - a client without types
    with Stubber(client) as made:
        yield made
        made.assert_no_pending_responses()


def test_a_run_is_started_seen_and_stopped_on_an_emulator(client: Any) -> None:  # noqa: ANN401 - a client without types
    with mock_aws():
        application = client.create_application(name="fraudstream", releaseLabel="emr-7.2.0", type="SPARK")
        runs = JobRuns(application["applicationId"], client)
        request = a_run(emr_application_id=application["applicationId"]).request()

        run_id = runs.start(request, token="once")
        state = runs.state(run_id)
        stored = client.get_job_run(applicationId=application["applicationId"], jobRunId=run_id)["jobRun"]

    assert (state.run_id, state.name) == (run_id, "fraudstream-scorer")
    assert stored["jobDriver"] == request["jobDriver"]
    assert stored["configurationOverrides"] == request["configurationOverrides"]


def test_the_whole_request_reaches_the_service(stub: Stubber) -> None:
    request = a_run().request()
    answer = {"applicationId": APPLICATION, "jobRunId": "r1", "arn": RUN["arn"]}
    stub.add_response("start_job_run", answer, {"clientToken": "once", **request})

    assert JobRuns(APPLICATION, stub.client).start(request, token="once") == "r1"


def test_only_what_has_not_ended_is_at_work(stub: Stubber) -> None:
    runs = [
        {**RUN, "id": f"r{number}", "state": state} for number, state in enumerate(("RUNNING", "FAILED", "PENDING"))
    ]
    stub.add_response("list_job_runs", {"jobRuns": runs}, {"applicationId": APPLICATION})

    assert [run.run_id for run in JobRuns(APPLICATION, stub.client).at_work()] == ["r0", "r2"]


def test_a_failure_is_told_with_its_attempt(stub: Stubber) -> None:
    run = {**RUN, "jobRunId": "r1", "state": "FAILED", "stateDetails": "too many failures", "attempt": 6}
    run["jobDriver"] = a_run().request()["jobDriver"]
    stub.add_response("get_job_run", {"jobRun": run}, {"applicationId": APPLICATION, "jobRunId": "r1"})

    state = JobRuns(APPLICATION, stub.client).state("r1")

    assert state.has_ended
    assert str(state) == "r1 fraudstream-scorer FAILED, attempt 6: too many failures"


def test_a_run_is_asked_to_stop(stub: Stubber) -> None:
    answer = {"applicationId": APPLICATION, "jobRunId": "r1"}
    stub.add_response("cancel_job_run", answer, answer)

    JobRuns(APPLICATION, stub.client).stop("r1")


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ResourceNotFoundException", ConfigurationError), ("InternalServerException", TemporarilyUnavailable)],
)
def test_refusals_are_ours(stub: Stubber, code: str, kind: type[Exception]) -> None:
    stub.add_client_error("get_job_run", code, "no")

    with pytest.raises(kind, match="run r1"):
        JobRuns(APPLICATION, stub.client).state("r1")
