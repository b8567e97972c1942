"""One slice of the log, from records to everything it changes; pure but for the port it is given.

Ids are settled before any feature is computed, so a repeated payment never touches a customer's state.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fraudstream.contracts.transaction import ParsedTransaction
from fraudstream.decisions.policy import alerts
from fraudstream.decisions.reasons import CONSIDERED
from fraudstream.features.events import EventColumns, Floats, Ints, columns_of
from fraudstream.features.kernel import vectors
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import Scored, score
from fraudstream.ports.slices import (
    Deployment,
    LogPart,
    QuarantinedRow,
    RaisedAlert,
    ScoredRows,
    ShadowScores,
    SliceResult,
    SliceStore,
    SliceTransaction,
    Snapshot,
)
from fraudstream.scoring.identity import Fates, settle_ids
from fraudstream.scoring.messages import alert_messages, alert_of, label_messages, quarantine_messages
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import ReadRecords, quarantined


@dataclass(frozen=True, slots=True)
class SliceSummary:
    """How many records of a slice ended where; the first three add up to all that were not committed before."""

    scored: int = 0
    quarantined: int = 0
    repeats: int = 0
    alerts: int = 0


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What the model says about the new payments of a slice, and the states it leaves behind."""

    snapshot: Snapshot
    scored: ScoredRows
    user_id: Ints
    state: Floats
    alerts: Sequence[RaisedAlert]


def score_slice(
    records: ReadRecords, part: LogPart, store: SliceStore, models: ModelCache, *, label_delay: float
) -> SliceSummary:
    """Take one slice through one transaction.

    Args:
        records: of one partition, in log order; what was committed before is dropped.
        part: the partition, and the run that scores it.
        store: where the slice is committed.
        models: loaded models.
        label_delay: seconds from a payment to the arrival of the label that travelled in it.

    Raises:
        Fenced: a newer run has taken over the log.
        ModelUnavailable: no usable model is deployed.
        TemporarilyUnavailable: the same records may be tried again.
    """
    with store.open(part) as opened:
        left = records.since(opened.next_offset)
        bounds = left.bounds()
        if bounds is None:
            return SliceSummary()
        result = _result_of(left, bounds, part, opened, models, label_delay)
        opened.write(result)
    return SliceSummary(len(result.scored.offset), len(result.quarantined), result.repeats, len(result.alerts))


def _result_of(
    left: ReadRecords,
    bounds: tuple[int, int],
    part: LogPart,
    opened: SliceTransaction,
    models: ModelCache,
    label_delay: float,
) -> SliceResult:
    columns = columns_of(left.parsed)
    body_hash = np.array([item.body_hash for item in left.parsed], np.int64)
    fates = settle_ids(columns.transaction_id, body_hash, left.offset, opened.reserve)
    fresh = np.flatnonzero(fates.fresh)
    deployment = opened.deployment()
    model = models.get(deployment, opened.artefact)
    on_trial = _on_trial(opened, models)
    judged = _judge(left, fresh, columns.take(fresh), body_hash[fresh], deployment, model, opened)
    refused = sorted([*left.malformed, *_conflicts(left, fates)], key=lambda row: row.offset)
    return SliceResult(
        slice_id=judged.snapshot.slice_id,
        label_seq=judged.snapshot.label_seq,
        deployment=deployment,
        first_offset=bounds[0],
        last_offset=bounds[1],
        scored=judged.scored,
        user_id=judged.user_id,
        state=judged.state,
        alerts=judged.alerts,
        quarantined=refused,
        outbox=[
            *alert_messages(judged.alerts),
            *quarantine_messages(part, refused),
            *label_messages((left.parsed[row] for row in fresh.tolist()), delay=label_delay),
        ],
        repeats=int(fates.repeat.sum()),
        shadow=_in_shadow(on_trial, judged.scored.features),
    )


def _on_trial(opened: SliceTransaction, models: ModelCache) -> tuple[str, ScoringModel] | None:
    """The challenger that is to score this slice, too, with its digest."""
    challenger = opened.shadow()
    model = challenger and models.on_trial(challenger, opened.artefact)
    return (challenger.digest, model) if challenger and model else None


def _in_shadow(on_trial: tuple[str, ScoringModel] | None, features: Floats) -> ShadowScores | None:
    if on_trial is None:
        return None
    digest, model = on_trial
    return ShadowScores(digest, score(model, features, top=0).probability)


def _judge(
    left: ReadRecords,
    rows: Ints,
    payments: EventColumns,
    body_hash: Ints,
    deployment: Deployment,
    model: ScoringModel,
    opened: SliceTransaction,
) -> _Judgement:
    """Features, scores and alerts of the new payments, which are at `rows` of what was read."""
    users, state_row = np.unique(payments.user_id, return_inverse=True)
    merchants, merchant_row = np.unique(payments.merchant_id, return_inverse=True)
    state = opened.lock_states(deployment.catalogue_version, users)
    snapshot = opened.snapshot(deployment.catalogue_version, users, merchants)
    features = vectors(payments, state, state_row, snapshot.customer_risk, snapshot.merchant_risk, merchant_row)
    probability = score(model, features, top=0).probability
    raised = alerts(probability, deployment.threshold)
    parsed = [left.parsed[row] for row in rows.tolist()]
    scored = ScoredRows(
        offset=left.offset[rows],
        log_time=left.log_time[rows],
        payments=payments,
        body_hash=body_hash,
        currency=np.array([item.transaction.currency or "" for item in parsed], "S3"),
        score=probability,
        alert=raised,
        features=features,
    )
    explained = score(model, features[raised], top=CONSIDERED)
    return _Judgement(snapshot, scored, users, state, _raise(scored, parsed, explained, deployment))


def _raise(
    scored: ScoredRows, parsed: Sequence[ParsedTransaction], explained: Scored, deployment: Deployment
) -> list[RaisedAlert]:
    """The alerts; `explained` are the scores of the rows that alert, with their contributions."""
    return [
        RaisedAlert(
            int(scored.offset[row]),
            alert_of(
                parsed[row],
                float(scored.score[row]),
                deployment,
                (explained.top_feature[place], explained.top_contribution[place]),
                scored.features[row],
            ),
        )
        for place, row in enumerate(np.flatnonzero(scored.alert).tolist())
    ]


def _conflicts(left: ReadRecords, fates: Fates) -> list[QuarantinedRow]:
    return [
        quarantined(
            int(left.offset[row]),
            float(left.log_time[row]),
            "conflicting_id",
            f"another payment is known as {left.parsed[row].transaction.transaction_id}",
            left.values[row],
        )
        for row in np.flatnonzero(fates.conflict).tolist()
    ]
