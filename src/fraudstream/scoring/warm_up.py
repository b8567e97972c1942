"""Compile, or load from the cache, everything numba compiles, so that no payment waits for it."""

import numpy as np

from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT, FEATURE_NAMES
from fraudstream.features.events import EventColumns
from fraudstream.features.kernel import vectors
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.arrays import LEAF, TOP, Calibration, Linear, ScoringModel, Trees
from fraudstream.models.walker import score


def compile_everything() -> None:
    """Run the kernel and both kinds of model once, on one payment that means nothing."""
    row = np.zeros(1, np.int64)
    features = vectors(
        _a_payment(),
        np.zeros((1, CUSTOMER_STATE_WIDTH)),
        row,
        np.zeros((1, CUSTOMER_RISK_WIDTH)),
        np.zeros((1, MERCHANT_RISK_WIDTH)),
        row,
    )
    for body in (_one_leaf(), _no_weight()):
        for top in (0, TOP):
            score(_model(body), features, top=top)


def _a_payment() -> EventColumns:
    number, code = np.ones(1, np.int64), np.zeros(1, np.int16)
    return EventColumns(
        transaction_id=np.zeros((1, 16), np.uint8),
        user_id=number,
        event_time=np.ones(1),
        amount=np.ones(1),
        category=code,
        location=code,
        payment_method=code,
        merchant_id=number,
        device_id=number,
        channel=code,
    )


def _one_leaf() -> Trees:
    index = np.full(1, LEAF, np.int32)
    return Trees(
        root=np.zeros(1, np.int32),
        feature=index,
        threshold=np.zeros(1),
        left=index,
        right=index,
        missing_left=np.zeros(1, np.bool_),
        value=np.zeros(1),
        base=0.0,
        scale=1.0,
        link="log_odds",
        float32_inputs=False,
    )


def _no_weight() -> Linear:
    nothing = np.zeros(FEATURE_COUNT)
    return Linear(weight=nothing, mean=nothing, scale=np.ones(FEATURE_COUNT), intercept=0.0, transform="identity")


def _model(body: Trees | Linear) -> ScoringModel:
    return ScoringModel(
        body=body,
        calibration=Calibration(),
        threshold=1.0,
        catalogue_version=CATALOGUE_VERSION,
        feature_names=FEATURE_NAMES,
        golden_vectors=np.zeros((0, FEATURE_COUNT)),
        golden_scores=np.zeros(0),
    )
