"""Runs the commands of a page as a reader would, in a folder of its own beside a running demo."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.documentation.pages import ROOT, Block, Page

PATIENCE = 240.0
"""Seconds until the demo is ready on a busy machine."""
STOPPED_AFTER = 4
"""Seconds after which what goes on for ever is interrupted."""
PRELUDE = f"""
set -euo pipefail
fraudstream() {{
    case " $* " in
        " demo "*) echo "(the demo is running already)" ;;
        *" --follow "* | *" --watch "*)
            timeout --signal INT {STOPPED_AFTER} {sys.executable} -m fraudstream "$@" || [ $? -eq 124 ] ;;
        *) {sys.executable} -m fraudstream "$@" ;;
    esac
}}
"""
"""Where a shell behaves otherwise than a reader's: there is one demo for all pages, and nothing goes on for ever."""


@dataclass
class RunningDemo:
    """The demo, started as the README says in a folder that then looks like a checkout that was set up."""

    folder: Path
    process: subprocess.Popen[str]

    @classmethod
    def start(cls, folder: Path, options: Sequence[str]) -> "RunningDemo":
        """Start it, and return when a payment would be scored."""
        (folder / ".venv").symlink_to(sys.prefix)
        for name in ("src", "scripts", "benchmarks", "services", "Makefile"):
            (folder / name).symlink_to(ROOT / name)
        command = [sys.executable, "-m", "fraudstream", "demo", *options]
        with (folder / "demo.txt").open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                command, cwd=folder, env=environment(), stdout=output, stderr=subprocess.STDOUT, text=True
            )
        demo = cls(folder, process)
        deadline = time.monotonic() + PATIENCE
        while not demo.endpoints.exists():
            assert process.poll() is None, demo.output()
            assert time.monotonic() < deadline, demo.output()
            time.sleep(0.2)  # polls
        return demo

    @property
    def endpoints(self) -> Path:
        """What is there while it is ready."""
        return self.folder / ".local" / "endpoints.env"

    def output(self) -> str:
        """What it has printed."""
        return (self.folder / "demo.txt").read_text(encoding="utf-8")

    def stop(self, timeout: float) -> int:
        """End it in good order, as Ctrl-C does, unless it has ended; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def environment() -> Mapping[str, str]:
    """Nothing of ours: a shell that was just opened."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "JAVA_HOME", "LANG"}}


def script_of(page: Page, wanted: str = "") -> str:
    """One script of all blocks that a reader can run at once; it says which one it is at."""
    blocks = [block for block in page.blocks() if block.is_commands and block.mark == wanted]
    return "\n".join([PRELUDE, *(f"echo '@ {block}'\n{block.text}" for block in blocks)])


def files_of(page: Page) -> list[Block]:
    """The files that its commands use."""
    return [block for block in page.blocks() if block.mark == "file"]


def run(script: str, folder: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a script in bash."""
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
