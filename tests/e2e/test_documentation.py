"""Every command of README, tutorial and how-tos runs beside one demo, whose balance holds at the end."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.documentation.pages import ROOT, Page, read
from tests.documentation.running import RunningDemo, files_of, run, script_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

README = read(ROOT / "README.md")
FOLDERS = [ROOT / "docs" / name for name in ("tutorial", "how-to")]
PAGES = [README, *(read(path) for folder in FOLDERS for path in sorted(folder.glob("*.md")))]
ZEROS = ("lost", "duplicated", "phantom", "mismatched", "in_flight")
FOR_READERS = '. .local/endpoints.env; export PATH="$PWD/.venv/bin:$PATH"\n'
"""What a page about a running stack takes for granted."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    running = RunningDemo.start(
        tmp_path_factory.mktemp("reader"), ["--rate", "150", "--customers", "1000", "--seconds", "600"]
    )
    for block in files_of(README):
        (running.folder / block.note).write_text(block.text, encoding="utf-8")
    sent = run(FOR_READERS + "fraudstream produce --file payments.jsonl", running.folder, 60)
    assert sent.returncode == 0, sent.stdout
    yield running
    if running.process.poll() is None:
        running.stop(180)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(b.is_commands and not b.mark for b in page.blocks())], ids=lambda p: p.name
)
def test_what_a_page_says_can_be_done(page: Page, demo: RunningDemo) -> None:
    for block in files_of(page):
        (demo.folder / block.note).write_text(block.text, encoding="utf-8")
    done = run(FOR_READERS + script_of(page), demo.folder, 240)

    assert done.returncode == 0, done.stdout[-4_000:]


def test_the_demo_ends_with_a_balance_of_zeros(demo: RunningDemo) -> None:
    """With a scripted fraud, and with what the pages sent."""
    status = demo.stop(180)
    balance = balance_of(demo.output())

    assert {name: balance[name] for name in ZEROS} == dict.fromkeys(ZEROS, 0)
    assert balance["log_records"] == balance["scored"] + balance["quarantined"] + balance["repeats_dropped"]
    assert balance["mismatch_checked"] >= 500
    assert balance["alerts"] == balance["notified"] > 0
    assert not demo.endpoints.exists()
    assert status in {0, 1}


def balance_of(output: str) -> dict[str, Any]:
    (last,) = [line for line in output.splitlines() if line.startswith("VERIFY ")]
    balance: dict[str, Any] = json.loads(last.removeprefix("VERIFY "))
    return balance
