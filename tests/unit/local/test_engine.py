"""Docker's answers, as recorded, are understood; nothing it may say raises."""

import stat
import sys
from pathlib import Path

import pytest

from fraudstream.local.engine import (
    COMPLAINT_LENGTH,
    NO_COMMAND,
    Answer,
    Container,
    Engine,
    ask_containers,
    ask_volumes,
    docker,
    is_at_least,
    parse_containers,
    parse_engine,
)

CLIENT = (
    '"ClientInfo":{"Debug":false,"Version":"28.2.2","Context":"default","Plugins":['
    '{"SchemaVersion":"0.1.0","Vendor":"Docker Inc.","Version":"v0.29.1","Name":"buildx"},'
    '{"SchemaVersion":"0.1.0","Vendor":"Docker Inc.","Version":"v2.40.3","Name":"compose"}],"Warnings":null}'
)
ANSWERING = '{"Containers":3,"MemTotal":25274793984,"ServerVersion":"26.1.5+dfsg1","ServerErrors":null,' + CLIENT + "}"
SILENT = '{"Containers":0,"MemTotal":0,"ServerVersion":"","Warnings":null,' + CLIENT + "}"
UNREACHABLE = "Cannot connect to the Docker daemon at unix:///nonexistent. Is the docker daemon running?"
RUNNING = (
    '{"ExitCode":0,"Health":"healthy","Labels":"com.docker.compose.oneoff=False,com.docker.compose.service=postgres",'
    '"Project":"fraudstream","Publishers":[{"URL":"127.0.0.1","TargetPort":5432,"PublishedPort":5432,'
    '"Protocol":"tcp"},{"URL":"","TargetPort":4510,"PublishedPort":0,"Protocol":"tcp"}],"Service":"postgres",'
    '"State":"running","Status":"Up About a minute (healthy)"}'
)
EXITED = (
    '{"ExitCode":1,"Health":"","Labels":"com.docker.compose.oneoff=False","Publishers":null,"Service":"model",'
    '"State":"exited","Status":"Exited (1) 31 seconds ago"}'
)
ONE_OFF = '{"ExitCode":1,"Labels":"com.docker.compose.oneoff=True","Service":"verify","State":"exited"}'
POSTGRES = Container("postgres", "running", "healthy", ports=frozenset({5432}))
MODEL = Container("model", "exited", exit_code=1)


def test_an_engine_that_answers_tells_its_versions_and_memory() -> None:
    assert parse_engine(Answer(0, ANSWERING)) == Engine("26.1.5+dfsg1", 25_274_793_984, "v2.40.3")


@pytest.mark.parametrize("status", [0, 1])
def test_an_engine_that_does_not_answer_leaves_its_clients_complaint(status: int) -> None:
    engine = parse_engine(Answer(status, SILENT, UNREACHABLE + "\n"))

    assert engine == Engine("", 0, "v2.40.3", UNREACHABLE)


def test_older_clients_complain_in_the_answer_itself() -> None:
    answer = SILENT.replace('"Warnings"', f'"ServerErrors":["{UNREACHABLE}"],"Warnings"', 1)

    assert parse_engine(Answer(0, answer, "errors pretty printing info")).complaint == UNREACHABLE


def test_without_a_plugin_there_is_no_compose() -> None:
    assert parse_engine(Answer(0, ANSWERING.replace('"compose"', '"scout"'))).compose == ""


@pytest.mark.parametrize(
    "output", ["", "{", "[]", "null", '{"host": {}}', '{"ServerErrors": 1, "ClientInfo": [], "MemTotal": "x"}']
)
def test_what_is_not_dockers_answer_is_no_engine(output: str) -> None:
    assert parse_engine(Answer(0, output)) == Engine(complaint="the answer is not one of Docker's")


def test_a_long_complaint_is_cut() -> None:
    assert len(parse_engine(Answer(1, "", "x" * 5000)).complaint) == COMPLAINT_LENGTH


def test_containers_are_read_line_by_line_or_from_a_list() -> None:
    assert parse_containers(f"{RUNNING}\n{EXITED}\n") == (POSTGRES, MODEL)
    assert parse_containers(f"[{RUNNING},{EXITED}]\n") == (POSTGRES, MODEL)


def test_what_was_run_once_is_no_service() -> None:
    assert parse_containers(f"{ONE_OFF}\n{EXITED}\n") == (MODEL,)


@pytest.mark.parametrize("output", ["", "no configuration file", "[]", "3", '{"Publishers": 3, "State": null}'])
def test_a_strange_answer_about_containers_does_not_raise(output: str) -> None:
    assert not any(container.ports for container in parse_containers(output))


def test_compose_that_cannot_tell_is_not_taken_for_an_empty_project() -> None:
    assert ask_containers(lambda *_: Answer(1, "", "failed to read .env")) is None
    assert ask_containers(lambda *_: Answer(0, "")) == ()


def test_volumes_are_a_set_of_names() -> None:
    assert ask_volumes(lambda *_: Answer(0, "fraudstream_kafka\nfraudstream_secrets\n")) == {
        "fraudstream_kafka",
        "fraudstream_secrets",
    }
    assert ask_volumes(lambda *_: Answer(None)) == frozenset()


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("26.0.0", True),
        ("26.1.5+dfsg1", True),
        ("v27.3.1", True),
        ("25.0.16", False),
        ("20.10.24+dfsg1", False),
        ("100.0.0-rc.1", True),
        ("dev", None),
        ("", None),
    ],
)
def test_versions_are_compared_as_numbers(version: str, *, enough: bool | None) -> None:
    assert is_at_least(version, (26, 0)) is enough


def test_minor_versions_count() -> None:
    assert is_at_least("2.26.1-4", (2, 26))
    assert is_at_least("v2.9.0", (2, 26)) is False


def a_docker(folder: Path, script: str) -> dict[str, str]:
    program = folder / "docker"
    program.write_text(f"#!{sys.executable}\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": str(folder)}


def test_docker_is_asked_in_the_folder_and_environment_given(tmp_path: Path) -> None:
    script = "import os, sys; print(sys.argv[1:], os.getcwd(), os.environ['DOCKER_HOST']); sys.exit('so?')"
    environment = a_docker(tmp_path, script) | {"DOCKER_HOST": "unix:///elsewhere"}
    answer = docker(environment, tmp_path)("volume", "ls")

    assert answer == Answer(1, f"['volume', 'ls'] {tmp_path} unix:///elsewhere\n", "so?\n")


def test_docker_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fraudstream.local.engine.TIMEOUT", 0.01)
    environment = a_docker(tmp_path, "import sys; sys.stdout.flush(); import signal; signal.pause()")

    assert docker(environment, tmp_path)("info").status is None


def test_docker_that_cannot_be_started_is_no_docker(tmp_path: Path) -> None:
    environment = a_docker(tmp_path, "")
    (tmp_path / "docker").write_text("#!/nonexistent\n", encoding="utf-8")

    assert docker(environment, tmp_path)("info").status is None
    assert docker({}, tmp_path)("info") == Answer(None, complaint=NO_COMMAND)
