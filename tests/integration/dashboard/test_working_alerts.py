"""In a browser: an alert appears by itself, is understood and decided, and the next score knows it."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.integration.dashboard.conftest import new_window
from tests.integration.dashboard.page_world import PageWorld

pytestmark = pytest.mark.integration


def test_the_first_admin_comes_in_once_with_the_printed_secret(browser: Browser, world: PageWorld) -> None:
    page = new_window(browser, world)
    page.goto("/models")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(world.first_secret)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("The one-time secret").fill(world.first_secret)
    page.get_by_label("New password").fill("longer than twelve")
    page.get_by_role("button", name="Change it").click()
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("longer than twelve")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Queue of alerts")).to_be_attached()
    page.context.close()


def test_a_fraud_appears_and_is_confirmed_and_the_next_score_knows(world: PageWorld, page: Page) -> None:
    score = "SELECT score FROM scored_transactions WHERE transaction_id = %s"
    before = world.stream.stack.run(score, str(world.pay(user_id=900, merchant_id=70)))
    page.goto("/")
    alert_id = world.alert(merchant_id=70)
    row = page.locator(f"#a-{alert_id}")
    expect(row).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{alert_id}")
    expect(page.locator("#merchant-risk")).to_contain_text("0 of 0")
    page.get_by_label("Note").fill("card was stolen")
    page.get_by_role("button", name="Fraud").click()
    expect(page.locator("#merchant-risk")).to_contain_text("1 of 1", timeout=150_000)
    after = world.stream.stack.run(score, str(world.pay(user_id=901, merchant_id=70)))

    expect(page.locator("#state")).to_contain_text("By now: confirmed")
    expect(page.locator("#state")).to_contain_text("fraud by test-admin")
    assert after != before


def test_models_are_promoted_and_rolled_back_with_a_reason(world: PageWorld, page: Page) -> None:
    world.stream.stack.challenge("2", weight=0.08, threshold=0.5)
    page.goto("/models")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#comparison")).to_contain_text("The gate says: wait")
    page.get_by_label("Reason").first.fill("it is better")
    page.get_by_role("button", name="Put version 2 to work").click()
    expect(page.locator("section").first).to_contain_text("version 2")
    page.get_by_label("To version").select_option("1")
    page.get_by_label("Reason").fill("it was not")
    page.get_by_role("button", name="Roll back").click()
    expect(page.locator("section").first).to_contain_text("version 1")
    page.goto("/audit")

    expect(page.locator("table")).to_contain_text(re.compile("rolled a model back.*promoted a model", re.DOTALL))


def test_alerts_are_exported(world: PageWorld, page: Page) -> None:
    alert_id = world.alert(user_id=903)
    page.goto("/?q=customer+903&state=all")
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    content = started.value.path().read_text()

    assert str(alert_id) in content
    assert content.count("\n") == 2


def test_decisions_by_keyboard(world: PageWorld, page: Page) -> None:
    alerts = [world.alert() for _ in range(2)]
    page.goto("/?order=newest")
    expect(page.locator(f"#a-{alerts[0]}")).to_be_visible()
    for key in ("j", "x", "j", "x", "k", "g"):
        page.keyboard.press(key)
    expect(page.locator("#chosen")).to_have_text("2 chosen")
    page.keyboard.type("known trip")
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_contain_text("2 alerts confirmed as genuine")
    for alert_id in alerts:
        expect(page.locator(f"#a-{alert_id}")).to_have_count(0)
