"""Whether the ports that compose publishes are free, or held by the project itself."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from fraudstream.local.compose_file import ComposeFile
from fraudstream.local.findings import Finding, Severity, Way
from fraudstream.local.listeners import who_listens
from fraudstream.local.ports import LOOPBACK, is_listening

LAST = 65_535
"""The greatest number of a port."""


def port_findings(
    compose_file: ComposeFile,
    values: Mapping[str, str],
    own: Collection[int] = (),
    *,
    undecided: Collection[str] = (),
    is_taken: Callable[[int], bool] = is_listening,
    by_whom: Callable[[int], str] = who_listens,
) -> Iterator[Finding]:
    """A problem for each port that cannot be had, with the variable to set, and one line for all others.

    `values` are of the environment and .env; `own` are the ports that the project's containers hold now;
    `undecided` variables have a value that is not known and are passed over.
    """
    yield from number_findings(compose_file, values, undecided=undecided)
    ports = {variable: port for variable, port in _chosen(compose_file, values, undecided).items() if port}
    spoken_for = {*ports.values(), *compose_file.ports.values(), *compose_file.optional_ports.values(), *own}
    fine: dict[str, list[str]] = {"free": [], "held by this project": []}
    seen: dict[int, str] = {}
    for variable, port in ports.items():
        if port in seen:
            yield _problem(variable, f"{port} is {seen[port]} too", "give one of them another number in .env")
        elif port in own:
            fine["held by this project"].append(str(port))
        elif is_taken(port):
            free = next((p for p in range(port + 1, LAST + 1) if p not in spoken_for and not is_taken(p)), None)
            step = f"stop what listens there or set {variable}={free or 'another port'} in .env"
            yield _problem(variable, f"{LOOPBACK}:{port} is taken{_by(by_whom(port))}", step)
        else:
            fine["free"].append(str(port))
        seen.setdefault(port, variable)
    if any(fine.values()):
        told = "; ".join(f"{', '.join(numbers)} {state}" for state, numbers in fine.items() if numbers)
        yield Finding(Severity.FINE, "ports", told)


def number_findings(
    compose_file: ComposeFile, values: Mapping[str, str], *, undecided: Collection[str] = ()
) -> Iterator[Finding]:
    """A problem for each variable of a port whose value is no port's number; Compose refuses the whole file for it."""
    for variable, port in _chosen(compose_file, values, undecided).items():
        if not port:
            default = compose_file.ports[variable]
            step = f"set {variable} to a number from 1 to {LAST}, or delete it: {default} is the default"
            yield _problem(variable, "is no port", step)


def _chosen(compose_file: ComposeFile, values: Mapping[str, str], undecided: Collection[str]) -> dict[str, int]:
    """The port of each variable whose value is known, 0 where it is none."""
    return {
        variable: _number(values.get(variable) or str(default))
        for variable, default in compose_file.ports.items()
        if variable not in undecided
    }


def _problem(variable: str, seen: str, step: str) -> Finding:
    return Finding(Severity.PROBLEM, variable, seen, step, (Way.COMPOSE,))


def _by(who: str) -> str:
    return f" by {who}" if who else ""


def _number(text: str) -> int:
    """A port's number, 0 for what is none."""
    number = int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0
    return number if number <= LAST else 0
