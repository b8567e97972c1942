"""What the doctor can say: findings, and the line that sums them up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    FINE = "ok"
    NOTE = "note"
    PROBLEM = "problem"


class Way(StrEnum):
    """How the whole system can be run on one machine."""

    DEMO = "`make demo`"
    COMPOSE = "`docker compose up`"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was seen, the next step where there is one, and what cannot work until it is taken."""

    severity: Severity
    subject: str
    seen: str
    next_step: str = ""
    prevents: tuple[Way, ...] = ()


def summary(findings: Sequence[Finding]) -> str:
    """What the machine is ready for, and what to mend for the rest."""
    mend = {way: _listed(f.subject for f in findings if way in f.prevents) for way in Way}
    ready = " and ".join(way for way, subjects in mend.items() if not subjects)
    others = _listed(f.subject for f in findings if f.severity is Severity.PROBLEM and not f.prevents)
    parts = [f"ready for {ready}"] if ready else []
    parts += [f"for {way} first mend {subjects}" for way, subjects in mend.items() if subjects]
    parts += [f"neither is hindered by {others}"] if others else []
    return "; ".join(parts)


def _listed(subjects: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(subjects))
