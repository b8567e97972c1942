"""The balance of the archive: what was counted, whether it holds, and how it is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, kw_only=True)
class ArchiveBalance:
    """The result of one verification of the archive.

    `raw` and `processed` are rows in objects that the ledger names (`objects`, `size` bytes); `records` are those
    that the archived slices took from the log, `stored` the scores of the archived ranges. `amount`s and alerts are
    of `processed` and `stored`; `amount_raw` is of the raw records of what is in `processed`, `amount_raw_scored` of
    these scores, so far as the raw zone has their range. `waiting` records are committed and not archived yet,
    `forgotten` ones the broker had deleted before they were archived, `accepted` of these somebody has taken note of.
    `missing` and `damaged` objects are gone or have another digest. `doubled` and `skipped` records are in two ranges,
    or in none. `unlike` objects hold something else than was stored, or records that are not the payments that were
    scored. `unlisted` objects wait for their manifest, `wrong_manifests` say otherwise than the ledger. `orphans` are
    objects that nobody names. `examples` names a few of each kind.
    """

    logs: int
    objects: int
    size: int
    raw: int
    records: int
    processed: int
    stored: int
    amount: str
    stored_amount: str
    amount_raw: str
    amount_raw_scored: str
    alerts: int
    stored_alerts: int
    waiting: int
    forgotten: int
    accepted: int
    missing: int
    damaged: int
    doubled: int
    skipped: int
    unlike: int
    unlisted: int
    wrong_manifests: int
    orphans: int
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, each in a few words; empty where the archive holds."""
        found = {
            f"{self.missing} objects are gone": self.missing,
            f"{self.damaged} objects are damaged": self.damaged,
            f"{self.doubled} records are archived twice": self.doubled,
            f"{self.skipped} records are left out": self.skipped,
            f"{self.unlike} objects hold something else than was stored": self.unlike,
            f"{self.raw} records are in the raw zone, not {self._expected_raw}": self.raw != self._expected_raw,
            f"{self.processed} scores are in the processed zone, not {self.stored}": self.processed != self.stored,
            f"their amounts add up to {self.amount}, not {self.stored_amount}": self.amount != self.stored_amount,
            f"money: the raw records of the scores add up to {self.amount_raw}, not {self.amount_raw_scored}": (
                self.amount_raw != self.amount_raw_scored
            ),
            f"they have {self.alerts} alerts, not {self.stored_alerts}": self.alerts != self.stored_alerts,
            f"{self.wrong_manifests} manifests say otherwise than the ledger": self.wrong_manifests,
            f"{self.forgotten - self.accepted} records were forgotten by the broker before they were archived, and "
            "nobody has taken note": self.forgotten != self.accepted,
        }
        return tuple(sentence for sentence, wrong in found.items() if wrong)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def _expected_raw(self) -> int:
        return self.records - self.forgotten

    def to_json(self) -> str:
        """The balance in one line, with `holds` and `problems`."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return msgspec.json.encode(said | {"holds": self.holds, "problems": self.problems}).decode()


def show(balance: ArchiveBalance, console: Console) -> None:
    """Print the counts, examples of what is wrong or ignored, and the verdict."""
    table = Table(title="Archive", show_header=False, box=None, pad_edge=False, title_justify="left")
    table.add_column(justify="left", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="left", style="dim")
    for name, value, meaning, good in _lines(balance):
        style = {None: "", True: "green", False: "bold red"}[good]
        table.add_row(name, Text(value, style=style), meaning)
    console.print(table)
    for kind, cases in balance.examples.items():
        console.print(f"{kind}: {', '.join(cases)}", markup=False, highlight=False, soft_wrap=True)
    if balance.holds:
        console.print("The archive holds.", style="bold green")
    else:
        console.print(f"The archive does not hold: {'; '.join(balance.problems)}.", style="bold red", highlight=False)


def _lines(balance: ArchiveBalance) -> Iterator[tuple[str, str, str, bool | None]]:
    said = balance
    megabytes = said.size / 1e6
    yield "objects", f"{said.objects:,}", f"{megabytes:,.1f} MB, of {said.logs} partitions of logs", None
    expected = said.records - said.forgotten
    yield "raw records", f"{said.raw:,}", f"of {expected:,} that the slices took from the log", said.raw == expected
    yield "scores", f"{said.processed:,}", f"of {said.stored:,} stored", said.processed == said.stored
    yield "  their amount", said.amount, f"stored {said.stored_amount}", said.amount == said.stored_amount
    meaning, good = f"scores {said.amount_raw_scored}", said.amount_raw == said.amount_raw_scored
    yield "  in raw records", said.amount_raw, meaning, good
    yield "  their alerts", f"{said.alerts:,}", f"stored {said.stored_alerts:,}", said.alerts == said.stored_alerts
    yield "missing", f"{said.missing:,}", "objects of the ledger that are not there", not said.missing
    yield "damaged", f"{said.damaged:,}", "objects with another SHA-256", not said.damaged
    yield "doubled", f"{said.doubled:,}", "records in two ranges", not said.doubled
    yield "skipped", f"{said.skipped:,}", "records between two ranges", not said.skipped
    yield "unlike", f"{said.unlike:,}", "objects that hold something else than was stored", not said.unlike
    yield "manifests", f"{said.wrong_manifests:,}", "say otherwise than the ledger", not said.wrong_manifests
    yield (
        "forgotten",
        f"{said.forgotten:,}",
        f"by the broker before they were archived, {said.accepted:,} accepted",
        (said.forgotten == said.accepted),
    )
    yield "waiting", f"{said.waiting:,}", "records committed and not archived yet", None
    yield "not listed yet", f"{said.unlisted:,}", "objects whose manifest is about to be written", None
    yield "orphans", f"{said.orphans:,}", "objects that nobody names: left by a crash, to be ignored", None
