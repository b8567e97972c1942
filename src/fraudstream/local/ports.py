"""Loopback ports, chosen once for each home folder so that addresses stay the same over restarts."""

import contextlib
import json
import socket
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fraudstream.errors import ConfigurationError
from fraudstream.local.listeners import who_listens

LOOPBACK = "127.0.0.1"
KEPT_IN = "ports.json"
"""File of a home folder with the ports of the last run."""
FIRST, LAST = 20_000, 32_000
"""Below the range that Linux gives to outgoing connections (32,768 and up), which would take a port now and then."""
CONNECT_TIMEOUT = 0.2
"""Seconds to wait for a listener on loopback."""


def reserve(home: Path, names: Sequence[str]) -> Mapping[str, int]:
    """A port for each name: the one of the last run, or a free one which is then kept in `home/ports.json`.

    Raises:
        ConfigurationError: another program listens on a kept port, or there is no free one.
    """
    kept_in = home / KEPT_IN
    kept = kept_ports(home)
    for name in names:
        if name in kept and not is_free(kept[name]):
            who = who_listens(kept[name]) or "another program"
            raise ConfigurationError(
                f"port {kept[name]} of {name} on {LOOPBACK} is taken by {who}: "
                f"stop that program, or delete {kept_in} to have new ports chosen."
            )
    candidates = _candidates(home)
    chosen = {name: kept[name] if name in kept else _next_free(candidates, set(kept.values())) for name in names}
    home.mkdir(parents=True, exist_ok=True)
    kept_in.write_text(json.dumps(kept | chosen, indent=1), encoding="utf-8")
    return chosen


def is_listening(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), CONNECT_TIMEOUT):
        return True
    return False


def kept_ports(home: Path) -> dict[str, int]:
    """The ports of the last run in a home folder, by name; none if there was none."""
    try:
        content = json.loads((home / KEPT_IN).read_text(encoding="utf-8"))
        return {str(name): int(port) for name, port in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _candidates(home: Path) -> Iterator[int]:
    """Ports in an order of this folder's own, so that two checkouts rarely ask for the same."""
    span = LAST - FIRST
    start = zlib.crc32(str(home.absolute()).encode()) % span
    yield from (FIRST + (start + step) % span for step in range(span))


def _next_free(candidates: Iterator[int], taken: set[int]) -> int:
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise ConfigurationError(f"no port between {FIRST} and {LAST} on {LOOPBACK} is free: stop some programs.")


def is_free(port: int) -> bool:
    """Whether a server could listen on a loopback port."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
