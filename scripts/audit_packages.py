"""Ask which of the packages that are pinned have known vulnerabilities: python scripts/audit_packages.py.

The exit status is 1 where some have, and 2 where nobody could be asked.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AUDITED = ("app", "spark", "ml", "lambda", "dev", "infra")
"""Files in requirements/ whose packages are shipped, or touch what is."""
UNASKED = re.compile(r"not found on PyPI|connect|timed? ?out|resolve|unreachable|HTTPError|ServiceError", re.IGNORECASE)
VULNERABLE, NOT_ASKED = 1, 2


def verdict(status: int, found: str, complaint: str) -> tuple[int, str]:
    """Exit status and last word on one file, from what pip-audit ended with, printed, and complained of."""
    if status == 0:
        return 0, "no known vulnerability"
    if not found.strip() and UNASKED.search(complaint):
        return NOT_ASKED, (
            "NOT AUDITED: PyPI's list of vulnerabilities could not be asked. It is at https://pypi.org; a mirror of "
            "packages has none, and names each package as not found. Run `make audit` where the network reaches it"
        )
    return VULNERABLE, "look at each of these; `python scripts/lock.py` pins newer versions"


def main() -> int:
    """Audit every file; the first that could not be audited ends it."""
    worst = 0
    for name in AUDITED:
        command = [str(Path(sys.executable).with_name("pip-audit")), "--strict", "--require-hashes", "--disable-pip"]
        done = subprocess.run(
            [*command, "--progress-spinner=off", "--requirement", f"requirements/{name}.txt"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        status, word = verdict(done.returncode, done.stdout, done.stderr)
        print(f"{done.stdout}{done.stderr if status else ''}requirements/{name}.txt: {word}")
        worst = max(worst, status)
        if status == NOT_ASKED:
            break
    return worst


if __name__ == "__main__":
    sys.exit(main())
