"""docker-compose.yml keeps its rules: closed to the network, no default password, everything watched and bounded."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fraudstream.local.broker import server_properties
from fraudstream.settings import ChannelSettings, KafkaSettings, variables

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOTS = {"secrets", "database", "topics", "model", "ready", "verify"}
RUNNING = sorted(SERVICES.keys() - ONE_SHOTS)
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
UNRESTRAINED = {"localstack": "its image starts as root and writes all over its file system"}
READ_BY_OTHERS = re.compile(
    r"AWS_\w+|PGPASSFILE|PGSSLMODE|POSTGRES_\w+|KAFKA_(HEAP_OPTS|JVM_PERFORMANCE_OPTS|CLUSTERS_\w+)|LOG_DIR|SPARK_\w+|"
    r"MLFLOW_\w+|POWERTOOLS_\w+|SERVICES|EAGER_SERVICE_LOADING|DISABLE_EVENTS|SKIP_SSL_CERT_DOWNLOAD|"
    r"DYNAMIC_CONFIG_ENABLED|JAVA_OPTS|GF_\w+|MPLCONFIGDIR"
)
"""Variables of the vendors' own programs."""


def each(names: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", names)


def image_of(name: str) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", SERVICES[name]["image"])


@each(sorted(SERVICES))
def test_images_are_exact_maintained_and_ours_are_built(name: str) -> None:
    image = image_of(name)

    assert "build" in SERVICES[name] or re.search(r":v?\d+(\.\d+)*$", image)
    assert not re.match(r"bitnami/|minio/|provectuslabs/|localstack/localstack:latest", image)


@each(sorted(SERVICES))
def test_ports_are_published_on_loopback_and_can_be_moved(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{[A-Z_]+_PORT:-\d+\}:\d+", port)


@each(sorted(SERVICES))
def test_nothing_is_privileged_or_sees_the_engine(name: str) -> None:
    service = SERVICES[name]

    assert "docker.sock" not in str(service)
    assert not service.keys() & {"privileged", "pid", "ipc", "cap_add", "devices", "container_name"}
    assert service.get("network_mode") in {None, "none"}


@each(sorted(SERVICES))
def test_containers_are_restrained(name: str) -> None:
    service = SERVICES[name]

    assert "no-new-privileges:true" in service["security_opt"]
    assert name in UNRESTRAINED or (service["read_only"] and service["cap_drop"] == ["ALL"])
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]


def test_our_images_do_not_run_as_root() -> None:
    for dockerfile in (ROOT / "Dockerfile", ROOT / "services" / "alert_lambda" / "Dockerfile"):
        stages = re.split(r"^FROM ", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        shipped = [stage for stage in stages if "\nCMD [" in stage]

        assert shipped
        assert [stage for stage in shipped if "\nUSER 10001\n" not in stage] == []


@each(RUNNING)
def test_what_keeps_running_is_watched_and_comes_back(name: str) -> None:
    service = SERVICES[name]

    assert service["healthcheck"]["test"]
    assert service["healthcheck"]["start_period"]
    assert service.get("restart") == "unless-stopped" or service.get("profiles")


@each(sorted(ONE_SHOTS))
def test_what_ends_by_itself_is_not_started_again(name: str) -> None:
    assert not SERVICES[name].keys() & {"restart", "healthcheck"}


@each(sorted(SERVICES))
def test_everybody_waits_for_use_and_not_for_a_process(name: str) -> None:
    for wanted, how in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if wanted in ONE_SHOTS else "service_healthy"
        assert how["condition"] == expected


def test_a_start_that_waits_for_ready_waits_for_everything() -> None:
    """`docker compose up --detach` returns when the last service may start, so that one depends on all the others."""
    waited_for, left = set[str](), ["ready"]
    while left:
        needed = SERVICES[left.pop()].get("depends_on", {}).keys() - waited_for
        waited_for |= needed
        left += needed

    assert waited_for == {name for name in SERVICES if not SERVICES[name].get("profiles")} - {"ready"}
    assert not any("ready" in service.get("depends_on", {}) for service in SERVICES.values())


def test_only_what_ends_speaks_on_the_terminal() -> None:
    silent = {name for name, service in SERVICES.items() if service.get("attach") is False}

    assert {name for name in SERVICES if not SERVICES[name].get("profiles")} - silent == ONE_SHOTS - {"verify"}


def test_no_password_has_a_default() -> None:
    given = {
        f"{service}: {name}": value
        for service, content in SERVICES.items()
        for name, value in content.get("environment", {}).items()
        if re.search(r"PASSWORD|TOKEN|PGPASSFILE", name)
    }

    assert given
    assert {name: value for name, value in given.items() if not re.fullmatch(r"/\S+|\$\{\w+:?-\}", value)} == {}
    assert not re.search(r"://[^@\s/$]+:[^@\s/]+@", TEXT)


def test_each_service_sees_its_own_secrets_alone() -> None:
    whole = {name for name, service in SERVICES.items() if re.search(r"'secrets:/", str(service.get("volumes", "")))}
    subpaths = {
        name: [volume["volume"]["subpath"] for volume in service.get("volumes", ()) if isinstance(volume, dict)]
        for name, service in SERVICES.items()
    }
    roles = {
        name: re.findall(r"//(fraudstream_\w+|mlflow)@", str(service))
        for name, service in SERVICES.items()
        if name not in whole
    }

    roles["analyst-api"].append("analyst")
    roles["scoring-api"].append("scoring-api")
    roles["dashboard"].remove("fraudstream_reader")  # whose password stands in the page's own file
    assert whole == {"secrets", "database"}
    assert {
        name: sorted(paths) for name, paths in subpaths.items() if paths and name not in {"postgres", "spark-worker"}
    } == {name: sorted(set(found)) for name, found in roles.items() if found}


@each(sorted(SERVICES))
def test_services_are_given_only_what_settings_or_vendors_read(name: str) -> None:
    given = SERVICES[name].get("environment", {})

    assert [key for key in given if key not in variables() and not READ_BY_OTHERS.fullmatch(key)] == []


def test_the_switch_to_aws_is_a_matter_of_standard_variables() -> None:
    """Whatever is emulated here can be pointed elsewhere; an endpoint that is set but empty means AWS."""
    assert "${MLFLOW_ARTIFACTS_DESTINATION:-/" in TEXT
    assert "${AWS_ENDPOINT_URL-http://localstack:4566}" in TEXT
    assert "${AWS_ENDPOINT_URL_LAMBDA-http://alert-lambda:8080}" in TEXT
    for variable in ("KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_HOST", "MLFLOW_TRACKING_URI", "ALERTS_TOPIC_ARN"):
        assert f"${{{variable}:-" in TEXT
    assert len(re.findall(r"localstack:4566", TEXT)) == len(re.findall(r"-http://localstack:4566", TEXT))


def test_by_what_right_broker_and_database_are_reached_is_told_to_whoever_reaches_them() -> None:
    kafka = {name.upper() for name in KafkaSettings.model_fields}
    database = {"DATABASE_AUTH", "DATABASE_CA_FILE", "AWS_REGION", "AWS_ACCESS_KEY_ID"}
    told = {name: service.get("environment", {}) for name, service in SERVICES.items()}
    reaching = {"KAFKA_BOOTSTRAP_SERVERS": kafka | {"AWS_REGION"}, "DATABASE_URL": database}
    lacking = {
        f"{name}: {each}"
        for address, wanted in reaching.items()
        for name, given in told.items()
        for each in wanted
        if address in given and not str(given.get(each, "")).startswith(f"${{{each}")
    }

    assert lacking == set()
    assert {"topics", "scorer", "alert-channels", "verify"} <= {n for n in told if "KAFKA_SASL_MECHANISM" in told[n]}
    assert told["spark-worker"].keys() >= database  # which has its address from the driver


def test_channels_have_every_setting_of_theirs() -> None:
    wanted = {name.upper() for name in ChannelSettings.model_fields}

    assert wanted <= SERVICES["alert-channels"]["environment"].keys()


def test_the_broker_is_configured_as_the_embedded_one() -> None:
    own = {"listeners", "listener.security.protocol.map", "inter.broker.listener.name", "log.dirs"}
    own |= {"controller.quorum.voters", "advertised.listeners"}
    in_compose = properties((ROOT / "services" / "kafka" / "server.properties").read_text(encoding="utf-8"))
    embedded = properties(server_properties("/data", port=9092, controller_port=9093))

    assert {k: v for k, v in in_compose.items() if k not in own} == {k: v for k, v in embedded.items() if k not in own}


def properties(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_file_is_valid() -> None:
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*command, "docker-compose.yml"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout


def test_the_stage_that_fetches_jars_has_all_that_it_imports(tmp_path: Path) -> None:
    stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").partition(" AS jars\n")[2].partition("\nFROM ")[0]
    copied = re.findall(r"src/(fraudstream/\S+\.(?:py|lock))", stage)
    for name in copied:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "src" / name, target)

    asked = "import fraudstream.local.jars, fraudstream.settings; print(fraudstream.settings.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, Path(done.stdout.strip()).parent) == (0, tmp_path / "fraudstream"), done.stderr
