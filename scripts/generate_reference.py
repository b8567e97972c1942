"""Write what is generated: the pages of docs/reference, and the dashboards of Grafana.

Usage: python scripts/generate_reference.py [--help]

`tests/architecture/test_reference.py` fails while a page differs from what this script writes.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from fraudstream import cli
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
    yield REFERENCE / "cli.md", commands_page()


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


def commands_page() -> str:
    """Every verb with its arguments and options."""
    lines = ["# Commands", "", "Generated from the command line itself; `fraudstream VERB --help` says the same.", ""]
    root = typer.main.get_command(cli.app)
    for words, command in sorted(_verbs(root, ()), key=lambda each: each[0]):
        parameters = [each for each in command.params if each.name != "help" and not each.hidden]
        named = [each for each in parameters if not each.opts[0].startswith("-")]
        arguments = " ".join((each.metavar or each.name).upper() for each in named)
        lines += [f"## fraudstream {' '.join(words)}", "", (command.help or "").strip(), ""]
        if arguments:
            lines += [f"Takes `{arguments}`.", ""]
        options = [each for each in parameters if each.opts[0].startswith("-")]
        if options:
            lines += ["| option | default | meaning |", "| --- | --- | --- |", *map(_option_row, options), ""]
    return "\n".join(lines)


def _verbs(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - typer's own
    for name, verb in getattr(command, "commands", {}).items():
        yield from _verbs(verb, (*words, name))
    if not hasattr(command, "commands"):
        yield words, command


def _option_row(option: Any) -> str:  # noqa: ANN401 - typer's own
    names = " / ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    nothing = option.default is None or option.default in ((), [], False, "")
    default = "required" if option.required else "-" if nothing else f"`{option.default}`"
    return f"| {names} | {default} | {(option.help or '').replace('|', '&#124;')} |"


def main() -> None:
    """Write every page."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for path, text in pages():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
