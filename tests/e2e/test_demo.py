"""The demo keeps its word: what the pages say can be done beside it, a fraud is alerted, and the balance holds."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.documentation.pages import ROOT, Page, read
from tests.documentation.running import PATIENCE, RunningDemo, files_of, run, script_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

README = read(ROOT / "README.md")
FOLDERS = [ROOT / "docs" / name for name in ("tutorial", "how-to")]
PAGES = [README, *(read(path) for folder in FOLDERS for path in sorted(folder.glob("*.md")))]
TRIED = [
    pytest.param(page, marks=() if page is README else pytest.mark.long, id=page.name)
    for page in PAGES
    if any(block.is_commands and not block.mark for block in page.blocks())
]
ZEROS = ("lost", "duplicated", "phantom", "mismatched", "in_flight")
FOR_READERS = '. .local/endpoints.env; export PATH="$PWD/.venv/bin:$PATH"\n'
"""What a page about a running stack takes for granted."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo, with the README's payment sent and a fraud played."""
    folder = tmp_path_factory.mktemp("reader")
    running = RunningDemo.start(folder, ["--rate", "80", "--customers", "1000", "--seconds", "900"])
    try:
        play_a_fraud(folder / ".local")
        for block in files_of(README):
            (folder / block.note).write_text(block.text, encoding="utf-8")
        sent = run(FOR_READERS + "fraudstream produce --file payments.jsonl", folder, 60)
        assert sent.returncode == 0, sent.stdout
        yield running
    finally:
        running.stop(180)


def play_a_fraud(home: Path) -> None:
    """As `f` does on a terminal, once the producer is at work."""
    deadline = time.monotonic() + PATIENCE
    while not any((home / "journal").glob("*.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.2)  # polls
    os.kill(json.loads((home / "run" / "producer.json").read_text(encoding="utf-8"))["pid"], signal.SIGUSR1)


@pytest.mark.parametrize("page", TRIED)
def test_what_a_page_says_can_be_done(page: Page, demo: RunningDemo) -> None:
    for block in files_of(page):
        (demo.folder / block.note).write_text(block.text, encoding="utf-8")
    done = run(FOR_READERS + script_of(page), demo.folder, 300)

    assert done.returncode == 0, done.stdout[-4_000:]


def test_the_demo_ends_with_a_balance_of_zeros(demo: RunningDemo) -> None:
    """With what the pages sent, too."""
    status = demo.stop(180)
    balance = balance_of(demo.output())

    assert {name: balance[name] for name in ZEROS} == dict.fromkeys(ZEROS, 0)
    assert balance["log_records"] == balance["scored"] + balance["quarantined"] + balance["repeats_dropped"]
    assert balance["mismatch_checked"] >= 300
    assert balance["alerts"] == balance["notified"] > 0
    assert balance["scripted_fraud_alert_ms"] > 0
    assert status == 0, demo.output()[-4_000:]
    assert not demo.endpoints.exists()


def balance_of(output: str) -> dict[str, Any]:
    (last,) = [line for line in output.splitlines() if line.startswith("VERIFY ")]
    balance: dict[str, Any] = json.loads(last.removeprefix("VERIFY "))
    return balance
