"""The doctor names what it saw and what to do."""

import socket
from pathlib import Path

import pytest

from fraudstream.local.doctor import examine, print_findings
from fraudstream.local.findings import Finding, Severity, Way


def finding(findings: list[Finding], subject: str) -> Finding:
    return next(found for found in findings if found.subject == subject)


def test_a_machine_without_java_is_told_to_install_it(tmp_path: Path) -> None:
    java = finding(examine({"PATH": str(tmp_path)}), "Java")

    assert java.severity is Severity.PROBLEM
    assert "install Java 17 or 21" in java.seen
    assert java.prevents == (Way.DEMO,)


def test_a_server_that_does_not_answer_is_named_with_its_variable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    broker = finding(examine({"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}"}), "KAFKA_BOOTSTRAP_SERVERS")

    assert broker.severity is Severity.PROBLEM
    assert broker.seen == f"127.0.0.1:{port} does not answer: the server is stopped, nothing listens there"
    assert "correct KAFKA_BOOTSTRAP_SERVERS" in broker.next_step


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_stopped_server_of_the_compose_stack_is_told_how_it_starts(host: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = str(unused.getsockname()[1])
    environment = {"DATABASE_URL": f"postgresql+psycopg2://user@{host}:{port}/db", "POSTGRES_PORT": port}
    database = finding(examine(environment), "DATABASE_URL")

    assert "the server is stopped" in database.seen
    assert database.next_step.startswith("`make up` starts it, with the stack's `postgres`, or correct DATABASE_URL")


def test_a_host_that_does_not_exist_is_not_called_a_stopped_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> socket.socket:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    broker = finding(examine({"KAFKA_BOOTSTRAP_SERVERS": "nowhere.invalid:9092"}), "KAFKA_BOOTSTRAP_SERVERS")

    assert broker.seen == "nowhere.invalid:9092 does not answer: there is no host nowhere.invalid"
    assert broker.next_step.startswith("start it, or correct")


def test_an_impossible_number_of_the_environment_is_told_what_it_may_be() -> None:
    findings = examine({"PRODUCER_RATE": "fast", "ALERTS_PER_HOUR": "-5"})

    rate, limit = finding(findings, "PRODUCER_RATE"), finding(findings, "ALERTS_PER_HOUR")
    assert rate.seen == "is impossible in the environment: takes a number from 0.01"
    assert limit.seen == "is impossible in the environment: takes a whole number from 0"
    assert rate.severity is limit.severity is Severity.PROBLEM
    assert rate.prevents == (Way.COMPOSE,)
    assert limit.prevents == (Way.DEMO, Way.COMPOSE)


def test_a_server_that_answers_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql+psycopg2://user:secret@127.0.0.1:{server.getsockname()[1]}/db"
        database = finding(examine({"DATABASE_URL": url}), "DATABASE_URL")

    assert database.severity is Severity.FINE
    assert "secret" not in database.seen


def test_problems_make_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    fine, problem = Finding(Severity.FINE, "a", "b"), Finding(Severity.PROBLEM, "c", "d", "do e")

    assert print_findings([fine]) == 0
    assert print_findings([fine, problem]) == 1
    assert "-> do e" in capsys.readouterr().out


@pytest.mark.parametrize("value", ["127.0.0.1:none", "[::1"])
def test_what_is_no_address_is_a_problem_and_does_not_raise(value: str) -> None:
    broker = finding(examine({"KAFKA_BOOTSTRAP_SERVERS": value}), "KAFKA_BOOTSTRAP_SERVERS")

    assert (broker.severity, broker.seen) == (Severity.PROBLEM, "is no address of a server")


def test_a_folder_that_is_gone_is_a_problem_and_does_not_raise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()

    assert finding(examine({}), "disk").severity is Severity.PROBLEM


def test_brackets_are_printed_and_lines_stay_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([Finding(Severity.NOTE, "SPARK_MASTER", "[red] local[2,4] " + "x" * 200, "set local[2]")])

    assert "[red] local[2,4] " + "x" * 200 in capsys.readouterr().out
