"""docker-compose.secure.yml leaves nobody out: names, rights and checked certificates for whoever talks to a server."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.architecture.test_compose import COMPOSE, SERVICES

from fraudstream.adapters.kafka.access import PRINCIPALS
from fraudstream.settings import variables

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.secure.yml").read_text(encoding="utf-8")
SECURED: dict[str, Any] = yaml.safe_load(TEXT)
OVERRIDES: dict[str, dict[str, Any]] = SECURED["services"]
PROVISIONERS = {"topics", "kafka-access"}
"""They come to the broker as its administrator."""
OWN = {"certificates", "kafka-access"}
FOLDER = ROOT / "services" / "secured"


def given(name: str) -> dict[str, str]:
    environment: dict[str, str] = OVERRIDES.get(name, {}).get("environment", {})
    return environment


def subpaths(name: str) -> dict[str, str]:
    """What of a volume is mounted where."""
    volumes = OVERRIDES.get(name, {}).get("volumes", ())
    return {
        each["target"]: f"{each['source']}/{each['volume']['subpath']}" for each in volumes if isinstance(each, dict)
    }


def talkers(variable: str) -> list[str]:
    return sorted(name for name, service in SERVICES.items() if variable in service.get("environment", {}))


def test_it_changes_services_that_there_are_and_adds_two() -> None:
    assert OVERRIDES.keys() - SERVICES.keys() == OWN
    assert SECURED["volumes"].keys() & COMPOSE["volumes"].keys() == set()


@pytest.mark.parametrize("name", sorted({*talkers("KAFKA_BOOTSTRAP_SERVERS"), *OWN} - {"certificates"}))
def test_whoever_talks_to_the_broker_has_a_name_and_checks_it(name: str) -> None:
    expected = "admin" if name in PROVISIONERS else name

    assert given(name)["KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    assert given(name)["KAFKA_SASL_MECHANISM"] == "SCRAM-SHA-512"
    assert given(name)["KAFKA_SASL_USERNAME"] == expected
    assert expected == "admin" or expected in PRINCIPALS
    folder, _, file = given(name)["KAFKA_SASL_PASSWORD_FILE"].rpartition("/")
    assert file == "kafka-password"
    assert subpaths(name)[folder] == ("certificates/administrator" if expected == "admin" else f"principals/{name}")
    assert subpaths(name)[given(name)["KAFKA_SSL_CA_FILE"].rpartition("/")[0]] == "certificates/authority"


@pytest.mark.parametrize("name", talkers("PGSSLMODE"))
def test_whoever_talks_to_the_database_checks_it(name: str) -> None:
    assert given(name)["PGSSLMODE"] == "verify-full"
    assert subpaths(name)[given(name)["PGSSLROOTCERT"].rpartition("/")[0]] == "certificates/authority"


def test_the_authority_s_key_and_all_passwords_are_mounted_where_they_are_made_alone() -> None:
    whole = {
        (name, volume.split(":")[0])
        for name, service in OVERRIDES.items()
        for volume in service.get("volumes", ())
        if isinstance(volume, str) and not volume.startswith("./")
    }
    taken = {path for name in OVERRIDES for path in subpaths(name).values()}

    assert whole == {("certificates", "certificates"), ("kafka-access", "principals")}
    assert "certificates/private" not in taken
    assert OVERRIDES["certificates"]["network_mode"] == "none"
    assert all(each["read_only"] for service in OVERRIDES.values() for each in service.get("volumes", ())
               if isinstance(each, dict))  # fmt: skip


def test_no_password_stands_in_it() -> None:
    passwords = {
        name: value for service in OVERRIDES for name, value in given(service).items() if re.search("PASSWORD", name)
    }

    assert passwords == {"KAFKA_SASL_PASSWORD_FILE": "/run/principal/kafka-password"}


@pytest.mark.parametrize("name", sorted(OWN))
def test_what_it_adds_is_restrained_as_everything_is(name: str) -> None:
    service = OVERRIDES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"]
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert not service.keys() & {"privileged", "cap_add", "ports", "restart"}


def test_nothing_is_published_that_was_not_before() -> None:
    assert [name for name, service in OVERRIDES.items() if "ports" in service] == []


def test_the_database_runs_as_before_and_over_tls_alone() -> None:
    before, now = SERVICES["postgres"]["command"], OVERRIDES["postgres"]["command"]
    lines = (FOLDER / "pg_hba.conf").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if not line.startswith("#")]

    assert now.startswith(before)
    assert "-c ssl=on" in now.removeprefix(before)
    assert {rule[0] for rule in rules} == {"local", "hostssl"}
    assert [rule[-1] for rule in rules if rule[0] != "local"] == ["scram-sha-256"]


def test_the_broker_lets_nobody_in_without_a_name() -> None:
    script = (FOLDER / "start_kafka.sh").read_text(encoding="utf-8")
    listeners = re.search(r"^listener\.security\.protocol\.map=(\S+)$", script, flags=re.MULTILINE)
    plain = (ROOT / "services" / "kafka" / "server.properties").read_text(encoding="utf-8")

    assert listeners is not None
    assert dict(pair.split(":") for pair in listeners[1].split(",")) == {
        "INTERNAL": "SASL_SSL",
        "EXTERNAL": "SASL_SSL",
        "CONTROLLER": "PLAINTEXT",
    }
    assert "CONTROLLER://localhost:" in plain
    assert "allow.everyone.if.no.acl.found=false" in script


def test_services_are_given_only_what_settings_or_vendors_read() -> None:
    theirs = {"PGSSLMODE", "PGSSLROOTCERT", "ADVERTISED_PORT"}

    assert {key for name in OVERRIDES for key in given(name)} - variables().keys() == theirs


def test_the_file_is_valid() -> None:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*command, "docker-compose.secure.yml"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout
