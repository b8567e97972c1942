"""What the stream would say of a payment if it came next: the same steps on the same state, and no writes."""

import threading
import uuid
from dataclasses import dataclass, field

import numpy as np

from fraudstream.clock import Clock
from fraudstream.contracts.score_answer import ScoreAnswer
from fraudstream.contracts.transaction import ParsedTransaction, parse_transaction
from fraudstream.decisions.policy import alerts
from fraudstream.decisions.reasons import CONSIDERED, reasons
from fraudstream.errors import ImpossibleRequest, MalformedEvent
from fraudstream.features.events import Floats, columns_of
from fraudstream.features.kernel import vectors
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import score
from fraudstream.ports.slices import Deployment
from fraudstream.ports.standing import Standing, StandingReader
from fraudstream.scoring.model_cache import ModelCache

ONLY_ROW = np.zeros(1, np.int64)


class AlreadyScored(ImpossibleRequest):
    """The stream would drop this payment as a repeat: it has a score."""


@dataclass
class WhatIf:
    """Scores payments on request; any thread may ask."""

    reader: StandingReader
    clock: Clock
    max_future: float
    """Seconds that a payment may lie beyond now."""
    _models: ModelCache = field(default_factory=ModelCache)
    _loading: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, value: bytes) -> ScoreAnswer:
        """What the stream would say of a record with this value, if it came next.

        Raises:
            MalformedEvent: it would be quarantined, for this reason.
            AlreadyScored: it would be dropped, as a repeat.
            ModelUnavailable: no usable model is deployed.
            TemporarilyUnavailable: the state can't be read now.
        """
        return self.vector_and_answer(value)[1]

    def vector_and_answer(self, value: bytes) -> tuple[Floats, ScoreAnswer]:
        """The same, with the features (F,) behind it."""
        parsed = parse_transaction(value, latest=self.clock.now() + self.max_future)
        payment = parsed.transaction
        standing = self.reader.standing(payment.transaction_id, payment.user_id, payment.merchant_id)
        _check_id(parsed, standing)
        return _judge(parsed, standing, self._model(standing.deployment))

    def get_ready(self) -> None:
        """Load the model at work, so that no request waits for that.

        Raises:
            ModelUnavailable: no usable model is deployed.
            TemporarilyUnavailable: the state can't be read now.
        """
        self._model(self.reader.standing(uuid.UUID(int=0), 0, None).deployment)

    def _model(self, deployment: Deployment) -> ScoringModel:
        with self._loading:
            return self._models.get(deployment, self.reader.artefact)


def _check_id(parsed: ParsedTransaction, standing: Standing) -> None:
    if standing.known_as is None:
        return
    id_ = parsed.transaction.transaction_id
    if standing.known_as == parsed.body_hash:
        raise AlreadyScored(f"the payment {id_} is in the log already, and was scored there")
    raise MalformedEvent("conflicting_id", f"another payment is known as {id_}")


def _judge(parsed: ParsedTransaction, standing: Standing, model: ScoringModel) -> tuple[Floats, ScoreAnswer]:
    deployment = standing.deployment
    features = vectors(
        columns_of([parsed]),
        standing.state[np.newaxis],
        ONLY_ROW,
        standing.customer_risk[np.newaxis],
        standing.merchant_risk[np.newaxis],
        ONLY_ROW,
    )
    explained = score(model, features, top=CONSIDERED)
    (alert,) = alerts(explained.probability, deployment.threshold)
    answer = ScoreAnswer(
        transaction_id=parsed.transaction.transaction_id,
        user_id=parsed.transaction.user_id,
        probability=float(explained.probability[0]),
        threshold=deployment.threshold,
        verdict="alert" if alert else "pass",
        reasons=reasons(explained.top_feature[0], explained.top_contribution[0], features[0]),
        model_version=deployment.model_version,
        catalogue_version=deployment.catalogue_version,
        deployment_id=deployment.deployment_id,
        label_seq=standing.label_seq,
    )
    return features[0], answer
