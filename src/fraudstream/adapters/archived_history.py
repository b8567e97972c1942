"""`TrainingHistory` in the archive: stored scores in parquet, with the labels that are known elsewhere."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fraudstream.adapters.parquet_batches import record_batches
from fraudstream.errors import ConfigurationError
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT
from fraudstream.features.events import Bytes, Floats, Ints
from fraudstream.ports.archive import ArchivedFile, ObjectStore
from fraudstream.ports.matured import Window
from fraudstream.ports.training_history import Extent, KnownFrauds, PastPayments
from fraudstream.progress import Report, unreported

BATCH = 10_000
"""Payments in one batch."""
LATEST_SLICES = 20
"""Slices whose payments tell the time."""
MICROSECOND = 1e6
_PAYMENT = ("offset", "transaction_id", "event_time", "amount", "catalogue_version", "features")


@dataclass(frozen=True)
class _Survey:
    """Files by the event times of their first and last payment (seconds since 1970 UTC), and what they say in all."""

    reach: Mapping[ArchivedFile, tuple[float, float]]
    as_of: float | None
    rows: int
    fitting: int


class ArchivedHistory:
    """Reads each object whole, one at a time, and gives what it holds in batches; nothing else is held but its reach.

    Objects are compared with their digest whenever they are read. A payment is one row of one file, in whatever order.

    Args:
        objects: where the files lie.
        files: of scores, as the ledger names them.
        known: the labels.
        report: told how many files are looked through, which comes before everything else.

    Raises:
        ConfigurationError: an object is gone or damaged; as every method here.
        TemporarilyUnavailable: object store or labels did not answer; as every method here.
    """

    def __init__(
        self, objects: ObjectStore, files: Sequence[ArchivedFile], known: KnownFrauds, report: Report = unreported
    ) -> None:
        self._objects = objects
        self._known = known
        self._survey = self._look_through(files, report)
        self._extents: dict[Window, Extent] = {}

    @property
    def rows(self) -> int:
        """Scores in all files."""
        return self._survey.rows

    @property
    def fitting(self) -> int:
        """Scores on this program's feature catalogue."""
        return self._survey.fitting

    def as_of(self) -> float | None:
        """See `TrainingHistory.as_of`."""
        return self._survey.as_of

    def extent(self, window: Window) -> Extent:
        """See `TrainingHistory.extent`; it is counted once, since an archived file does not change."""
        if window not in self._extents:
            batches = [(len(batch), int(batch.fraud.sum())) for batch in self.payments(window)]
            self._extents[window] = Extent(sum(rows for rows, _ in batches), sum(frauds for _, frauds in batches))
        return self._extents[window]

    def payments(self, window: Window, *, every: int = 1, every_fraud: int = 1) -> Iterator[PastPayments]:
        """See `TrainingHistory.payments`."""
        for file, (first, last) in self._survey.reach.items():
            if first >= window.end or last < window.begin:
                continue
            for batch in self._batches(file, _PAYMENT):
                inside = batch.filter(_of_window(batch, window))
                fraud = self._known.frauds(_ids(inside), window.as_of)
                wanted = _integers(inside, "offset") % np.where(fraud, every_fraud, every) == 0
                if wanted.any():
                    yield _payments(inside, fraud).take(wanted)

    def _look_through(self, files: Sequence[ArchivedFile], report: Report) -> _Survey:
        reach, rows, fitting = {}, 0, 0
        latest: dict[int, Floats] = {}
        for done, file in enumerate(files, 1):
            first, last = float("inf"), float("-inf")
            for batch in self._batches(file, ("event_time", "slice_id", "catalogue_version")):
                times = _times(batch)
                first, last = min(first, times.min()), max(last, times.max())
                rows += len(times)
                fitting += int((_integers(batch, "catalogue_version") == CATALOGUE_VERSION).sum())
                _keep_latest(latest, _integers(batch, "slice_id"), times)
            reach[file] = (first, last)
            report(done, len(files))
        moments = np.concatenate(list(latest.values())) if latest else None
        as_of = None if moments is None else float(np.quantile(moments, 0.5, method="inverted_cdf"))
        return _Survey(reach, as_of, rows, fitting)

    def _batches(self, file: ArchivedFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        content = self._objects.get(file.path)
        if content is None:
            raise ConfigurationError(
                f"{file.path} is not in the archive's bucket; is ARCHIVE_BUCKET the archiver's? `fraudstream archive "
                "verify` finds all that are gone"
            )
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise ConfigurationError(
                f"{file.path} is damaged: its SHA-256 is another than the ledger's; bring back the version that was "
                "uploaded, or train on other days. `fraudstream archive verify` finds all such"
            )
        yield from (batch for batch in record_batches(content, BATCH, columns) if len(batch))


def _keep_latest(latest: dict[int, Floats], slice_ids: Ints, times: Floats) -> None:
    """Add event times by slice, and let go of all but those of the latest slices."""
    for slice_id in np.unique(slice_ids)[-LATEST_SLICES:].tolist():
        latest[slice_id] = np.concatenate([latest.get(slice_id, np.empty(0)), times[slice_ids == slice_id]])
    for slice_id in sorted(latest)[:-LATEST_SLICES]:
        del latest[slice_id]


def _of_window(batch: pa.RecordBatch, window: Window) -> pa.Array:
    times = _times(batch)
    fits = _integers(batch, "catalogue_version") == CATALOGUE_VERSION
    wide = pc.list_value_length(batch.column("features")).to_numpy(zero_copy_only=False) == FEATURE_COUNT
    return pa.array(fits & wide & (times >= window.begin) & (times < window.end))


def _payments(batch: pa.RecordBatch, fraud: np.ndarray) -> PastPayments:
    features = batch.column("features").flatten().to_numpy(zero_copy_only=False)
    return PastPayments(
        event_time=_times(batch),
        amount=batch.column("amount").to_numpy(zero_copy_only=False),
        features=features.reshape(len(batch), FEATURE_COUNT),
        fraud=fraud,
    )


def _times(batch: pa.RecordBatch) -> Floats:
    """Seconds since 1970 UTC."""
    microseconds: Ints = batch.column("event_time").cast(pa.int64()).to_numpy(zero_copy_only=False)
    return microseconds / MICROSECOND


def _integers(batch: pa.RecordBatch, name: str) -> Ints:
    numbers: Ints = batch.column(name).to_numpy(zero_copy_only=False)
    return numbers


def _ids(batch: pa.RecordBatch) -> Bytes:
    """The transaction ids (n, 16)."""
    text = "".join(batch.column("transaction_id").to_pylist()).replace("-", "")
    return np.frombuffer(bytes.fromhex(text), np.uint8).reshape(-1, 16)
