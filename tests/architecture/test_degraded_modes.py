"""The page of degraded modes names metrics that there are, and lines that the log really has."""

import re
from pathlib import Path

import pytest

from fraudstream.metrics.catalogue import COMMON, PROCESSES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "degraded-modes.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| mode |", "| ---"))
]
METRICS = {metric.name for metrics in (COMMON, *PROCESSES.values()) for metric in metrics}
SOURCE = re.sub(
    r'"\s*\n\s*f?"',
    "",
    "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py"))),
)
NUMBER = re.compile(r"\d+ s")


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_mode_says_what_goes_on_what_waits_how_it_shows_and_what_to_do(row: list[str]) -> None:
    assert len(row) == 6
    assert all(row)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_its_metrics_are_in_the_catalogue(row: list[str]) -> None:
    assert [name for name in quoted(row[3]) if f"fraudstream_{name}" not in METRICS] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_its_lines_are_written_by_the_code(row: list[str]) -> None:
    pieces = [piece.strip() for line in quoted(row[4]) for piece in NUMBER.sub("…", line).split("…")]

    assert any(pieces) or row[4].startswith("the same")
    assert [piece for piece in pieces if piece not in SOURCE] == []
