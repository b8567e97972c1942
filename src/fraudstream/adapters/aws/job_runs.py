"""EMR Serverless: runs of jobs."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fraudstream.adapters.aws.calls import emr_client, mapped

ENDED = frozenset({"SUCCESS", "FAILED", "CANCELLED"})


@dataclass(frozen=True)
class RunState:
    """Where a run of a job stands, in the service's own words."""

    run_id: str
    name: str
    state: str
    details: str
    attempt: int

    @property
    def has_ended(self) -> bool:
        """Whether it won't do anything any more."""
        return self.state in ENDED

    def __str__(self) -> str:
        """As a person reads it."""
        told = f": {self.details}" if self.details else ""
        return f"{self.run_id} {self.name} {self.state}, attempt {self.attempt}{told}"


class JobRuns:
    """The runs of one application.

    Raises:
        ConfigurationError: the environment names no region; of each method: we may not do this, or there is no such
            application or run.
        MalformedEvent: of each method: the service refuses the request.
        TemporarilyUnavailable: of each method: it did not answer.
    """

    def __init__(self, application_id: str, client: Any = None) -> None:  # noqa: ANN401 - see `emr_client`
        self._application = application_id
        self._client = client or emr_client()

    def start(self, request: Mapping[str, Any], *, token: str | None = None) -> str:
        """Start a run; returns its id. A repeated call with the same `token` starts nothing more."""
        with mapped(f"EMR Serverless application {self._application}"):
            return str(self._client.start_job_run(clientToken=token or uuid.uuid4().hex, **request)["jobRunId"])

    def state(self, run_id: str) -> RunState:
        """Where a run stands."""
        with mapped(f"EMR Serverless run {run_id}"):
            return _state(
                self._client.get_job_run(applicationId=self._application, jobRunId=run_id)["jobRun"], "jobRunId"
            )

    def at_work(self) -> list[RunState]:
        """Every run of the application that has not ended, the newest first."""
        with mapped(f"EMR Serverless application {self._application}"):
            pages = self._client.get_paginator("list_job_runs").paginate(applicationId=self._application)
            states = [_state(run, "id") for page in pages for run in page["jobRuns"]]
        return [state for state in states if not state.has_ended]

    def stop(self, run_id: str) -> None:
        """Ask a run to end; it gets a signal, and ends its trigger first."""
        with mapped(f"EMR Serverless run {run_id}"):
            self._client.cancel_job_run(applicationId=self._application, jobRunId=run_id)


def _state(run: Mapping[str, Any], key: str) -> RunState:
    return RunState(
        run_id=str(run.get(key) or run["jobRunId"]),
        name=str(run.get("name", "")),
        state=str(run["state"]),
        details=str(run.get("stateDetails", "")),
        attempt=int(run.get("attempt", 1)),
    )
