"""A port that cannot be had is named with the variable that moves it."""

from collections.abc import Callable

import pytest

from fraudstream.local.compose_file import ComposeFile
from fraudstream.local.compose_ports import port_findings
from fraudstream.local.findings import Finding, Severity, Way

FILE = ComposeFile("fraudstream", {"POSTGRES_PORT": 5432, "SPARK_UI_PORT": 8080}, {"KAFKA_UI_PORT": 8081}, frozenset())


def taken(*ports: int) -> Callable[[int], bool]:
    return lambda port: port in ports


def test_free_ports_are_fine() -> None:
    assert list(port_findings(FILE, {}, is_taken=taken())) == [Finding(Severity.FINE, "ports", "5432, 8080 free")]


def test_a_taken_port_is_a_problem_with_the_variable_to_set() -> None:
    problem, fine = port_findings(FILE, {}, is_taken=taken(5432), by_whom=lambda _: "postgres, process 7")

    assert problem == Finding(
        Severity.PROBLEM,
        "POSTGRES_PORT",
        "127.0.0.1:5432 is taken by postgres, process 7",
        "stop what listens there or set POSTGRES_PORT=5433 in .env",
        (Way.COMPOSE,),
    )
    assert fine.seen == "8080 free"


def test_the_advice_is_a_port_that_nobody_has_or_will_have() -> None:
    problem, _ = port_findings(FILE, {}, is_taken=taken(8080, 8082))

    assert "SPARK_UI_PORT=8083" in problem.next_step


def test_what_the_project_holds_itself_is_fine() -> None:
    [fine] = port_findings(FILE, {}, own={5432}, is_taken=taken(5432))

    assert fine.seen == "8080 free; 5432 held by this project"


def test_a_port_that_was_moved_is_looked_at_where_it_is() -> None:
    [fine] = port_findings(FILE, {"POSTGRES_PORT": "5433", "SPARK_UI_PORT": ""}, is_taken=taken(5432))

    assert fine.seen == "5433, 8080 free"


def test_one_port_for_two_is_a_problem() -> None:
    problem, _ = port_findings(FILE, {"SPARK_UI_PORT": "5432"}, is_taken=taken())

    assert (problem.subject, problem.seen) == ("SPARK_UI_PORT", "5432 is POSTGRES_PORT too")


@pytest.mark.parametrize("value", ["none", "0", "65536", "-1", "5432-5434", "²", "9" * 5000])
def test_what_is_no_port_is_a_problem(value: str) -> None:
    problem, _ = port_findings(FILE, {"POSTGRES_PORT": value}, is_taken=taken())

    assert (problem.subject, problem.seen) == ("POSTGRES_PORT", "is no port")
    assert "5432 is the default" in problem.next_step


def test_a_port_that_is_not_known_is_passed_over() -> None:
    [fine] = port_findings(FILE, {"POSTGRES_PORT": ""}, undecided={"POSTGRES_PORT"}, is_taken=taken(5432))

    assert fine.seen == "8080 free"


def test_the_last_port_has_no_next_one() -> None:
    problem, _ = port_findings(FILE, {"POSTGRES_PORT": "65535"}, is_taken=taken(65535))

    assert "POSTGRES_PORT=another port" in problem.next_step
