"""Pack the alert function as a zip file for Lambda: python scripts/lambda_zip.py [--machine aarch64].

The same packages as in its image, by the same hashes; for who deploys functions without a registry of images.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "dist" / "alert-lambda.zip"
PYTHON = "3.13"
"""Lambda's runtime, as in services/alert_lambda/Dockerfile."""
MOST_BYTES = 50 * 1024 * 1024
"""What Lambda takes in one upload. Source: AWS Lambda Developer Guide, Lambda quotas, deployment package (.zip)."""
UNUSED = ("bin",)
THEN = (1980, 1, 1, 0, 0, 0)
"""Each file's time, the first one that zip knows: the same contents make the same bytes."""


def install(folder: Path, machine: str) -> None:
    """Put the pinned packages of the function into a folder, for Lambda's Python and this processor."""
    asked = ["--require-hashes", "--only-binary=:all:", "--platform", f"manylinux2014_{machine}"]
    asked += ["--platform", f"manylinux_2_28_{machine}", "--python-version", PYTHON, "--implementation", "cp"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", *asked]
    subprocess.run([*pip, "--target", str(folder), "--requirement", "requirements/lambda.txt"], cwd=ROOT, check=True)


def add_own(folder: Path) -> None:
    """Put this project's package and the handler beside them."""
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src" / "fraudstream", folder / "fraudstream", ignore=unwanted)
    shutil.copy(ROOT / "services" / "alert_lambda" / "handler.py", folder)


def is_python(command: str) -> bool:
    """Whether a command is Lambda's Python; a name that a version manager answers for may be none."""
    said = "import sys; print('{}.{}'.format(*sys.version_info))"
    try:
        done = subprocess.run([command, "-c", said], capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return False
    return done.stdout.strip() == PYTHON


def compile_all(folder: Path, python: str) -> None:
    """Compile every module once for all: what lies in Lambda can't be written to, so each cold start would do it."""
    how = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), str(folder)]
    subprocess.run([python, *how], check=True)


def pack(folder: Path, out: Path) -> int:
    """Zip a folder; returns the size of the file in bytes.

    Raises:
        SystemExit: Lambda would not take a file of this size.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(_files(folder)):
            entry = zipfile.ZipInfo(name, THEN)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    size = out.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{out} has {size:,} bytes, and Lambda takes {MOST_BYTES:,}: deploy the image instead")
    return size


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] not in UNUSED:
            yield name.as_posix(), path


def main() -> None:
    """Install and pack, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machine", choices=("x86_64", "aarch64"), default="x86_64", help="processor of the function")
    parser.add_argument("--python", default=f"python{PYTHON}", help="what compiles the modules (%(default)s)")
    given = parser.parse_args()
    machine, python = given.machine, given.python
    compiles = is_python(python)
    if not compiles:
        print(f"{python} is no Python {PYTHON}: modules go in as they are, and a cold start takes about twice as long")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        install(folder, machine)
        add_own(folder)
        if compiles:
            compile_all(folder, python)
        size = pack(folder, OUT)
    print(f"{OUT.relative_to(ROOT)}: {size / 1e6:.1f} MB for Python {PYTHON} on {machine}; handler `handler.handler`")


if __name__ == "__main__":
    main()
