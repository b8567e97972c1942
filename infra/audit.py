"""The gates of the templates: golden files, cfn-lint, checkov with its exceptions. `make audit-infra` runs them."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from infra.golden import differences, synthesise

FOLDER = Path(__file__).parent
BIN = Path(sys.executable).parent
TIMEOUT = 300
"""Seconds one of the tools may take."""
BROUGHT = {
    "vpc_id": "vpc-0123456789abcdef0",
    "availability_zones": "eu-central-1a,eu-central-1b,eu-central-1c",
    "private_subnet_ids": "subnet-0aaaaaaaaaaaaaaaa,subnet-0bbbbbbbbbbbbbbbb,subnet-0cccccccccccccccc",
    "msk_cluster_arn": "arn:aws:kafka:eu-central-1:111122223333:cluster/mine/3f2a5c9e-1111-2222-3333-444455556666-7",
    "msk_security_group_id": "sg-0123456789abcdef0",
    "keep_data": "false",
}
"""A second deployment: in a VPC and on a cluster that are there already, and one that leaves nothing behind."""


def lint(*folders: Path) -> list[str]:
    """What cfn-lint finds, warnings included."""
    templates = sorted(str(path) for folder in folders for path in folder.glob("*.json"))
    done = _run([str(BIN / "cfn-lint"), "--format", "parseable", "--", *templates])
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]


def check(folder: Path) -> tuple[list[str], list[str]]:
    """What checkov finds without an exception, and the exceptions that nothing needs any more."""
    command = [str(BIN / "checkov"), "--directory", str(folder), "--framework", "cloudformation", "--skip-download"]
    done = _run([*command, "--quiet", "--compact", "--output", "json"])
    results: Mapping[str, Any] = json.loads(done.stdout)
    if results["summary"]["parsing_errors"] or not results["summary"]["passed"]:
        return [f"checkov could not read the templates: {results['summary']}"], []
    found = {
        (failed["check_id"], Path(failed["file_path"]).stem, failed["resource"]): failed["check_name"]
        for failed in results["results"]["failed_checks"]
    }
    exceptions: list[dict[str, str]] = json.loads((FOLDER / "exceptions.json").read_text("utf-8"))
    unexcused = [
        f"{identifier} {stack} {resource}: {name}"
        for (identifier, stack, resource), name in found.items()
        if not any(_excuses(each, identifier, stack, resource) for each in exceptions)
    ]
    unneeded = [
        f"{each['check']} {each['stack']} {each['resource']}"
        for each in exceptions
        if not any(_excuses(each, *failed) for failed in found)
    ]
    return unexcused, unneeded


def audit() -> dict[str, Any]:
    """Run every gate once; everything that is wrong, by gate, and the second deployment's templates.

    checkov looks at the first deployment while the second is synthesised; cfn-lint at the first, and at what differs
    in the second.
    """
    fresh = synthesise()
    with tempfile.TemporaryDirectory(prefix="fraudstream-audit-") as scratch, ThreadPoolExecutor(1) as pool:
        first, second = Path(scratch) / "first", Path(scratch) / "second"
        _write(first, fresh)
        checked = pool.submit(check, first)
        brought = synthesise(BROUGHT)
        _write(second, {name: text for name, text in brought.items() if text != fresh[name]})
        linted = lint(first, second)
        unexcused, unneeded = checked.result()
        return {
            "golden": list(differences(fresh)),
            "cfn-lint": linted,
            "checkov": unexcused,
            "exceptions that nothing needs": unneeded,
            "brought": {name: json.loads(text) for name, text in brought.items()},
        }


def _write(folder: Path, templates: Mapping[str, str]) -> None:
    folder.mkdir()
    for name, text in templates.items():
        (folder / f"{name}.json").write_text(text, "utf-8")


def _excuses(exception: Mapping[str, str], identifier: str, stack: str, resource: str) -> bool:
    return (exception["check"], exception["stack"]) == (identifier, stack) and fnmatch(resource, exception["resource"])


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    quiet = os.environ | {"LOG_LEVEL": "ERROR", "BC_SKIP_MAPPING": "TRUE"}
    return subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=TIMEOUT, check=False)


def main() -> int:
    """Print what is wrong; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write everything to this file, for tests")
    arguments = parser.parse_args()
    results = audit()
    if arguments.json:
        arguments.json.write_text(json.dumps(results), "utf-8")
        return 0
    del results["brought"]
    for gate, findings in results.items():
        sys.stdout.write(f"{gate}: {len(findings) or 'none'}\n")
        sys.stdout.writelines(f"  {finding}\n" for finding in findings)
    return 1 if any(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
