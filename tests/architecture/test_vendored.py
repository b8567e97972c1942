"""The page's libraries are the files of their packages, with their licences, and nothing is fetched from elsewhere."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "src" / "fraudstream" / "dashboard" / "static"
TEMPLATES = STATIC.parent / "templates"


def test_every_file_is_the_one_of_its_package() -> None:
    found = importlib.util.spec_from_file_location("vendor_assets", ROOT / "scripts" / "vendor_assets.py")
    assert found is not None
    assert found.loader is not None
    vendor_assets = importlib.util.module_from_spec(found)
    found.loader.exec_module(vendor_assets)

    assert list(vendor_assets.differences()) == []


def test_every_package_has_its_licence() -> None:
    for pins in (STATIC / "vendor").glob("*/vendor.json"):
        assert (pins.parent / "LICENSE").stat().st_size > 100


def test_nothing_comes_from_another_site() -> None:
    own = [*TEMPLATES.glob("*.html"), *STATIC.glob("*.js"), *STATIC.glob("*.css")]

    assert own
    assert [
        path.name for path in own if re.search(r"(?:src|href)=\"https?:|url\(|@import|https?://", path.read_text())
    ] == []


def test_templates_hold_no_script_and_no_style_of_their_own() -> None:
    for path in TEMPLATES.glob("*.html"):
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|\|\s*safe\b", path.read_text()), (
            path.name
        )
