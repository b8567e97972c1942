"""A registry named by an ARN: the plugin finds it, and every request is signed for it. Loopback stands in for AWS."""

import http.server
import json
import threading
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest

from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.errors import ModelUnavailable
from fraudstream.settings import RegistrySettings

pytestmark = pytest.mark.integration

ARN = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/fraudstream"


class Witness(http.server.BaseHTTPRequestHandler):
    """Answers that there is no such model, and keeps what it was asked with."""

    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        self.seen.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        body = json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}).encode()
        self.send_response(404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def requests() -> Iterator[tuple[str, list[dict[str, str]]]]:
    seen: list[dict[str, str]] = []
    handler = type("Handler", (Witness,), {"seen": seen})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        running.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        running.join()


def test_the_plugin_takes_arns() -> None:
    groups = ("mlflow.tracking_store", "mlflow.model_registry_store", "mlflow.request_auth_provider")

    assert [[point.module.split(".")[0] for point in entry_points(group=group, name="arn")] for group in groups] == [
        ["sagemaker_mlflow"]
    ] * 3


def test_requests_are_signed_for_the_server_of_the_arn(
    requests: tuple[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, seen = requests
    monkeypatch.setenv("MLFLOW_TRACKING_URI", ARN)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", address)
    registry = MlflowRegistry(RegistrySettings.load())

    with pytest.raises(ModelUnavailable):
        registry.find_alias("champion")

    asked = seen[0]
    assert asked["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/sagemaker-mlflow/aws4_request" in asked["authorization"]
    assert asked["x-mlflow-sm-tracking-server-arn"] == ARN
    assert "secret" not in json.dumps(seen)
