"""A client may be garbage on any thread, and must not take its process along."""

import subprocess
import sys
import threading
import weakref

import pytest
from tests.integration.cloud.tokens import unsigned_token
from tests.unit.adapters.dropped_client import NOBODY as BY_IAM

from fraudstream.adapters.kafka import KafkaAdmin, connection, ending
from fraudstream.settings import KafkaSettings

NOBODY = KafkaSettings(kafka_bootstrap_servers="127.0.0.1:1")


@pytest.mark.parametrize("kind", ["producer", "consumer", "admin"])
def test_a_client_found_on_its_own_thread_is_destroyed_on_another(kind: str) -> None:
    command = [sys.executable, "-m", "tests.unit.adapters.dropped_client", kind]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr


def test_a_client_lives_as_long_as_its_owner_and_no_longer() -> None:
    ended = threading.Event()

    class Client:
        pass

    client, owner = Client(), Client()
    weakref.finalize(client, ended.set)
    ending.end_with(owner, client)
    del client
    assert not ended.is_set()

    del owner
    assert ended.wait(30.0)


@pytest.mark.parametrize("settings", [NOBODY, BY_IAM])
def test_nothing_of_a_client_holds_whom_it_ends_with(settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_msk_token", lambda: unsigned_token("app", 600.0))
    admin = KafkaAdmin(settings)
    refusals = weakref.ref(admin._refusals)

    del admin

    assert refusals() is None
