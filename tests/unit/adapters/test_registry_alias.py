"""The alias of the model at work follows where the registry answers and knows the model; trouble is only told."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stamina

from fraudstream.adapters.registry_alias import RegistryAliases, aliases_of
from fraudstream.ports.slices import Deployment

DEPLOYED = Deployment(3, "7", "d" * 64, 1, 0.5)


@dataclass
class Registry:
    """A registry of one version, over HTTP as MLflow has it."""

    address: str = ""
    digest: str = DEPLOYED.digest
    status: int = 200
    moved: list[Any] = field(default_factory=list)


@pytest.fixture
def registry() -> Iterator[Registry]:
    known = Registry()

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/api/2.0/mlflow/model-versions/get?name=fraudstream&version=7"
            self._answer({"model_version": {"version": "7", "tags": [{"key": "sha256", "value": known.digest}]}})

        def do_POST(self) -> None:
            assert self.path == "/api/2.0/mlflow/registered-models/alias"
            known.moved.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer({})

        def _answer(self, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(known.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    known.address = f"http://127.0.0.1:{server.server_port}"
    with stamina.set_testing(True, attempts=2):
        yield known
    server.shutdown()
    thread.join()
    server.server_close()


def aliases(registry: Registry) -> RegistryAliases:
    found = aliases_of(registry.address + "/", "fraudstream")
    assert found is not None
    return found


def test_the_alias_follows(registry: Registry) -> None:
    assert aliases(registry).move_champion(DEPLOYED) is None
    assert registry.moved == [{"name": "fraudstream", "version": "7", "alias": "champion"}]


def test_an_alias_never_means_another_model(registry: Registry) -> None:
    registry.digest = "e" * 64

    assert aliases(registry).move_champion(DEPLOYED) == "version 7 of the registry is another model"
    assert registry.moved == []


def test_trouble_is_told(registry: Registry) -> None:
    registry.status = 500

    assert "500" in (aliases(registry).move_champion(DEPLOYED) or "")
    assert "did not take it" in (RegistryAliases("http://127.0.0.1:9", "fraudstream").move_champion(DEPLOYED) or "")


@pytest.mark.parametrize("uri", ["postgresql://localhost/mlflow", "file:///tmp/mlruns", "mlruns"])
def test_a_registry_without_a_server_is_mlflows_own_affair(uri: str) -> None:
    assert aliases_of(uri, "fraudstream") is None
