"""Resolve the Python dependencies of pyproject.toml and write the hash-pinned files of requirements/.

Usage: python scripts/lock.py [--help] [--cooldown-days N]

One resolution holds for Python 3.11 to 3.13 on every platform. Releases younger than a week are left alone: most
malicious or broken ones are noticed by then. The files name no package index; whoever installs decides on one.
"""

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
COOLDOWN_DAYS = 7
TIMEOUT = 900
"""Seconds one resolution may take."""
BOOTSTRAP = ("uv", "setuptools", "wheel")
"""What must be there before the rest: the installer, and what pyspark's source distribution is built with."""
FOREIGN = ("UV_", "PIP_")
"""Beginnings of variables that would let this machine's package settings into the files."""


def compile_file(
    name: str, source: Sequence[str], arguments: Sequence[str], *, before: dt.datetime, keep: bool
) -> Path:
    """Write one requirements file from lines of requirements, or from pyproject.toml if there are none.

    With `keep`, what is pinned already stays as it is.
    """
    target = REQUIREMENTS / name
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        sys.exit("uv is not installed: run `make setup`.")
    with tempfile.TemporaryDirectory(prefix="fraudstream-lock-") as scratch:
        given = Path(scratch) / "requirements.in"
        given.write_text("\n".join(source), encoding="utf-8")
        command = [uv, "pip", "compile", str(given) if source else "pyproject.toml", "--output-file", str(target)]
        command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"]
        command += [] if keep else ["--upgrade"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--custom-compile-command"]
        command += ["make lock", "--exclude-newer", before.strftime("%Y-%m-%dT%H:%M:%SZ"), *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=TIMEOUT)
    return target


def main() -> None:
    """Write every file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cooldown-days", type=int, default=COOLDOWN_DAYS, help="least age of a release, in days")
    parser.add_argument("--keep", action="store_true", help="pin what is new, and leave the rest as it is")
    asked = parser.parse_args()
    before = dt.datetime.now(dt.UTC) - dt.timedelta(days=asked.cooldown_days)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = declared["project"]
    everything = compile_file("dev.txt", (), ("--extra", "all", "--group", "dev"), before=before, keep=asked.keep)
    agreeing = ("--constraints", str(everything))
    for name, source, arguments in (
        ("app.txt", (), ("--extra", "web", "--extra", "aws", *agreeing)),
        ("spark.txt", (), ("--extra", "spark", *agreeing)),
        ("ml.txt", (), ("--extra", "training", "--extra", "sagemaker", *agreeing)),
        ("lambda.txt", project["optional-dependencies"]["lambda"], agreeing),
        ("bootstrap.txt", BOOTSTRAP, agreeing),
        ("peers.txt", (), ("--group", "peers")),
        ("docs.txt", declared["dependency-groups"]["docs"], ()),
        ("infra.txt", declared["dependency-groups"]["infra"], ()),
    ):
        compile_file(name, source, arguments, before=before, keep=asked.keep)
    for path in sorted(REQUIREMENTS.glob("*.txt")):
        print(f"{path.relative_to(ROOT)}: {path.read_text(encoding='utf-8').count('==')} packages")


if __name__ == "__main__":
    main()
