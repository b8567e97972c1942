"""MLflow on the embedded database: the store for every process, and the server with its screens for people."""

import sys
from collections.abc import Mapping
from pathlib import Path

from fraudstream.local.ports import LOOPBACK
from fraudstream.local.processes import Command

NAME = "mlflow"
NICENESS = "15"
START_TIMEOUT = 180.0
"""Seconds until the screens must be there; about ten on an idle machine."""


def mlflow_environment(store_url: str, artifacts: Path) -> Mapping[str, str]:
    """What the trainer and the registry use: the store itself, so that nobody waits for the server to start."""
    return {
        "MLFLOW_TRACKING_URI": store_url,
        "MLFLOW_ARTIFACT_ROOT": artifacts.as_uri(),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def mlflow_command(store_url: str, artifacts: Path, port: int) -> Command:
    """How to start the tracking server; the store's password stays out of the command line.

    Its own job queue, ten processes that nothing here uses, stays off. It yields to everything else: the ten seconds
    of work at its start would otherwise delay the first scores.
    """
    arguments = ("server", "--host", LOOPBACK, "--port", str(port), "--workers", "1")
    hosts = ("--allowed-hosts", f"{LOOPBACK}:{port},localhost:{port}")
    return Command(
        name=NAME,
        arguments=("nice", "-n", NICENESS, sys.executable, "-P", "-m", "mlflow", *arguments, *hosts),
        environment={
            "MLFLOW_BACKEND_STORE_URI": store_url,
            "MLFLOW_DEFAULT_ARTIFACT_ROOT": artifacts.as_uri(),
            "MLFLOW_SERVE_ARTIFACTS": "false",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        directory=artifacts.parent,
    )
