"""One page for all tests of this folder, and browsers that look at it."""

import shutil
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.integration.dashboard.page_world import PASSWORD, PageWorld, page_world
from tests.servers.databases import Databases

from fraudstream.adapters.database.account_store import Standing
from fraudstream.settings import KafkaSettings

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60_000.0
"""Milliseconds a browser waits for anything: the machine may be slow, and busy with much else."""
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
MISSING = "no Chromium on PATH: install one, on Debian and Ubuntu with `sudo apt-get install chromium`"


@pytest.fixture(scope="session")
def world(kafka_settings: KafkaSettings, databases: Databases, migrated_template: str) -> Iterator[PageWorld]:
    """The page, with a label applier at work."""

    def unique_name(prefix: str) -> str:
        return f"{prefix}-{uuid.uuid4().hex[:12]}"

    with (
        databases.temporary(template=migrated_template) as url,
        page_world(kafka_settings, url, unique_name) as made,
        made.stream.applier_at_work(),
    ):
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; not for longer, for meanwhile no other test of this process can run an event loop."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(MISSING)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS, timeout=2 * PATIENCE)
        yield started
        started.close()


def new_window(browser: Browser, world: PageWorld) -> Page:
    """A window of its own."""
    context = browser.new_context(base_url=world.address)
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def signed_in(browser: Browser, world: PageWorld, standing: Standing = Standing.ADMIN) -> Page:
    """A window of its own, signed in."""
    page = new_window(browser, world)
    page.goto("/sign-in")
    page.get_by_label("Name").fill(world.account(f"test-{standing.value}", standing))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    return page


@pytest.fixture
def page(browser: Browser, world: PageWorld) -> Iterator[Page]:
    """An admin's window."""
    made = signed_in(browser, world)
    yield made
    made.context.close()
