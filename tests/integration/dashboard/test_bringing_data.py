"""A file of one's own in the browser: looked at, refused where it must be, sent and journalled as the producer does."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.integration.dashboard.page_world import PageWorld

from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.verify.journal import read_journals

pytestmark = pytest.mark.integration

HEADING = "Kunde;Betrag;timestamp;merchant_category;location"
GOOD = "K-1;12,50;2025-06-15T10:00:00;Travel;Miami"
MAP = "user_id=#Kunde\namount=Betrag\npayment_method:=PayPal,decimal:=comma"


def look_at(page: Page, folder: Path, *rows: str) -> None:
    (folder / "mine.csv").write_text("\n".join((HEADING, *rows)) + "\n", encoding="utf-8")
    page.goto("/data")
    page.get_by_label("CSV file").set_input_files(folder / "mine.csv")
    page.get_by_label("Columns").fill(MAP)
    page.get_by_role("button", name="Look at it").click()


def test_a_file_is_looked_at_then_sent_and_known_to_verification(world: PageWorld, page: Page, tmp_path: Path) -> None:
    log = KafkaAdmin(world.stream.kafka)
    described = log.describe(TRANSACTIONS)
    end = described.bounds[0][1]
    look_at(page, tmp_path, GOOD, GOOD.replace("Miami", "<i>Berlin"), GOOD)
    expect(page.locator("#preview")).to_contain_text("2 payments, 1 row that is none")
    expect(page.locator("#preview tbody td")).to_have_text(
        ["3", "location", "<i>Berlin", re.compile("one of New York")]
    )
    page.get_by_role("button", name="Send 2 payments").click()
    expect(page.locator("#notice")).to_contain_text("2 of 2 payments are in the log, 1 rows were not sent")
    records = list(log.read(TRANSACTIONS, 0, end, end + 2))
    journal = read_journals(world.journals, TRANSACTIONS, described.topic_id)
    audited = world.stream.stack.run(
        "SELECT detail FROM audit_log WHERE action = 'sent payments' AND about = 'mine.csv'"
    )

    assert [b'"amount":12.5' in (record.value or b"") for record in records] == [True, True]
    assert (len(journal.acknowledged), journal.unknown) == (2, 0)
    assert len(audited) == 1


def test_a_file_with_a_card_number_is_refused(page: Page, tmp_path: Path) -> None:
    look_at(page, tmp_path, GOOD.replace("K-1", "4111111111111111"))

    expect(page.locator("#notice")).to_contain_text("a card number stands in line 2, column Kunde")
    assert "4111" not in page.locator("#notice").inner_text()


def test_what_is_sent_is_what_was_looked_at(page: Page) -> None:
    page.goto("/data")
    token = page.locator("meta[name=form-token]").get_attribute("content") or ""
    headers = {"X-Form-Token": token, "Content-Type": "text/csv"}
    other = page.request.post("/data/send?digest=none", data=b"user_id", headers=headers)

    assert other.status == 422
    assert "not the file that was looked at" in other.text()
