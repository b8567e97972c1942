"""What scripts/build_site.py makes of links, so that the site's builder can tell a dead one from one that leaves it."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "watch-the-stream.md"


@pytest.fixture(scope="module")
def build_site() -> ModuleType:
    found = importlib.util.spec_from_file_location("build_site", ROOT / "scripts" / "build_site.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("[rules](../../services/observability/rules)", "rules"),
        ("[metrics](../../observability/dashboards.py)", "metrics"),
        ("[the tests](../../tests)", "[the tests](../parts/tests.md)"),
        ("[start](../../README.md#start)", "[start](../readme.md#start)"),
        ("[gone](gone.md)", "[gone](gone.md)"),
        ("[elsewhere](https://kafka.apache.org)", "[elsewhere](https://kafka.apache.org)"),
    ],
)
def test_a_link_leads_to_a_page_of_the_site_or_becomes_its_name(
    written: str, becomes: str, build_site: ModuleType
) -> None:
    """A folder without a README is no page; what is nowhere stays dead, and the builder refuses it."""
    assert build_site.rewritten(written, PAGE, "how-to/watch-the-stream.md") == becomes
