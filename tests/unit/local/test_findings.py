"""The closing line says what the machine is ready for."""

import pytest

from fraudstream.local.findings import Finding, Severity, Way, summary

FINE = Finding(Severity.FINE, "Python", "3.12")
NO_JAVA = Finding(Severity.PROBLEM, "Java", "none", "install", (Way.DEMO,))
NO_ENGINE = Finding(Severity.NOTE, "Docker", "none", "install", (Way.COMPOSE,))
TAKEN = Finding(Severity.PROBLEM, "KAFKA_PORT", "taken", "set it", (Way.COMPOSE,))
SILENT_SERVER = Finding(Severity.PROBLEM, "DATABASE_URL", "does not answer", "correct it")


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([FINE], "ready for `make demo` and `docker compose up`"),
        ([FINE, NO_JAVA], "ready for `docker compose up`; for `make demo` first mend Java"),
        ([NO_ENGINE], "ready for `make demo`; for `docker compose up` first mend Docker"),
        ([TAKEN, TAKEN, NO_ENGINE], "ready for `make demo`; for `docker compose up` first mend KAFKA_PORT, Docker"),
        ([NO_JAVA, TAKEN], "for `make demo` first mend Java; for `docker compose up` first mend KAFKA_PORT"),
        ([SILENT_SERVER], "ready for `make demo` and `docker compose up`; neither is hindered by DATABASE_URL"),
    ],
)
def test_each_way_is_ready_or_told_what_to_mend(findings: list[Finding], line: str) -> None:
    assert summary(findings) == line
