"""Take the pictures of docs/images from a running stack.

Usage: python scripts/screenshots.py [--help] ADDRESS PASSWORD [--name admin]

`make demo` or `docker compose up` first; sign in once and choose a password. Needs the system's Chromium.
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LARGEST = 200_000
"""Bytes of a picture."""
SIZE: ViewportSize = {"width": 1280, "height": 800}


def take(page: Page, name: str) -> None:
    """One picture of what is visible."""
    path = IMAGES / f"{name}.png"
    page.wait_for_load_state("load")
    page.wait_for_timeout(1_500)  # charts are drawn
    page.screenshot(path=path)
    if path.stat().st_size > LARGEST:
        sys.exit(f"{path} is larger than {LARGEST:,} bytes")
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def main() -> None:
    """Sign in and look round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("password")
    parser.add_argument("--name", default="admin")
    given = parser.parse_args()
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        sys.exit("no Chromium on PATH")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_context(base_url=given.address, viewport=SIZE).new_page()
        page.goto("/sign-in")
        page.get_by_label("Name").fill(given.name)
        page.get_by_label("Password").fill(given.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        page.goto("/?order=risk")
        take(page, "queue")
        page.locator("#rows .why a").first.click()
        page.wait_for_url("**/alerts/*")
        take(page, "case")
        page.emulate_media(color_scheme="dark")
        page.goto("/models")
        take(page, "models")
        browser.close()


if __name__ == "__main__":
    main()
