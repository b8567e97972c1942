"""Sums of money, of which every stage must hold the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Sums in whole cents, each amount rounded to the cent before it is added; whatever the currency.

    `acknowledged`: of the payments whose producers were told "accepted", as their journals say, and
    `acknowledged_log` as the log says. `log`: of the log's payments that must be scored, so far as it was read;
    `scored`: of their stored rows. `flagged`: of all stored scores that say alert; `alerts`: of the stored alerts;
    `outbox`: of the alerts in the outbox, sent or not.
    """

    acknowledged: int = 0
    acknowledged_log: int = 0
    log: int = 0
    scored: int = 0
    flagged: int = 0
    alerts: int = 0
    outbox: int = 0

    @property
    def problems(self) -> tuple[str, ...]:
        """Each difference in a few words."""
        return tuple(self._differences())

    def said(self) -> Mapping[str, str]:
        """Every sum by its name in the line of JSON, as a decimal number in a string: exact whatever its size."""
        return {f"amount_{item.name}": plain(getattr(self, item.name)) for item in fields(self)}

    def _differences(self) -> Iterator[str]:
        stages = (
            ("log", self.acknowledged_log, "journals", self.acknowledged),
            ("scored", self.scored, "log", self.log),
            ("alerts", self.alerts, "scores that say alert", self.flagged),
            ("outbox", self.outbox, "alerts", self.alerts),
        )
        for name, found, other, expected in stages:
            if found != expected:
                more = "less" if found < expected else "more"
                yield f"money: {name} {told(abs(found - expected))} {more} than the {other}"


def plain(cents: int) -> str:
    """A sum in units of its currency, for machines."""
    return f"{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02}"


def told(cents: int) -> str:
    """A sum in units of its currency, for people."""
    return f"{'-' * (cents < 0)}{abs(cents) // 100:,}.{abs(cents) % 100:02}"
