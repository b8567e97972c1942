"""Understands a `.env` as Docker Compose does, for the variables that we know; runs and expands nothing."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fraudstream.local.compose_numbers import impossible_numbers
from fraudstream.local.findings import Finding, Severity, Way
from fraudstream.settings import impossible

LIKENESS = 0.85
"""How alike two names are, of 1, when one counts as a misspelling although Docker's own programs might read it."""
DOCKERS_PREFIXES = ("COMPOSE_", "DOCKER_", "BUILDX_", "BUILDKIT_")
"""Variables with these prefixes are read by Docker's own programs."""

_ASSIGNMENT = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z0-9_.-]+)\s*(?:[=:]\s*(?P<value>.*))?")
_VALUE = re.compile(r"""'(?P<literal>[^']*)'|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^'"].*?)""")
_COMMENT = r"(?:\s+#.*|\s*)"


@dataclass(frozen=True)
class Dotenv:
    """What such a file says; values are kept of known names alone."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Without quotes and comments; empty where another variable decides."""
    undecided: frozenset[str] = frozenset()
    """Known names whose values are put together from other variables."""
    unknown: tuple[str, ...] = ()
    """Names that are not known, in their order; those of Docker's own programs are not among them."""
    unreadable: tuple[int, ...] = ()
    """Numbers of the lines that are no `NAME=value`."""
    is_there: bool = True


def read_dotenv(path: Path, known: Collection[str]) -> Dotenv:
    """What the file says, nothing if it is not there.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Dotenv(is_there=False)
    return parse_dotenv(text, known)


def parse_dotenv(text: str, known: Collection[str]) -> Dotenv:
    """Read the text of a `.env`; a later line of the same name wins. Never raises."""
    values: dict[str, str] = {}
    undecided: set[str] = set()
    unknown: dict[str, None] = {}
    unreadable: list[int] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        assignment = _ASSIGNMENT.fullmatch(stripped)
        if assignment is None:
            unreadable.append(number)
            continue
        name, raw = assignment["name"], assignment["value"]
        value, decided = _value(raw) if raw is not None else (None, False)
        if raw is not None and value is None:
            unreadable.append(number)
        elif name not in known:
            unknown[name] = None
        elif value is not None:
            values[name] = value if decided else ""
            (undecided.discard if decided else undecided.add)(name)
    strangers = tuple(name for name in unknown if not _is_dockers_own(name, known))
    return Dotenv(values, frozenset(undecided), strangers, tuple(unreadable))


def dotenv_findings(dotenv: Dotenv, known: Collection[str], read: Collection[str] | None = None) -> Iterator[Finding]:
    """Whether the file says what it means; no value is ever shown.

    Args:
        dotenv: the file.
        known: names that mean something to anything here.
        read: those of them that Compose takes from the file; all if unset.
    """
    if not dotenv.is_there:
        yield Finding(Severity.FINE, ".env", "none; defaults apply")
        return
    for number in dotenv.unreadable:
        step = "write NAME=value on one line; a quote that opens must close"
        yield Finding(Severity.PROBLEM, ".env", f"line {number} is not understood", step, (Way.COMPOSE,))
    for name in dotenv.unknown:
        closest = difflib.get_close_matches(name.upper(), known, n=1)
        step = f"did you mean {closest[0]}?" if closest else ".env.example lists what is read"
        yield Finding(Severity.NOTE, ".env", f"{name} is read by nothing here", step)
    passed_over = [name for name, value in dotenv.values.items() if value and read is not None and name not in read]
    for name in passed_over:
        step = f"export {name} where you run `fraudstream` or `make demo`, which read no .env"
        yield Finding(Severity.NOTE, ".env", f"{name} is not for compose, which sets it by itself or needs none", step)
    wrong = list(value_findings(dotenv.values, ".env"))
    yield from wrong
    if not dotenv.unreadable and not dotenv.unknown and not wrong and not passed_over:
        changed = sum(bool(value) for value in dotenv.values.values()) + len(dotenv.undecided)
        yield Finding(Severity.FINE, ".env", f"sets {changed} variable{'' if changed == 1 else 's'}")


def value_findings(
    values: Mapping[str, str], place: str, prevents: tuple[Way, ...] = (Way.COMPOSE,)
) -> Iterator[Finding]:
    """A problem for each variable whose value in this place is impossible, with what it may be.

    `prevents` is what cannot work with an impossible setting of ours; numbers of Compose alone hinder Compose alone.
    """
    numbers = dict(impossible_numbers(values))
    for name, reason in {**impossible(values), **numbers}.items():
        step = f"correct {name}; .env.example explains it"
        ways = (Way.COMPOSE,) if name in numbers else prevents
        yield Finding(Severity.PROBLEM, name, f"is impossible in {place}: {reason}", step, ways)


def _is_dockers_own(name: str, known: Collection[str]) -> bool:
    return name.startswith(DOCKERS_PREFIXES) and not difflib.get_close_matches(name, known, n=1, cutoff=LIKENESS)


def _value(raw: str) -> tuple[str | None, bool]:
    """The value, without quotes and comment, and whether it stands there as it is; `None` if a quote stays open."""
    if not raw or raw.startswith("#"):
        return "", True
    found = re.fullmatch(f"(?:{_VALUE.pattern}){_COMMENT}", raw)
    if found is None:
        return None, False
    if found["literal"] is not None:
        return found["literal"], True
    value = found["quoted"] if found["quoted"] is not None else found["bare"]
    return value, "$" not in value
