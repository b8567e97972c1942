"""The scripted fraud in a running stream: who is hit, and a note of its payments for whoever looks for the alert."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from fraudstream.features.events import EventColumns, uuid_at
from fraudstream.producer.outgoing import Outgoing
from fraudstream.simulation.city import CityWorld
from fraudstream.simulation.population import FIRST_USER_ID
from fraudstream.simulation.scripted import scripted_fraud

PATTERN = "scripted-*.json"
TYPICAL_RATE = 3.0
"""Payments a day of the customers that are hit: enough for a history, not so many that a burst is nothing new."""


class ScriptedFraud(msgspec.Struct, frozen=True):
    """One scripted fraud as far as it has been sent.

    `transaction_ids` and `sent_at` (real time, seconds since 1970 UTC) go together; `payments` is how many there
    will be.
    """

    user_id: int
    payments: int
    transaction_ids: list[str] = []
    sent_at: list[float] = []


@dataclass
class ScriptedFrauds:
    """Plays frauds against one customer after the other and writes `scripted-*.json` files of what was sent."""

    world: CityWorld
    folder: Path
    run: str
    """Names this run in the files."""
    _open: dict[str, int] = field(default_factory=dict)
    _played: list[ScriptedFraud] = field(default_factory=list)

    def play(self, moment: float) -> EventColumns:
        """The payments of the next fraud, which begins at `moment` (simulated, seconds since 1970 UTC)."""
        turn = len(self._played)
        rates = self.world.population.cardholders.daily_rate
        user_id = FIRST_USER_ID + int(np.argsort(np.abs(rates - TYPICAL_RATE), kind="stable")[turn % len(rates)])
        events = scripted_fraud(self.world, user_id, moment, seed=turn)
        self._played.append(ScriptedFraud(user_id, len(events)))
        self._open |= {str(uuid_at(events.transaction_id, row)): turn for row in range(len(events))}
        return events

    def note(self, records: Sequence[Outgoing], sent_at: float) -> None:
        """Write down those of the records just sent that belong to a scripted fraud."""
        if not self._open:
            return
        found = [record.transaction_id for record in records if record.transaction_id in self._open]
        for turn in {self._open[name] for name in found if name is not None}:
            mine = [name for name in found if name is not None and self._open[name] == turn]
            before = self._played[turn]
            self._played[turn] = msgspec.structs.replace(
                before,
                transaction_ids=before.transaction_ids + mine,
                sent_at=before.sent_at + [sent_at] * len(mine),
            )
            self._write(turn)
        for name in found:
            self._open.pop(name or "", None)

    def _write(self, turn: int) -> None:
        """A reader sees the old file or the new one, never half of one."""
        path = self.folder / f"scripted-{self.run}-{turn}.json"
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_bytes(msgspec.json.encode(self._played[turn]))
        unfinished.replace(path)


def read_scripted(folder: Path) -> list[ScriptedFraud]:
    """All scripted frauds that runs with this journal folder have played, the oldest first."""
    return [msgspec.json.decode(path.read_bytes(), type=ScriptedFraud) for path in sorted(folder.glob(PATTERN))]
