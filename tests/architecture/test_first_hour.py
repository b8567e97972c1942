"""What a newcomer meets first: the README's picture, its promises with their limits, and what a real run looks like."""

import re
from pathlib import Path

import pytest
from tests.documentation.pages import ROOT, read

README = read(ROOT / "README.md")
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PROMISES = TEXT.partition("## What is promised\n")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PROMISES.splitlines() if line.startswith("|")]
OUTPUT = "## What you will see"


def test_there_is_one_picture_of_the_whole() -> None:
    assert re.findall(r"^```mermaid$", TEXT, flags=re.MULTILINE) == ["```mermaid"]


def test_the_promises_are_one_table_that_says_how_to_see_each_and_where_it_ends() -> None:
    assert ROWS[0] == ["promise", "how you see it", "limit"]
    assert len(ROWS) > 2


@pytest.mark.parametrize("row", ROWS[2:], ids=lambda row: row[0][:40])
def test_a_promise_names_what_shows_it_and_its_limit(row: list[str]) -> None:
    promise, seen, limit = row

    assert promise
    assert re.search(r"`[^`]+`|last lines of the balance", seen), "a command, or what one prints"
    assert len(limit.split()) > 2


def test_there_is_a_screenshot_of_a_real_run_and_its_output() -> None:
    pictures = [Path(target) for target in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT)]

    assert [path for path in pictures if (ROOT / path).stat().st_size < 10_000] == []
    assert pictures
    assert "The balance holds." in TEXT.partition(OUTPUT)[2].partition("\n## ")[0]


def test_nothing_has_to_be_chosen_before_the_first_run() -> None:
    """The two ways to run it are one command each, with no file to write and no variable to set."""
    ways = [block.text.split("#")[0].strip() for block in README.blocks() if block.is_commands][:2]

    assert ways == ["make demo", "make up"]
