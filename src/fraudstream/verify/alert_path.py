"""The alert path as sets: decision, stored alert, outbox row, notification or a place among the held."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from fraudstream.contracts.alert import alert_id_for
from fraudstream.ports.ledger import AlertFacts


@dataclass(frozen=True)
class AlertPath:
    """How many alerts there are, and which are missing where; alerts by their id.

    `missing`: a score says alert and no alert is stored; `unfounded`: the other way round; `unpublished`: stored
    but not in the outbox, or more than once; `held`: kept back in the outbox by the breaker; `unnotified`: not held,
    and no message reached the subscriber; `delivering`: the same, but messages of others were still arriving;
    `repeats`: messages beyond the first of each alert.
    """

    alerts: int
    missing: tuple[UUID, ...]
    unfounded: tuple[UUID, ...]
    unpublished: tuple[UUID, ...]
    held: tuple[UUID, ...]
    unnotified: tuple[UUID, ...]
    delivering: tuple[UUID, ...]
    repeats: int

    @property
    def notified(self) -> int:
        """Alerts of which at least one message reached the subscriber."""
        return self.alerts - len(self.unnotified) - len(self.delivering) - len(self.held)


def follow(
    facts: AlertFacts, notified: Sequence[UUID], held: Collection[UUID] = (), *, arriving: bool = False
) -> AlertPath:
    """Follow every alert of a snapshot; `notified` and `held` may be read later than the rest.

    With `arriving`, notifications were still coming in when that was read.
    """
    decided = {alert_id_for(transaction) for transaction in facts.flagged}
    stored = {alert for alert, transaction in facts.rows if alert == alert_id_for(transaction)}
    every = {alert for alert, _ in facts.rows}
    published = Counter(facts.published)
    messages = Counter(notified)
    kept = every.intersection(held) - messages.keys()
    untold = _sorted(every - messages.keys() - kept)
    return AlertPath(
        alerts=len(facts.rows),
        missing=_sorted(decided - stored),
        unfounded=_sorted(every - decided),
        unpublished=_sorted({alert for alert in every if published[alert] != 1} | (published.keys() - every)),
        held=_sorted(kept),
        unnotified=() if arriving else untold,
        delivering=untold if arriving else (),
        repeats=messages.total() - len(messages),
    )


def _sorted(ids: set[UUID]) -> tuple[UUID, ...]:
    return tuple(sorted(ids))
