"""What the doctor knows of the compose file, it reads there."""

from pathlib import Path

import pytest
import yaml

from fraudstream.local.compose_file import find_checkout, parse_compose_file

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_every_published_port_is_found_in_our_file() -> None:
    services = yaml.safe_load(TEXT)["services"].values()
    parsed = parse_compose_file(TEXT)

    def published(*, on_demand: bool) -> set[str]:
        chosen = [service for service in services if bool(service.get("profiles")) is on_demand]
        return {port for service in chosen for port in service.get("ports", ())}

    for ports, on_demand in ((parsed.ports, False), (parsed.optional_ports, True)):
        assert ports
        assert {f"127.0.0.1:${{{variable}:-{port}}}" for variable, port in ports.items()} == {
            port.rpartition(":")[0] for port in published(on_demand=on_demand)
        }


def test_the_project_and_the_variables_are_found_in_our_file() -> None:
    parsed = parse_compose_file(TEXT)

    assert parsed.project == yaml.safe_load(TEXT)["name"]
    assert {"POSTGRES_PORT", "AWS_ENDPOINT_URL", "COMPOSE_PROJECT_NAME"} <= parsed.variables


def test_the_service_behind_each_port_is_found_in_our_file() -> None:
    parsed = parse_compose_file(TEXT)

    assert parsed.servers.keys() == parsed.ports.keys()
    assert set(parsed.servers.values()) <= yaml.safe_load(TEXT)["services"].keys()
    assert parsed.servers["KAFKA_PORT"] == "kafka"


def test_another_text_comes_out_empty() -> None:
    assert not parse_compose_file("services: [").ports


def test_the_checkout_is_this_one_wherever_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker-compose.yml").write_text("name: another\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert find_checkout() == ROOT


def test_an_installed_package_finds_the_checkout_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker-compose.yml").write_text("name: fraudstream\n", encoding="utf-8")
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr("fraudstream.local.compose_file._CHECKOUT", tmp_path / "lib")
    monkeypatch.chdir(tmp_path / "docs")

    assert find_checkout() == tmp_path
