"""Run a program as somebody other than root, if the caller is root."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fraudstream.errors import ConfigurationError

NOBODY = 65_534
"""User and group id of `nobody` on Linux."""
TRY_TIMEOUT = 30.0
"""Seconds that a trial run of a program may take."""


@dataclass(frozen=True)
class Identity:
    """Who runs a program: `prefix` goes before its command line; its files must belong to `owner` if that is set."""

    prefix: tuple[str, ...] = ()
    owner: int | None = None

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The command line that runs `arguments` as this identity."""
        return [*self.prefix, *arguments]

    def give(self, path: Path) -> None:
        """Make a file or a whole folder belong to this identity, if it doesn't already."""
        owner = os.geteuid() if self.owner is None else self.owner
        if path.stat().st_uid == owner:
            return
        group = os.getegid() if self.owner is None else self.owner
        for folder, _, files in os.walk(path):
            for name in files:
                os.chown(Path(folder) / name, owner, group)
        for folder, _, _ in os.walk(path, topdown=False):
            os.chown(folder, owner, group)
        os.chown(path, owner, group)


CALLER = Identity()
NAMESPACE = Identity(("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"))
"""A user namespace in which root's files are nobody's: same process id, nothing on disk changes its owner."""
_SETPRIV = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
PRIVILEGED = Identity(
    (*_SETPRIV, "--securebits=+no_setuid_fixup", "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
    NOBODY,
)
"""The user nobody, who may nevertheless reach a folder under root's closed home."""
PLAIN = Identity(_SETPRIV, NOBODY)


def unprivileged(
    program: Path, *, euid: int | None = None, runs: Callable[[Sequence[str]], bool] | None = None
) -> Identity:
    """The first identity, other than root, under which `program --version` runs.

    Args:
        program: what is going to be run.
        euid: effective user id of the caller; the process's own if `None`.
        runs: tells whether a command succeeds.

    Raises:
        ConfigurationError: the caller is root and this machine lets it be nobody else.
    """
    if (os.geteuid() if euid is None else euid) != 0:
        return CALLER
    succeeds = runs or _succeeds
    for identity in (NAMESPACE, PRIVILEGED, PLAIN):
        if succeeds(identity.command([str(program), "--version"])):
            return identity
    raise ConfigurationError(
        f"{program.name} refuses to run as root, and neither `unshare --user` nor `setpriv --reuid` (util-linux) works "
        "here: run the command as an ordinary user."
    )


def _succeeds(command: Sequence[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        return subprocess.run(command, capture_output=True, timeout=TRY_TIMEOUT, check=False, cwd="/").returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
