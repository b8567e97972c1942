"""What a scenario consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.integration.failpoints.kept import Bench

from fraudstream.chaos.failpoints import Failpoints

Facts = Mapping[str, object]


def nothing_else(_: Bench) -> Facts:
    return {}


@dataclass(frozen=True)
class Scenario:
    """One kind of process at work on a world that is always the same at its beginning.

    Args:
        prepare: makes the world.
        run: does all of the work that is left, with boundaries around each port the process uses.
        facts: what is compared beside the rows of the database.
        exempt: boundaries of which an error cannot come, with the reason.
    """

    prepare: Callable[[Bench], None]
    run: Callable[[Bench, Failpoints], None]
    facts: Callable[[Bench], Facts] = nothing_else
    exempt: Mapping[str, str] = field(default_factory=dict)


EMPTY_HANDED = {
    "after consumer.consume": "a consumer that has taken records returns them: an error behind them waits its turn"
}
