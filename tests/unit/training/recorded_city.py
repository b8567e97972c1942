"""The small city as if it had been scored live: slices, labels with their turns, and a champion's scores."""

import datetime as dt
import uuid

import numpy as np
from tests.unit.training.conftest import SmallCity

from fraudstream.adapters.memory_labels import LabelFacts
from fraudstream.adapters.memory_slices import CommittedSlice, MemorySliceStore
from fraudstream.contracts.label import Label
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.events import Floats, uuid_at
from fraudstream.ports.labels import LabelRow
from fraudstream.ports.slices import Deployment, LogPart, ScoredRows, ShadowScores, SliceResult

PART = LogPart("payments", str(uuid.UUID(int=1)), 0, epoch=1)


def recorded(
    city: SmallCity, deployment: Deployment, champion: Floats, shadow: ShadowScores | None = None
) -> tuple[MemorySliceStore, LabelFacts]:
    """Everything in slices of five hundred payments, with the frauds' labels as they arrived."""
    store, count, size = MemorySliceStore(active=deployment), len(city.history.events), 500
    for number, first in enumerate(range(0, count, size)):
        rows = slice(first, min(first + size, count))
        offsets = np.arange(rows.start, rows.stop)
        scored = ScoredRows(
            offset=offsets,
            log_time=city.history.events.event_time[rows],
            payments=city.history.events.take(rows),
            body_hash=offsets,
            currency=np.full(len(offsets), b"", "S3"),
            score=champion[rows],
            alert=champion[rows] >= deployment.threshold,
            features=city.replay.vectors[rows],
        )
        nobody = np.empty(0, np.int64)
        says = None if shadow is None else ShadowScores(shadow.digest, shadow.score[rows])
        result = SliceResult(
            number, 0, deployment, rows.start, rows.stop - 1, scored, nobody, np.empty((0, 1)), [], [], [], 0, says
        )
        store.slices.append(CommittedSlice(PART, result))
    return store, _labels(city)


def a_deployment(digest: str = "a" * 64) -> Deployment:
    return Deployment(1, "1", digest, CATALOGUE_VERSION, 0.5)


def _labels(city: SmallCity) -> LabelFacts:
    facts, arrivals = LabelFacts(), city.history.arrivals
    for turn, row in enumerate(arrivals.event_row.tolist()):
        if arrivals.is_fraud[turn]:
            place = ("labels", 0, turn)
            label = Label(
                transaction_id=uuid_at(city.history.events.transaction_id, row),
                user_id=1,
                is_fraud=True,
                arrived_at=dt.datetime.fromtimestamp(float(arrivals.arrived_at[turn]), dt.UTC),
            )
            facts.labels[place] = LabelRow(*place, label, turn + 1)
    return facts
