"""Whether the numbers that docker-compose.yml alone reads are numbers that what it starts accepts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fraudstream.bounds import number_in


@dataclass(frozen=True)
class Allowed:
    """What a number may be; bounds are allowed themselves."""

    least: float
    greatest: float | None = None
    whole: bool = False

    def takes(self, text: str) -> bool:
        """Whether this text is such a number."""
        try:
            number = int(text) if self.whole else float(text)
        except ValueError:
            return False
        return self.least <= number and (self.greatest is None or number <= self.greatest)

    def __str__(self) -> str:
        """What it may be, in words."""
        return number_in(self.least, self.greatest, whole=self.whole)


NUMBERS: Mapping[str, Allowed] = {
    "PRODUCER_RATE": Allowed(0.01),
    "RETRAIN": Allowed(0, 1, whole=True),
    "RETRAIN_INTERVAL": Allowed(1),
    "RETRAIN_EVERY_DAYS": Allowed(0.01),
    "SPARK_WORKER_CORES": Allowed(1, whole=True),
}
"""Variables of docker-compose.yml that become an argument of a process; a test compares them with its options."""


def impossible_numbers(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each of these that cannot have the value it has here, and what it may have; empty ones count as unset."""
    for name, allowed in NUMBERS.items():
        if values.get(name) and not allowed.takes(values[name]):
            yield name, str(allowed)
