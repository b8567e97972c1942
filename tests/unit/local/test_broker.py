"""The broker's files say what the rest of the project relies on."""

from pathlib import Path

from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.local.broker import broker_command, server_properties
from fraudstream.local.java import Java


def properties(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def start_twice(home: Path) -> tuple[str, str]:
    identities = []
    for port in (9092, 9192):
        broker_command(home, Java(Path("java"), 17), [Path("a.jar")], port=port, controller_port=port + 1)
        identities.append((home / "data" / "meta.properties").read_text())
    return identities[0], identities[1]


def test_it_takes_every_record_that_a_producer_accepts() -> None:
    found = properties(server_properties("data", port=1, controller_port=2))

    assert int(found["message.max.bytes"]) > MAX_MESSAGE_BYTES


def test_topics_are_never_made_by_a_misspelling() -> None:
    assert properties(server_properties("data", port=1, controller_port=2))["auto.create.topics.enable"] == "false"


def test_it_listens_on_loopback_alone() -> None:
    found = properties(server_properties("data", port=1, controller_port=2))

    assert found["listeners"] == "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2"
    assert found["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1"


def test_a_storage_folder_keeps_its_identity(tmp_path: Path) -> None:
    first, second = start_twice(tmp_path)

    assert first == second
    assert len(properties(first)["cluster.id"]) == 22


def test_a_new_address_is_taken_over(tmp_path: Path) -> None:
    start_twice(tmp_path)

    assert "127.0.0.1:9192" in (tmp_path / "server.properties").read_text()
