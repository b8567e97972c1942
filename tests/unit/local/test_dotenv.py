""".env is read as Compose reads it, for what we know, and its values stay untold."""

from pathlib import Path

import pytest

from fraudstream.local.compose_numbers import NUMBERS
from fraudstream.local.dotenv import Dotenv, dotenv_findings, parse_dotenv, read_dotenv
from fraudstream.local.findings import Finding, Severity, Way

KNOWN = ("A", "COMPOSE_PROJECT_NAME", "MAX_FUTURE", "POSTGRES_PASSWORD", "POSTGRES_PORT", "SLICE_ROWS", *NUMBERS)


def findings(text: str) -> list[Finding]:
    return list(dotenv_findings(parse_dotenv(text, KNOWN), KNOWN))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A=1 # why", "1"),
        ("A=x#y", "x#y"),
        (' A = "1 2"  # why', "1 2"),
        ("A='x'", "x"),
        ("A='$x'", "$x"),
        ("export A=3", "3"),
        ("A: 4", "4"),
        ("A=", ""),
        ("A= # nothing", ""),
        ("\ufeffA=7", "7"),
        ("A=1\nA=2", "2"),
        ("# A=1\n\nA=2", "2"),
    ],
)
def test_a_value_is_what_compose_takes_it_for(line: str, value: str) -> None:
    assert parse_dotenv(line, KNOWN) == Dotenv({"A": value})


def test_a_name_alone_says_nothing() -> None:
    assert parse_dotenv("A", KNOWN) == Dotenv()


@pytest.mark.parametrize("line", ["A=$HOME", 'A="${B}1"'])
def test_what_another_variable_decides_is_not_guessed(line: str) -> None:
    assert parse_dotenv(f"A=1\n{line}", KNOWN) == Dotenv({"A": ""}, undecided=frozenset({"A"}))
    assert parse_dotenv(f"{line}\nA=1", KNOWN) == Dotenv({"A": "1"})


@pytest.mark.parametrize("line", ["a b=c", 'A="1', "A='1", "=1", "B='1"])
def test_a_line_that_is_no_assignment_is_told_by_its_number(line: str) -> None:
    [found] = findings(f"A=1\n{line}")

    assert (found.severity, found.seen, found.prevents) == (
        Severity.PROBLEM,
        "line 2 is not understood",
        (Way.COMPOSE,),
    )


def test_a_misspelt_name_is_told_the_closest_one() -> None:
    [found] = findings("POSTGRES_PROT=5433")

    assert (found.severity, found.seen, found.next_step) == (
        Severity.NOTE,
        "POSTGRES_PROT is read by nothing here",
        "did you mean POSTGRES_PORT?",
    )


def test_case_matters_to_compose() -> None:
    assert findings("postgres_port=5433")[0].next_step == "did you mean POSTGRES_PORT?"


def test_a_name_like_no_other_is_only_unknown() -> None:
    assert findings("ZZZ=1")[0].next_step == ".env.example lists what is read"


def test_variables_of_docker_itself_are_its_own_unless_misspelt() -> None:
    assert parse_dotenv("COMPOSE_PROFILES=tools\nDOCKER_BUILDKIT=1", KNOWN).unknown == ()
    assert parse_dotenv("COMPOSE_PROJET_NAME=two", KNOWN).unknown == ("COMPOSE_PROJET_NAME",)


def test_an_impossible_value_is_a_problem_of_compose() -> None:
    [found] = findings("SLICE_ROWS=0\nMAX_FUTURE=P1D")

    assert (found.severity, found.subject, found.prevents) == (Severity.PROBLEM, "SLICE_ROWS", (Way.COMPOSE,))
    assert found.seen == "is impossible in .env: takes a whole number from 1"


@pytest.mark.parametrize(
    ("line", "may_be"),
    [
        ("PRODUCER_RATE=0", "a number from 0.01"),
        ("PRODUCER_RATE=many", "a number from 0.01"),
        ("RETRAIN=yes", "a whole number from 0 to 1"),
        ("SPARK_WORKER_CORES=1.5", "a whole number from 1"),
    ],
)
def test_a_number_that_compose_alone_reads_is_looked_at_too(line: str, may_be: str) -> None:
    [found] = findings(line)

    assert found.subject == line.partition("=")[0]
    assert found.seen == f"is impossible in .env: takes {may_be}"
    assert findings("PRODUCER_RATE=0.01\nRETRAIN=0\nSPARK_WORKER_CORES=1")[0].severity is Severity.FINE


def test_a_variable_that_compose_does_not_take_from_the_file_is_told_where_it_belongs() -> None:
    [found] = dotenv_findings(parse_dotenv("SLICE_ROWS=5\nA=", KNOWN), KNOWN, read={"POSTGRES_PORT"})

    assert found.seen.startswith("SLICE_ROWS is not for compose")
    assert found.next_step.startswith("export SLICE_ROWS")


def test_no_value_is_ever_shown() -> None:
    text = "POSTGRES_PASSWORD=hush\nPOSTGRES_PASWORD=hush\nMAX_FUTURE=hush\nPOSTGRES_PASSWORD='hush\nhush hush"

    assert len(findings(text)) == 4
    assert "hush" not in str(findings(text))
    assert "hush" not in repr(parse_dotenv(text, KNOWN))


def test_a_sound_file_is_fine() -> None:
    assert [found.seen for found in findings("A=1\nSLICE_ROWS=\nPOSTGRES_PORT=5433")] == ["sets 2 variables"]


def test_no_file_is_fine(tmp_path: Path) -> None:
    [found] = dotenv_findings(read_dotenv(tmp_path / ".env", KNOWN), KNOWN)

    assert (found.severity, found.seen) == (Severity.FINE, "none; defaults apply")


def test_a_folder_in_its_place_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="directory"):
        read_dotenv(tmp_path, KNOWN)
