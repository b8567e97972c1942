"""The alias of the model at work, in MLflow's registry: for whoever has to move it and nothing else.

It speaks MLflow's REST API, so that a process that moves an alias need not have MLflow.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

import msgspec
import stamina

from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.registry import CHAMPION, DIGEST_TAG
from fraudstream.ports.slices import Deployment

TIMEOUT = 5.0
"""Seconds one answer may take."""
ATTEMPTS = 2


class _Tag(msgspec.Struct):
    key: str
    value: str = ""


class _Version(msgspec.Struct):
    tags: tuple[_Tag, ...] = ()


class _Found(msgspec.Struct):
    model_version: _Version


@dataclass(frozen=True)
class RegistryAliases:
    """Aliases of one registered model; `address` is the tracking server's."""

    address: str
    model_name: str

    def move_champion(self, deployed: Deployment) -> str | None:
        """Let `champion` mean what is deployed; says why that could not be done, and never raises for it."""
        wanted = {"name": self.model_name, "version": deployed.model_version}
        try:
            found = msgspec.json.decode(
                self._ask("GET", f"model-versions/get?{urllib.parse.urlencode(wanted)}"), type=_Found
            )
            if deployed.digest not in {tag.value for tag in found.model_version.tags if tag.key == DIGEST_TAG}:
                return f"version {deployed.model_version} of the registry is another model"
            self._ask("POST", "registered-models/alias", {**wanted, "alias": CHAMPION})
        except (TemporarilyUnavailable, msgspec.MsgspecError) as error:
            return f"the registry did not take it: {error}"
        return None

    @stamina.retry(on=TemporarilyUnavailable, attempts=ATTEMPTS, timeout=3 * TIMEOUT, wait_initial=0.2)
    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - `aliases_of` lets http and https pass
            f"{self.address}/api/2.0/mlflow/{path}", content, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # nosec B310  # noqa: S310 - same
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise TemporarilyUnavailable(f"{error.code} {error.reason}") from error
        except OSError as error:
            raise TemporarilyUnavailable(str(error)) from error


def aliases_of(tracking_uri: str, model_name: str) -> RegistryAliases | None:
    """The aliases of a registry that is a server; of one in files or a database only MLflow itself can move them."""
    if not tracking_uri.startswith(("http://", "https://")):
        return None
    return RegistryAliases(tracking_uri.rstrip("/"), model_name)
