"""What is answered to whoever asks for the score of a payment that is not in the log yet."""

import uuid
from typing import Literal

import msgspec

from fraudstream.contracts.decision import Reason

Verdict = Literal["alert", "pass"]


class ScoreAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the stream would say of a payment if it came next, version 1 of the contract.

    `probability` is the calibrated probability of fraud in [0, 1], and `verdict` what the alert rule makes of it at
    `threshold`. `reasons` are the strongest first; there may be none. The answer holds for the states that were
    committed when it was given, for the labels up to `label_seq`, and for this deployment.
    """

    transaction_id: uuid.UUID
    user_id: int
    probability: float
    threshold: float
    verdict: Verdict
    reasons: tuple[Reason, ...]
    model_version: str
    catalogue_version: int
    deployment_id: int
    label_seq: int
