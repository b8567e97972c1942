"""The doctor names what it saw and what to do."""

import socket
from pathlib import Path

import pytest

from fraudstream.local.doctor import Finding, Severity, examine, print_findings


def finding(findings: list[Finding], subject: str) -> Finding:
    return next(found for found in findings if found.subject == subject)


def test_a_machine_without_java_is_told_to_install_it(tmp_path: Path) -> None:
    java = finding(examine({"PATH": str(tmp_path)}), "Java")

    assert java.severity is Severity.PROBLEM
    assert "install Java 17 or 21" in java.seen


def test_a_server_that_does_not_answer_is_named_with_its_variable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    broker = finding(examine({"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}"}), "KAFKA_BOOTSTRAP_SERVERS")

    assert broker.severity is Severity.PROBLEM
    assert f"127.0.0.1:{port} does not answer" in broker.seen
    assert "correct KAFKA_BOOTSTRAP_SERVERS" in broker.next_step


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
