"""Every page in both themes and on a telephone: accessible, quick, and calm while the database is away."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy.engine import make_url
from tests.integration.dashboard.conftest import signed_in
from tests.integration.dashboard.page_world import PageWorld
from tests.servers.databases import Databases

pytestmark = pytest.mark.integration

AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
TELEPHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 720}
PAGES = (
    *("/", "/?state=all&show=1000", "/alerts/{alert}", "/models", "/models/{model}/card", "/quality", "/quarantine"),
    *("/stream", "/data", "/audit", "/accounts", "/tokens", "/password", "/no-such-page"),
)
FIRST_PAINT = 30_000.0
"""Milliseconds; ten times what a busy machine needs, so only a page that hangs is caught."""
PAINTED = """
new Promise(tell => new PerformanceObserver(
    list => list.getEntriesByName("first-contentful-paint").forEach(entry => tell(entry.startTime))
).observe({type: "paint", buffered: true}))
"""
NARROWED = """
wanted => new Promise(tell => {
    const end = performance.now() + 20_000; // charts follow the window a little later
    const look = () => {
        const wide = document.documentElement.scrollWidth;
        if (wide <= wanted || performance.now() > end) tell(wide); else requestAnimationFrame(look);
    };
    look();
})
"""
MANY = """
INSERT INTO alerts (alert_id, topic_id, partition, "offset", slice_id, transaction_id, user_id, amount, event_time,
    score, threshold, reasons, model_version)
SELECT gen_random_uuid(), topic_id, partition, "offset", slice_id, gen_random_uuid(), user_id, amount, event_time,
    score, threshold, reasons, model_version
FROM alerts, generate_series(1, 1000) WHERE alert_id = %s
"""


@pytest.fixture(scope="module")
def filled(world: PageWorld) -> dict[str, str]:
    """Something on every page; returns what addresses need."""
    run = world.stream.stack.run
    world.stream.stack.send(b"not a payment")
    alert_id = world.alert(merchant_id=71)
    run("INSERT INTO live_quality VALUES (current_date, current_date, '1', 900, 9, 800, 8, 6, 2, 900.0, 700.0)")
    run("INSERT INTO feature_drift VALUES (current_date, '1', 'amount', 0.31, 900)")
    ((digest,),) = run("SELECT digest FROM deployments ORDER BY deployment_id LIMIT 1")
    world.stream.stack.label(uuid.UUID(int=1), is_fraud=False)
    return {"alert": str(alert_id), "model": digest}


@pytest.fixture(scope="module")
def window(browser: Browser, world: PageWorld) -> Iterator[Page]:
    made = signed_in(browser, world)
    yield made
    made.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_out_of_reach_for_anybody(window: Page, filled: dict[str, str], path: str) -> None:
    """In both themes; what a theme changes is colours, so the second look is at those."""
    window.emulate_media(color_scheme="light", reduced_motion="reduce")
    window.goto(path.format(**filled))
    window.evaluate(AXE.read_text(encoding="utf-8"))
    found = window.evaluate("rules => axe.run(document, rules)", STANDARD)["violations"]
    window.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(window.locator("html")).to_have_attribute("data-theme", "dark")
    found += window.evaluate("rules => axe.run(document, rules)", COLOURS)["violations"]
    window.set_viewport_size(TELEPHONE)
    wide = window.evaluate(NARROWED, TELEPHONE["width"])
    window.set_viewport_size(DESK)

    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
    assert wide <= TELEPHONE["width"], "this page has to be scrolled sideways on a telephone"


def test_a_thousand_alerts_are_there_at_once_and_stay_live(world: PageWorld, window: Page) -> None:
    world.stream.stack.run(MANY, str(world.alert()))
    window.goto("/")
    painted = window.evaluate(PAINTED)
    window.goto("/?show=1000")
    expect(window.locator("#rows tbody tr")).to_have_count(1_000)
    expect(window.locator(f"#a-{world.alert()}")).to_be_visible()
    asked: list[str] = []
    refused: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.on("response", lambda response: refused.extend([response.url] * (response.status >= 400)))
    expect(window.locator(f"#a-{world.alert()}")).to_be_visible()
    expect(window.locator("#rows tbody tr")).to_have_count(1_000)
    world.stream.stack.run("UPDATE alerts SET status = 'dismissed' WHERE score > 0")

    assert painted < FIRST_PAINT
    assert [url for url in asked if "/rows/some?" in url]
    whole = [url for url in asked if "/rows?" in url]
    assert len(whole) <= len(refused), "rows are renewed one by one, and all of them only after a refusal"


def test_the_page_complains_of_nothing(window: Page, filled: dict[str, str]) -> None:
    """No script fails and nothing is kept out by the content security policy."""
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    window.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES[:-1]:
        window.goto(path.format(**filled))
    expect(window.locator("#main")).to_be_visible()

    assert said == []


def test_a_lost_database_is_told_and_the_page_goes_on_by_itself(
    world: PageWorld, window: Page, databases: Databases
) -> None:
    window.goto("/?state=all")
    name = make_url(world.url).database
    databases._run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    try:
        databases._run(
            "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE "
            "'fraudstream dashboard%'; END $$"
        )
        expect(window.locator("#away")).to_be_visible()
        elsewhere = window.context.new_page()
        elsewhere.goto("/models")
        expect(elsewhere.locator("main")).to_contain_text("One moment")
    finally:
        databases._run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    expect(window.locator("#away")).to_be_hidden()
    expect(elsewhere.get_by_role("heading", name="Models")).to_be_visible()
