"""`make audit` tells packages with known vulnerabilities from a list that could not be asked."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_FOUND = "ERROR:pip_audit._cli:alembic: Dependency not found on PyPI and could not be audited: alembic (1.20.1)\n"
NO_NETWORK = "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed\n"
TABLE = "Name  Version ID             Fix Versions\nidna  3.4     PYSEC-2024-60  3.7\n"


@pytest.mark.parametrize(
    ("ended", "status", "word"),
    [
        ((0, "", "No known vulnerabilities found\n"), 0, "no known vulnerability"),
        ((1, TABLE, "Found 1 known vulnerability in 1 package\n"), 1, "look at each of these"),
        ((1, "", NOT_FOUND), 2, "NOT AUDITED: PyPI's list of vulnerabilities could not be asked"),
        ((1, "", NO_NETWORK), 2, "NOT AUDITED"),
    ],
)
def test_a_silence_is_no_verdict(ended: tuple[int, str, str], status: int, word: str) -> None:
    found = importlib.util.spec_from_file_location("audit_packages", ROOT / "scripts" / "audit_packages.py")
    assert found is not None
    assert found.loader is not None
    audit = importlib.util.module_from_spec(found)
    found.loader.exec_module(audit)

    said = audit.verdict(*ended)

    assert said[0] == status
    assert said[1].startswith(word)
