"""Runs what the pages mark as long, in this checkout, and says what failed: python -m tests.documentation.nightly."""

import argparse
import subprocess
import sys
import time

from tests.documentation.pages import ROOT, Block, pages

HOURS = 3
"""What one block may take."""


def long_blocks() -> list[Block]:
    """Everything marked `long`, but what would run all tests."""
    blocks = [block for page in pages() for block in page.blocks()]
    return [block for block in blocks if block.mark == "long" and "make test" not in block.text]


def say(text: str) -> None:
    """A line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run them all; returns 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="name them, and run nothing")
    if parser.parse_args().list:
        for block in long_blocks():
            say(f"{block} ({block.note})\n{block.text}")
        return 0
    failed = []
    for block in long_blocks():
        say(f"@ {block}")
        began = time.monotonic()
        command = ["bash", "-euo", "pipefail", "-c", f"export PATH=$PWD/.venv/bin:$PATH\n{block.text}"]
        done = subprocess.run(command, cwd=ROOT, check=False, timeout=HOURS * 3600)
        say(f"{'ok' if done.returncode == 0 else 'FAILED'} after {time.monotonic() - began:.0f} s")
        failed += [str(block)] * (done.returncode != 0)
    say(f"failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
