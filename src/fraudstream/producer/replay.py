"""Replays a user's own lines, at a rate or as fast as the broker takes them."""

from dataclasses import dataclass

from fraudstream.clock import Clock
from fraudstream.producer.lines import outgoing_line, read_lines
from fraudstream.producer.pace import Pace
from fraudstream.producer.progress import Progress
from fraudstream.producer.requests import Requests
from fraudstream.producer.sending import Sender
from fraudstream.producer.stream import GROUP, TICK


@dataclass
class LineReplay:
    """Sends every line of a descriptor as one record, in order, until the end or until a stop is asked for."""

    descriptor: int
    sender: Sender
    pace: Pace
    requests: Requests
    progress: Progress
    clock: Clock
    _sent: int = 0

    def run(self) -> None:
        """Send; returns once everything is handed over, acknowledged or not."""
        for lines in read_lines(self.descriptor, self.requests):
            self._send(lines)
            self.sender.poll()
            self.progress.report(self.sender.summary, self._sent)

    def _send(self, lines: list[bytes]) -> None:
        done = 0
        while done < len(lines) and not self.requests.stop:
            allowed = self.pace.allowance(self._sent, min(GROUP, len(lines) - done))
            if not allowed:
                self.sender.poll()
                self.clock.sleep(TICK)
                self.progress.report(self.sender.summary, self._sent)
                continue
            self.sender.send([outgoing_line(line, self.clock) for line in lines[done : done + allowed]])
            done += allowed
            self._sent += allowed
