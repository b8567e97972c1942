"""The history of a simulated city as a file of JSON lines, which `train --history` and the pipeline read."""

from itertools import islice
from pathlib import Path

from fraudstream.errors import ConfigurationError
from fraudstream.producer.outgoing import outgoing_labels, outgoing_payments
from fraudstream.simulation.city import CityWorld, SimulatedDay

FILE_NAME = "history.jsonl"


def write_history(world: CityWorld, days: int, folder: Path) -> int:
    """Write payments and labels of the first days in order of time; returns how many lines.

    Raises:
        ConfigurationError: the folder can't be written.
    """
    lines = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / FILE_NAME).open("wb") as file:
            for day in islice(world.days(), days):
                for line in _lines(day):
                    file.write(line + b"\n")
                    lines += 1
    except OSError as error:
        raise ConfigurationError(f"{folder / FILE_NAME} can't be written: {error.strerror}") from error
    return lines


def _lines(day: SimulatedDay) -> list[bytes]:
    """A payment comes before a label of the same moment."""
    payments = zip(day.events.event_time.tolist(), outgoing_payments(day.events), strict=True)
    labels = zip(day.labels.arrived_at.tolist(), outgoing_labels(day.labels), strict=True)
    timed = [(moment, 0, item.value) for moment, item in payments] + [
        (moment, 1, item.value) for moment, item in labels
    ]
    return [value for _, _, value in sorted(timed, key=lambda entry: entry[:2])]
