"""Synthesises the templates, and compares them with the golden ones or, with `--write`, replaces these."""

import argparse
import difflib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.app import make_app

TEMPLATES = Path(__file__).parent / "templates"
SUFFIX = ".template.json"


def synthesise(context: Mapping[str, object] | None = None) -> dict[str, str]:
    """The text of each stack's template, as it is committed: indented by one, with a line feed at its end."""
    with tempfile.TemporaryDirectory(prefix="fraudstream-synth-") as folder:
        make_app(outdir=folder, context=context).synth()
        return {
            path.name.removesuffix(SUFFIX): json.dumps(json.loads(path.read_text("utf-8")), indent=1) + "\n"
            for path in sorted(Path(folder).glob(f"*{SUFFIX}"))
        }


def committed() -> dict[str, str]:
    """The golden templates."""
    return {path.stem: path.read_text("utf-8") for path in sorted(TEMPLATES.glob("*.json"))}


def differences(fresh: Mapping[str, str]) -> Iterator[str]:
    """Lines that say where the golden templates are not the fresh ones."""
    golden = committed()
    for name in sorted(fresh.keys() | golden.keys()):
        before, after = (each.get(name, "").splitlines() for each in (golden, fresh))
        yield from difflib.unified_diff(before, after, f"templates/{name}.json", "fresh synth", lineterm="", n=1)


def write(fresh: Mapping[str, str]) -> None:
    """Replace the golden templates."""
    TEMPLATES.mkdir(exist_ok=True)
    for path in TEMPLATES.glob("*.json"):
        path.unlink()
    for name, text in fresh.items():
        (TEMPLATES / f"{name}.json").write_text(text, "utf-8")


def main() -> int:
    """Compare or write; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the golden templates")
    fresh = synthesise()
    if parser.parse_args().write:
        write(fresh)
        sys.stdout.write(f"{len(fresh)} templates are in {TEMPLATES.relative_to(Path.cwd())}\n")
        return 0
    found = list(differences(fresh))
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
