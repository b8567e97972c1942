"""Fetch the page's libraries from npm packages, and write where each file comes from beside them.

Usage: python scripts/vendor_assets.py [--help] [--check]

There is no build step: each file stands in the repository as its package has it, with its licence, and `vendor.json`
pins version and SHA-256. With `--check` nothing is fetched; the files are compared with their pins.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 300
"""Seconds one package may take."""


@dataclass(frozen=True)
class Vendored:
    """One package: the files that are taken from it, licence included, and the folder that they stand in."""

    package: str
    version: str
    licence: str
    files: tuple[str, ...]
    folder: str


PAGE = "src/fraudstream/dashboard/static/vendor"
PACKAGES = (
    Vendored("htmx.org", "2.0.11", "0BSD", ("dist/htmx.min.js", "LICENSE"), f"{PAGE}/htmx"),
    Vendored("echarts", "6.1.0", "Apache-2.0", ("dist/echarts.common.min.js", "LICENSE", "NOTICE"), f"{PAGE}/echarts"),
    Vendored("axe-core", "4.14.1", "MPL-2.0", ("axe.min.js", "LICENSE"), "tests/integration/dashboard/vendor/axe"),
)


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(wanted: Vendored) -> None:
    """Put the files of one package into their folder, and write their pins."""
    folder = ROOT / wanted.folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fraudstream-npm-") as scratch:
        name = f"{wanted.package}@{wanted.version}"
        subprocess.run(["npm", "pack", "--silent", name], cwd=scratch, check=True, timeout=TIMEOUT, stdout=sys.stderr)
        (packed,) = Path(scratch).glob("*.tgz")
        with tarfile.open(packed) as archive:
            for file in wanted.files:
                content = archive.extractfile(f"package/{file}")
                if content is None:
                    sys.exit(f"{name} has no {file}")
                (folder / Path(file).name).write_bytes(content.read())
    pins = {Path(file).name: digest(folder / Path(file).name) for file in wanted.files}
    told = {"package": wanted.package, "version": wanted.version, "licence": wanted.licence, "sha256": pins}
    (folder / "vendor.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def differences(root: Path = ROOT) -> Iterator[str]:
    """What is not as it is pinned."""
    for wanted in PACKAGES:
        folder = root / wanted.folder
        told: dict[str, Any] = json.loads((folder / "vendor.json").read_text(encoding="utf-8"))
        if (told["package"], told["version"]) != (wanted.package, wanted.version):
            yield f"{wanted.folder}: {told['package']} {told['version']}, not {wanted.version}"
        for name, pinned in told["sha256"].items():
            if digest(folder / name) != pinned:
                yield f"{wanted.folder}/{name} is not the file of its package"


def main() -> None:
    """Fetch every package, or look at what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fetch nothing, compare with the pins")
    if not parser.parse_args().check:
        for wanted in PACKAGES:
            fetch(wanted)
    if found := list(differences()):
        sys.exit("\n".join(found))
    print(f"{len(PACKAGES)} packages are as they are pinned")


if __name__ == "__main__":
    main()
