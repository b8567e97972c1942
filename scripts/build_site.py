"""Build the documentation as a site: python scripts/build_site.py.

The pages are plain Markdown that is read on its own. What lies outside docs/ is brought in (README.md, the READMEs of
services); links to other files become their names. Zensical then refuses links and anchors that lead nowhere.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = ROOT / ".local" / "site-pages"
"""Named in zensical.toml."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
OUTSIDE = {"README.md": "readme.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def place_of(path: Path) -> str | None:
    """Where a file of the repository stands in the site; `None` for one that does not."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    name = path.relative_to(ROOT).as_posix()
    if path.name == "README.md" and name not in OUTSIDE:
        return f"parts/{path.parent.relative_to(ROOT).as_posix().replace('/', '-')}.md"
    return OUTSIDE.get(name)


def rewritten(text: str, path: Path, place: str) -> str:
    """The text of the page at `path` with links as they must be at its place in the site."""

    def link(found: re.Match[str]) -> str:
        mark, name, target = found.groups()
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        file, hash_, anchor = target.partition("#")
        there = (path.parent / file).resolve()
        if (there / "README.md").is_file():
            there /= "README.md"
        new = place_of(there)
        if new is None:
            return name
        return f"{mark}[{name}]({os.path.relpath(new, Path(place).parent)}{hash_}{anchor})"

    return _outside_code(text, lambda part: LINK.sub(link, part))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else change(part) for part in parts)


def main() -> int:
    """Copy, rewrite and build; returns Zensical's exit status."""
    shutil.rmtree(PAGES, ignore_errors=True)
    pages = [*DOCS.rglob("*"), *(ROOT / name for name in OUTSIDE)]
    pages += [path for top in ("services", "infra", "benchmarks", "tests") for path in (ROOT / top).rglob("README.md")]
    for path in pages:
        place = place_of(path)
        if place is None or path.is_dir():
            continue
        target = PAGES / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            target.write_text(rewritten(path.read_text(encoding="utf-8"), path, place), encoding="utf-8")
        else:
            shutil.copyfile(path, target)
    zensical = Path(sys.executable).with_name("zensical")
    return subprocess.run([zensical, "build", "--clean", "--strict"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
