"""What a matrix ends in: a table of its cases, one line of counts, and whether every promise held."""

from dataclasses import dataclass, field

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from fraudstream.adapters.database.vitals import Order
from fraudstream.chaos.cases import Case
from fraudstream.chaos.report import out_of_order, quantiles, sums
from fraudstream.verify.report import Balance


@dataclass
class Grid:
    """A matrix: the cases planned, and of those that fired the seconds until every partition moved again."""

    planned: list[Case] = field(default_factory=list)
    recovered: dict[Case, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    balance: Balance | None = None
    order: Order = field(default_factory=lambda: Order(0, 0))
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether every case fired, and nothing was lost, doubled, changed or out of order."""
        return not self.all_problems

    @property
    def all_problems(self) -> tuple[str, ...]:
        """The cases', the order's and the balance's; that nothing fired is one, since then nothing was proved."""
        left = [case for case in self.planned if case not in self.recovered]
        fired = (f"{len(left)} of {len(self.planned)} cases did not fire, or were not recovered from",) if left else ()
        done = () if self.planned else ("no case was planned, so nothing is proved",)
        balance = ("no balance was drawn up",) if self.balance is None else self.balance.problems
        return (*done, *fired, *self.problems, *out_of_order(self.order), *balance)

    def to_json(self) -> str:
        """The matrix in one line."""
        line = {
            "boundaries": len({case.boundary for case in self.planned}),
            "cases": len(self.planned),
            "fired": len(self.recovered),
            "not_fired": [str(case) for case in self.planned if case not in self.recovered],
            **({} if self.balance is None else sums(self.balance, self.order)),
            "recovery_seconds": quantiles(list(self.recovered.values())),
            "seconds": round(self.seconds, 1),
            "holds": self.holds,
            "problems": self.all_problems,
        }
        return msgspec.json.encode(line).decode()


def show(grid: Grid, console: Console) -> None:
    """A row for each boundary: after each action at each hit, the seconds until every partition moved again."""
    actions = list(dict.fromkeys(case.action for case in grid.planned))
    table = Table("boundary", *actions, box=box.SIMPLE, title="seconds until every partition moves again, by hit")
    for boundary in dict.fromkeys(case.boundary for case in grid.planned):
        cells = (
            "  ".join(
                f"{case.hit}: {_seconds(grid, case)}"
                for case in grid.planned
                if (case.boundary, case.action) == (boundary, action)
            )
            for action in actions
        )
        table.add_row(boundary, *cells)
    console.print(table)


def _seconds(grid: Grid, case: Case) -> str:
    return f"{grid.recovered[case]:.1f}" if case in grid.recovered else "not fired"
