"""Write what is generated: the pages of docs/reference, and the dashboards of Grafana.

Usage: python scripts/generate_reference.py [--help]

`tests/architecture/test_reference.py` fails while a page differs from what this script writes.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from fraudstream.contracts.schemas import CONTRACTS, json_schema, spark_ddl
from fraudstream.features.catalogue import catalogue_page
from fraudstream.metrics.page import metrics_page
from fraudstream.settings import GROUPS

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT))
from observability import dashboards  # noqa: E402 - beside this folder, not installed


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated page: where it stands and what it says."""
    for name in CONTRACTS:
        yield REFERENCE / "contracts" / f"{name}.schema.json", json_schema(name)
        yield REFERENCE / "contracts" / f"{name}.ddl", spark_ddl(name).replace(", ", ",\n") + "\n"
    yield REFERENCE / "features.md", catalogue_page()
    yield REFERENCE / "settings.md", settings_page()
    yield REFERENCE / "metrics.md", metrics_page()
    yield from dashboards.files()


def settings_page() -> str:
    """The environment variables as a page, group by group."""
    lines = ["# Settings", "", "Generated from `settings.py`; the environment is read nowhere else.", ""]
    for group in GROUPS:
        lines += [f"## {group.__name__}", "", (group.__doc__ or "").strip(), "", "| variable | default | meaning |"]
        lines += ["| --- | --- | --- |"]
        for name, field in group.model_fields.items():
            default = "required" if field.is_required() else f"`{field.default}`" if field.default is not None else "-"
            lines.append(f"| `{name.upper()}` | {default} | {field.description} |")
        lines.append("")
    lines += [
        "AWS's own variables (`AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_DEFAULT_REGION`, `AWS_ACCESS_KEY_ID`, …) are read",
        "by its SDK alone: set the endpoint and the calls go to an emulator, leave it unset and they go to AWS.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Write every page."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for path, text in pages():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
