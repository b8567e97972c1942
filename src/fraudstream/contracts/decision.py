"""What the scorer decided about one payment."""

import uuid

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """One reason behind a score: a feature, its value, and how much it moved the score (in log-odds)."""

    feature: str
    value: float
    contribution: float
    text: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one payment, version 1 of the contract.

    `score` is the calibrated probability of fraud in [0, 1]; `alert` says whether the policy of
    `model_version` raises one; `slice_id` and `offset` are its place in the recorded order.
    """

    transaction_id: uuid.UUID
    user_id: int
    score: float
    threshold: float
    alert: bool
    model_version: str
    catalogue_version: int
    slice_id: int
    partition: int
    offset: int
