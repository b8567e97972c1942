"""One pass over log and ledger together: every record's fate, every row's right to be there, the oracle beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fraudstream.contracts.money import cents
from fraudstream.features.events import Ints
from fraudstream.ports.ledger import Bools, LedgerSlices, LedgerSnapshot, StoredScores
from fraudstream.ports.records import LogReader, Record, TopicPartitions
from fraudstream.progress import Report, unreported
from fraudstream.recorded.windows import WINDOW_RECORDS, Range, Window, ordered, out_of_order, remainder, windows
from fraudstream.verify.fates import Fate, Settlement, settle, settle_ids, undecided
from fraudstream.verify.findings import Findings
from fraudstream.verify.journal import Acknowledged, Journal
from fraudstream.verify.log_range import LogRange, found_by_value, found_in_log, read_range
from fraudstream.verify.oracle import Oracle, choose_customers
from fraudstream.verify.recomputation import MISMATCHED, Recomputation, SettledRange


@dataclass
class Checker:
    """Checks one log against one snapshot of the ledger.

    Args:
        ledger: what was stored.
        reader: reads the log.
        topic: the log, looked at after the snapshot was taken, so that it holds everything the snapshot knows.
        journal: what producers were told, read before both.
        max_future: seconds a payment may lie beyond the broker's time.
        window_records: records held in memory at a time, about.
        report: told how many of the stored scores have been gone over.
    """

    ledger: LedgerSnapshot
    reader: LogReader
    topic: TopicPartitions
    journal: Journal
    max_future: float
    window_records: int = WINDOW_RECORDS
    report: Report = unreported
    findings: Findings = field(default_factory=Findings)
    _positions: Mapping[int, int] = field(init=False)
    _found: Bools = field(init=False)

    def __post_init__(self) -> None:
        self._positions = self.ledger.positions(self.topic.topic_id)
        self._found = np.zeros(len(self.journal.acknowledged), np.bool_)

    def run(self, *, seed: int, parity: bool = False) -> Findings:
        """Check everything once; `seed` chooses the customers that are recomputed, and with `parity` all are."""
        beginning = {partition: bounds[0] for partition, bounds in self.topic.bounds.items()}
        slices = ordered(self.ledger.slices(self.topic.topic_id))
        self._check_slices(slices)
        users, counts = self.ledger.customers(self.topic.topic_id, beginning)
        scored = int(slices.rows.sum())
        sample = choose_customers(users, counts, scored=max(scored, int(counts.sum())), seed=seed)
        oracle = Oracle.at_the_beginning(self.ledger, users if parity else sample)
        recomputation = Recomputation(oracle, self.ledger, self.topic.topic_id, self.findings)
        reached = dict(beginning)
        for window in windows(slices, beginning, size=self.window_records):
            recomputation.take(self._window(window, beginning), window.slices)
            reached |= {part.partition: part.end for part in window.ranges}
            self.report(self.findings.scored, scored)
        ends = {partition: bounds[1] for partition, bounds in self.topic.bounds.items()}
        for part in remainder(reached, ends, size=self.window_records):
            log, _, settlement = self._settled(part)
            self._mismatch(part.partition, log.offset[settlement.fate == Fate.SCORED])
        self._beyond({p: max(reached.get(p, 0), end) for p, end in ends.items()})
        self.findings.duplicated += self.ledger.duplicates()
        self._lost_of_journal(beginning)
        return self.findings

    def _window(self, window: Window, beginning: Mapping[int, int]) -> list[SettledRange]:
        settled = []
        for part in window.ranges:
            log, scores, settlement = self._settled(part)
            slice_row = _slice_rows(window.slices, part.partition, log.offset)
            settled.append(SettledRange(log, scores, settlement, slice_row))
            self._check_rows(window.slices, settled[-1])
            self._check_counts(window.slices, settled[-1], beginning.get(part.partition, 0))
        return settled

    def _settled(self, part: Range) -> tuple[LogRange, StoredScores, Settlement]:
        records = self._records(part)
        log = read_range(part.partition, records, max_future=self.max_future)
        scores = self.ledger.scores(self.topic.topic_id, part.partition, part.first, part.end)
        quarantine = self.ledger.quarantined(self.topic.topic_id, part.partition, part.first, part.end)
        position = self._positions.get(part.partition, 0)
        settlement = settle(log, scores, quarantine, position=position)
        ids = undecided(log, settlement, quarantine)
        if len(ids):
            settlement = settle_ids(log, settlement, quarantine, self.ledger.bodies(ids))
        self._count(log, scores, settlement, len(quarantine.offset))
        entries = self.journal.acknowledged.between(part.partition, part.first, part.end)
        self._found[entries] = found_in_log(_entries(self.journal.acknowledged, entries), records)
        self._find_unplaced(part.partition, records)
        self._count_money(log, scores, settlement, _entries(self.journal.acknowledged, entries), self._found[entries])
        return log, scores, settlement

    def _find_unplaced(self, partition: int, records: Sequence[Record]) -> None:
        """An acknowledged record whose place the broker did not tell may stand anywhere in its partition."""
        told = self.journal.acknowledged
        unplaced = np.flatnonzero((told.partition == partition) & (told.offset < 0) & ~self._found)
        if len(unplaced):
            self._found[unplaced] = found_by_value(_entries(told, unplaced), records)

    def _records(self, part: Range) -> Sequence[Record]:
        low, high = self.topic.bounds.get(part.partition, (0, 0))
        first, end = max(part.first, low), min(part.end, high)
        return self.reader.read(self.topic.topic, part.partition, first, end) if first < end else []

    def _count(self, log: LogRange, scores: StoredScores, settlement: Settlement, quarantined: int) -> None:
        found = self.findings
        fates = np.bincount(settlement.fate, minlength=len(Fate))
        found.log_records += len(log)
        found.scored += len(scores.offset)
        found.quarantined += quarantined
        found.repeats += int(fates[Fate.REPEAT])
        found.in_flight += int(fates[Fate.IN_FLIGHT])
        found.lost += int(fates[Fate.UNACCOUNTED])
        found.phantom += len(settlement.phantom)
        found.duplicated += len(settlement.twice)
        found.name_places("lost", log.partition, log.offset[settlement.fate == Fate.UNACCOUNTED])
        found.name_places("phantom", log.partition, settlement.phantom)
        found.name_places("duplicated", log.partition, settlement.twice)
        self._mismatch(log.partition, np.concatenate([settlement.altered, settlement.misjudged]))

    def _count_money(
        self, log: LogRange, scores: StoredScores, settlement: Settlement, told: Acknowledged, found: Bools
    ) -> None:
        """Sums of a range; a payment that is lost, or in quarantine for no reason, must have been scored."""
        due = (settlement.fate == Fate.SCORED) | (settlement.fate == Fate.UNACCOUNTED)
        due |= np.isin(log.offset, settlement.misjudged)
        self.findings.amount_log += cents(log.amount[log.readable & due])
        self.findings.amount_scored += cents(scores.amount)
        there = np.searchsorted(log.offset, told.offset[found])
        both = log.readable[there] & ~np.isnan(told.amount[found])
        self.findings.amount_acknowledged += cents(told.amount[found][both])
        self.findings.amount_acknowledged_log += cents(log.amount[there[both]])

    def _mismatch(self, partition: int, offsets: Ints) -> None:
        self.findings.mismatched += len(offsets)
        self.findings.name_places(MISMATCHED, partition, offsets)

    def _check_slices(self, slices: LedgerSlices) -> None:
        wrong = out_of_order(slices)
        self.findings.slices = len(slices)
        self.findings.wrong_slices += len(wrong)
        self.findings.name("wrong slices", (f"slice {slice_id} out of order" for slice_id in wrong.tolist()))

    def _check_rows(self, slices: LedgerSlices, item: SettledRange) -> None:
        """Every scored row names the slice that stands for its place; also takes latencies."""
        scored = np.flatnonzero(item.settlement.row >= 0)
        stored, at = item.settlement.row[scored], item.slice_row[scored]
        named = (at >= 0) & (slices.slice_id[at] == item.scores.slice_id[stored])
        self._mismatch(item.log.partition, item.log.offset[scored[~named]])
        self.findings.add_latencies(slices.committed_at[at[named]] - item.log.log_time[scored[named]])

    def _check_counts(self, slices: LedgerSlices, item: SettledRange, beginning: int) -> None:
        """What a slice says it did is what is stored for it; slices whose log is gone in part are passed over."""
        here = (slices.partition == item.log.partition) & (slices.first_offset >= beginning)
        wrong = np.zeros(len(slices), np.bool_)
        for fate, said in (
            (Fate.SCORED, slices.rows),
            (Fate.QUARANTINED, slices.quarantined),
            (Fate.REPEAT, slices.repeats),
        ):
            of_slices = item.slice_row[(item.settlement.fate == fate) & (item.slice_row >= 0)]
            wrong |= np.bincount(of_slices, minlength=len(slices)) != said
        wrong &= here
        self.findings.wrong_slices += int(wrong.sum())
        self.findings.name(
            "wrong slices", (f"slice {slice_id} counts otherwise" for slice_id in slices.slice_id[wrong].tolist())
        )

    def _beyond(self, ends: Mapping[int, int]) -> None:
        """Rows behind the end of the log, or in partitions that it doesn't have."""
        for partition, end in ends.items():
            scores = self.ledger.scores(self.topic.topic_id, partition, end, None)
            quarantine = self.ledger.quarantined(self.topic.topic_id, partition, end, None)
            self.findings.scored += len(scores.offset)
            self.findings.amount_scored += cents(scores.amount)
            self.findings.quarantined += len(quarantine.offset)
            strangers = np.concatenate([scores.offset, quarantine.offset])
            self.findings.phantom += len(strangers)
            self.findings.name_places("phantom", partition, strangers)
        self.findings.phantom += self.ledger.strangers(self.topic.topic_id, list(ends))

    def _lost_of_journal(self, beginning: Mapping[int, int]) -> None:
        """Acknowledged records that aren't at their place: lost, unless their payment is stored all the same.

        It may be: the log may have been cleaned or created anew since.
        """
        astray = _entries(self.journal.acknowledged, ~self._found)
        if not len(astray):
            return
        ids = np.unique(astray.transaction_id[astray.transaction_id.any(axis=1)], axis=0)
        stored = {row.tobytes() for row in self.ledger.bodies(ids).transaction_id}
        for row, (partition, offset) in enumerate(zip(astray.partition.tolist(), astray.offset.tolist(), strict=True)):
            cleaned = offset < beginning.get(partition, 0)
            if astray.transaction_id[row].tobytes() in stored:
                continue
            if cleaned and len(self.ledger.quarantined(self.topic.topic_id, partition, offset, offset + 1).offset):
                continue
            self.findings.lost += 1
            self.findings.amount_acknowledged += cents(np.nan_to_num(astray.amount[row : row + 1]))
            self.findings.name_places("lost", partition, np.array([offset]))


def _slice_rows(slices: LedgerSlices, partition: int, offset: Ints) -> Ints:
    """The row of each record's slice, -1 where none stands for it."""
    rows = np.flatnonzero(slices.partition == partition)
    rows = rows[np.argsort(slices.first_offset[rows], kind="stable")]
    if not len(rows):
        return np.full(len(offset), -1, np.int64)
    at = rows[np.maximum(np.searchsorted(slices.first_offset[rows], offset, side="right") - 1, 0)]
    inside = (slices.first_offset[at] <= offset) & (offset <= slices.last_offset[at])
    return np.where(inside, at, -1)


def _entries(acknowledged: Acknowledged, index: slice | Bools | Ints) -> Acknowledged:
    return Acknowledged(
        acknowledged.partition[index],
        acknowledged.offset[index],
        acknowledged.value_hash[index],
        acknowledged.transaction_id[index],
        acknowledged.amount[index],
    )
