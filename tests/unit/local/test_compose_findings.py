"""What stands in the way of `docker compose up` is named, with the next step."""

import json
from pathlib import Path

import pytest

from fraudstream.local.compose_findings import (
    GIB,
    engine_findings,
    examine_checkout,
    examine_compose,
    project_findings,
    volume_findings,
)
from fraudstream.local.engine import NO_COMMAND, Answer, Ask, Container, Engine
from fraudstream.local.findings import Finding, Severity, Way

GOOD = Engine("26.1.5+dfsg1", 8 * GIB, "v2.40.3")
DENIED = (
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: "
    'Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/info": dial unix /var/run/docker.sock: connect: permission denied'
)
INFO = {
    "ServerVersion": "28.0.0",
    "MemTotal": 8 * GIB,
    "ClientInfo": {"Plugins": [{"Name": "compose", "Version": "v2.40.3"}]},
}
COMPOSE_FILE = """name: fraudstream
services:
  kafka:
    image: ${COMPOSE_PROJECT_NAME:-fraudstream}-kafka
    ports: ["127.0.0.1:${KAFKA_PORT:-1}:9092"]
"""


def seen(findings: list[Finding], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject == subject)


def a_docker(info: object = INFO, containers: Answer | None = None, volumes: str = "") -> Ask:
    answers = {
        "info": Answer(0, json.dumps(info)),
        "compose": containers or Answer(0, ""),
        "volume": Answer(0, volumes),
    }
    return lambda *words: answers[words[0]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docker-compose.yml").write_text(COMPOSE_FILE, encoding="utf-8")
    return tmp_path


def test_a_good_engine_is_fine() -> None:
    assert {finding.severity for finding in engine_findings(GOOD)} == {Severity.FINE}


def test_no_docker_is_a_note_because_the_demo_needs_none() -> None:
    [found] = engine_findings(Engine(complaint=NO_COMMAND))

    assert (found.severity, found.prevents) == (Severity.NOTE, (Way.COMPOSE,))
    assert "install Docker Engine 26" in found.next_step
    assert "`make demo` needs none" in found.next_step


def test_an_engine_that_does_not_answer_is_to_be_started() -> None:
    [found] = engine_findings(Engine(complaint="Cannot connect", compose="v2.40.3"))

    assert found.severity is Severity.NOTE
    assert "Cannot connect" in found.seen
    assert "DOCKER_HOST" in found.next_step


def test_no_right_to_the_socket_is_said() -> None:
    [found] = engine_findings(Engine(complaint=DENIED))

    assert (found.severity, found.prevents) == (Severity.PROBLEM, (Way.COMPOSE,))
    assert "sudo usermod -aG docker $USER" in found.next_step
    assert "rootless" in found.next_step


@pytest.mark.parametrize(
    ("engine", "subject", "step"),
    [
        (Engine("25.0.3", 8 * GIB, "v2.40.3"), "Docker", "volume subpaths need Docker Engine 26"),
        (Engine("26.1.5", 8 * GIB, "2.24.7"), "Compose", "volume subpaths need Compose 2.26"),
        (Engine("26.1.5", 8 * GIB), "Compose", "install the Compose plugin"),
    ],
)
def test_what_is_too_old_or_missing_is_a_problem_of_compose(engine: Engine, subject: str, step: str) -> None:
    found = seen(list(engine_findings(engine)), subject)

    assert (found.severity, found.prevents) == (Severity.PROBLEM, (Way.COMPOSE,))
    assert step in found.next_step


def test_a_version_without_a_number_is_a_note() -> None:
    found = seen(list(engine_findings(Engine("dev", 8 * GIB, "v2.40.3"))), "Docker")

    assert (found.severity, found.prevents) == (Severity.NOTE, ())


def test_little_memory_is_a_note_with_the_smaller_stack() -> None:
    found = seen(list(engine_findings(Engine("26.1.5", 6 * GIB - 1, "v2.40.3"))), "Docker memory")

    assert (found.severity, found.prevents) == (Severity.NOTE, ())
    assert "make up-lite" in found.next_step
    assert seen(list(engine_findings(Engine("26.1.5", 6 * GIB, "v2.40.3"))), "Docker memory").next_step == ""


@pytest.mark.parametrize(
    ("container", "trouble"),
    [
        (Container("model", "exited", exit_code=1), "has failed with exit status 1"),
        (Container("model", "restarting", exit_code=1), "is restarting"),
        (Container("model", "dead"), "is dead"),
        (Container("model", "running", health="unhealthy"), "is unhealthy"),
        (Container("model", "exited", exit_code=137), "was killed, perhaps for its memory"),
    ],
)
def test_a_service_that_is_not_well_is_listed_with_its_logs(container: Container, trouble: str) -> None:
    [found] = project_findings("fraudstream", [Container("kafka", "running", "healthy"), container])

    assert (found.severity, found.subject, found.seen) == (Severity.PROBLEM, "model", trouble)
    assert "docker compose logs model" in found.next_step
    assert found.prevents == (Way.COMPOSE,)


def test_a_service_of_many_containers_is_listed_once() -> None:
    assert len(list(project_findings("fraudstream", [Container("spark-worker", "dead")] * 2))) == 1


@pytest.mark.parametrize(
    ("containers", "sentence"),
    [
        ([], "two is not there yet"),
        ([Container("topics", "exited"), Container("kafka", "running", "healthy")], "two, services running: 1"),
        ([Container("kafka", "running", "starting")], "two, services running: 1, of which still starting: 1"),
        ([Container("kafka", "exited", exit_code=143), Container("mlflow", "exited", exit_code=137)], "two is stopped"),
    ],
)
def test_a_project_that_is_well_is_one_line(containers: list[Container], sentence: str) -> None:
    [found] = project_findings("two", containers)

    assert (found.severity, found.seen) == (Severity.FINE, sentence)


@pytest.mark.parametrize("alone", ["fraudstream_postgres", "fraudstream_secrets"])
def test_a_database_and_passwords_of_different_age_are_a_problem(alone: str) -> None:
    [found] = volume_findings("fraudstream", {alone, "other_postgres", "other_secrets"})

    assert (found.severity, found.prevents) == (Severity.PROBLEM, (Way.COMPOSE,))
    assert f"{alone} is there without" in found.seen
    assert "make reset" in found.next_step


def test_both_volumes_or_neither_are_as_they_should_be() -> None:
    assert not list(volume_findings("fraudstream", {"fraudstream_postgres", "fraudstream_secrets"}))
    assert not list(volume_findings("fraudstream", {"fraudstream_kafka"}))


def test_a_checkout_in_order_has_nothing_to_mend(checkout: Path) -> None:
    findings = list(examine_checkout(checkout, {}, a_docker()))

    assert {finding.severity for finding in findings} == {Severity.FINE}
    assert [finding.subject for finding in findings][-3:] == [".env", "ports", "project"]


def test_the_environment_goes_before_the_file(checkout: Path) -> None:
    (checkout / ".env").write_text("KAFKA_PORT=none\nCOMPOSE_PROJECT_NAME=two\n", encoding="utf-8")
    ask = a_docker(volumes="two_postgres\n")

    found = list(examine_checkout(checkout, {}, ask))
    assert seen(found, "KAFKA_PORT").seen == "is no port"
    assert "two_postgres is there without two_secrets" in seen(found, "volumes").seen

    found = list(examine_checkout(checkout, {"KAFKA_PORT": "2", "COMPOSE_PROJECT_NAME": "three"}, ask))
    assert {finding.severity for finding in found} == {Severity.FINE}


def test_a_port_that_the_environment_decides_need_not_be_decided_in_the_file(checkout: Path) -> None:
    (checkout / ".env").write_text("KAFKA_PORT=$OTHER\n", encoding="utf-8")

    assert "ports" not in [finding.subject for finding in examine_checkout(checkout, {}, a_docker())]
    assert seen(list(examine_checkout(checkout, {"KAFKA_PORT": "2"}, a_docker())), "ports").seen == "2 free"


def test_names_are_known_from_the_compose_file_the_settings_and_the_example(checkout: Path) -> None:
    (checkout / ".env.example").write_text("# text=no\n# AWS_DEFAULT_REGION=\nB_C=\n", encoding="utf-8")
    (checkout / ".env").write_text("AWS_DEFAULT_REGION=x\nB_C=1\nLOG_LEVEL=INFO\nKAFKA_PORT=2\n", encoding="utf-8")

    found = [each for each in examine_checkout(checkout, {}, a_docker()) if each.subject == ".env"]
    assert [each.seen.split()[0] for each in found] == ["AWS_DEFAULT_REGION", "B_C", "LOG_LEVEL"]
    assert all("is not for compose" in each.seen for each in found)


def test_a_file_of_settings_that_cannot_be_read_is_a_problem(checkout: Path) -> None:
    (checkout / ".env").mkdir()
    found = seen(list(examine_checkout(checkout, {}, a_docker())), ".env")

    assert (found.severity, found.prevents) == (Severity.PROBLEM, (Way.COMPOSE,))
    assert "cannot be read" in found.seen


def test_a_project_that_compose_cannot_read_is_a_problem_without_its_words(checkout: Path) -> None:
    ask = a_docker(containers=Answer(1, "", 'failed to read .env: unterminated quoted value "hush'))
    found = list(examine_checkout(checkout, {}, ask))

    assert "docker compose config --quiet" in seen(found, "project").next_step
    assert "hush" not in str(found)


def test_without_an_engine_ports_and_project_do_not_matter(checkout: Path) -> None:
    found = list(examine_checkout(checkout, {}, a_docker(info={})))

    assert [finding.subject for finding in found] == ["Docker", ".env"]


def test_our_own_checkout_is_looked_at_without_docker() -> None:
    assert seen(list(examine_compose({})), "Docker").severity is Severity.NOTE


def test_outside_a_checkout_there_is_nothing_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fraudstream.local.compose_file._CHECKOUT", tmp_path)
    monkeypatch.chdir(tmp_path)
    [found] = examine_compose({})

    assert (found.severity, found.prevents) == (Severity.NOTE, (Way.COMPOSE,))


def test_a_port_that_makes_compose_refuse_the_file_is_named(checkout: Path) -> None:
    (checkout / ".env").write_text("KAFKA_PORT=kafka\n", encoding="utf-8")
    refuses = a_docker(containers=Answer(15, complaint="invalid hostPort: kafka"))

    found = list(examine_checkout(checkout, {}, refuses))
    assert seen(found, "KAFKA_PORT").seen == "is no port"
    assert "project" not in [finding.subject for finding in found]

    found = list(examine_checkout(checkout, {"KAFKA_PORT": "2"}, refuses))
    assert "`docker compose config --quiet`" in seen(found, "project").next_step
