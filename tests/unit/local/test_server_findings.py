"""What the doctor says of clocks and of servers that answer without being ours."""

import pytest

from fraudstream.adapters.database import schema_look
from fraudstream.adapters.database.migrate import newest_revision
from fraudstream.adapters.database.schema_look import SchemaStanding
from fraudstream.local.findings import Finding, Severity
from fraudstream.local.server_findings import clock_finding, content_findings, schema_findings

URL = "postgresql+psycopg2://reader@127.0.0.1:1/db"


def found(standing: SchemaStanding, monkeypatch: pytest.MonkeyPatch) -> dict[str, Finding]:
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setattr(schema_look, "look_at_schema", lambda _: standing)
    return {finding.subject: finding for finding in schema_findings()}


def standing(revision: str | None, *, migrated: bool = True, ahead: float = 0.0) -> SchemaStanding:
    return SchemaStanding("reader", "18.1", migrated, revision, "0009", ahead)


@pytest.mark.parametrize(
    ("seen", "severity", "words"),
    [
        (standing("0009"), Severity.FINE, "the newest"),
        (standing("0007"), Severity.PROBLEM, "is at 0007, this version needs 0009"),
        (standing("0012"), Severity.NOTE, "newer than the 0009"),
        (standing(None), Severity.NOTE, "reader may not see"),
        (standing(None, migrated=False), Severity.PROBLEM, "no tables of ours"),
    ],
)
def test_a_schema_is_ours_older_newer_or_none(
    seen: SchemaStanding, severity: Severity, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = found(seen, monkeypatch)["migrations"]

    assert migrations.severity is severity
    assert words in migrations.seen


def test_a_clock_that_goes_wrong_is_told_with_how_far() -> None:
    assert clock_finding("the database's clock", 1.0).severity is Severity.FINE
    wrong = clock_finding("the database's clock", -90.0)

    assert wrong.severity is Severity.NOTE
    assert wrong.seen == "the database's clock is 90 s behind this machine's"
    assert "timedatectl" in wrong.next_step


def test_a_database_that_lets_nobody_in_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    (finding,) = content_findings(frozenset({"DATABASE_URL"}))

    assert finding.severity is Severity.PROBLEM
    assert finding.subject == "database"


def test_the_newest_migration_is_known_without_a_database() -> None:
    assert newest_revision().isdecimal()
