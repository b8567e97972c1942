"""Why a payment was scored as it was: put together from what is stored, and proved by scoring it again."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from fraudstream.decisions.sentences import sentence
from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURES, index_of
from fraudstream.features.events import Floats
from fraudstream.models.archive import load_model
from fraudstream.models.contributions import Contributions, contributions
from fraudstream.ports.cases import AlertWay, Case, KnownOutcomes, RecordPlace, RefusedPayment, ScoredPayment
from fraudstream.ports.label_desk import StoredLabel

Artefact = Callable[[str], bytes]
"""Gives the scoring artefact with a SHA-256, or raises `ModelUnavailable`."""


@dataclass(frozen=True, kw_only=True)
class PaymentFacts:
    """A payment as it came in; `usual_amount` is the customer's mean before it, empty on a first payment."""

    user_id: int
    amount: float
    currency: str | None
    usual_amount: float | None
    event_time: dt.datetime
    merchant_category: str
    location: str
    payment_method: str
    merchant_id: int | None
    device_id: int | None
    channel: str | None
    place: RecordPlace
    log_time: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the scorer decided, when, with which model, after how many labels."""

    score: float
    threshold: float
    alert: bool
    model_version: str
    digest: str
    deployment_id: int
    catalogue_version: int
    slice_id: int
    label_seq: int
    committed_at: dt.datetime
    latency_ms: float


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The score again, from the stored vector and the stored model.

    `exact` says that it is the stored one to the last bit; without a `recomputed` score `unproved` says why.
    """

    recomputed: float | None = None
    exact: bool = False
    unproved: str = ""


@dataclass(frozen=True, kw_only=True)
class FeatureLine:
    """One feature of the payment.

    `usual` is the median of the customer's earlier payments, empty where there is none. `contribution` is what it did
    to the score, in log-odds, empty where the model is not there to tell.
    """

    name: str
    unit: str
    value: float
    usual: float | None
    contribution: float | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Everything there is to say about one id.

    Where `payment` is empty it was not scored; `refused`, `labels` and `historical_customer` (of a payment of the
    history before the log) say what is known all the same. `features` stand in the order of the catalogue and are
    empty where the payment was scored on another one; they and `baseline` add up to the score's log-odds.
    `usual_of` earlier payments of the customer are what is usual.
    """

    transaction_id: uuid.UUID
    payment: PaymentFacts | None = None
    verdict: Verdict | None = None
    proof: Proof | None = None
    features: tuple[FeatureLine, ...] = ()
    baseline: float | None = None
    usual_of: int = 0
    customer_outcomes: KnownOutcomes | None = None
    merchant_outcomes: KnownOutcomes | None = None
    is_fraud: bool | None = None
    labels: tuple[StoredLabel, ...] = ()
    alert: AlertWay | None = None
    refused: tuple[RefusedPayment, ...] = ()
    historical_customer: int | None = None

    @property
    def holds(self) -> bool:
        """Whether the payment was scored, and nothing speaks against its score."""
        return self.proof is not None and (self.proof.exact or self.proof.recomputed is None)

    def to_json(self) -> str:
        """The explanation as one line of JSON, with `holds`."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return msgspec.json.encode(said | {"holds": self.holds}).decode()


def explain(case: Case, artefact: Artefact) -> Explanation:
    """Put together what is known of one id.

    Args:
        case: what is stored.
        artefact: reads the model that scored it.

    Raises:
        TemporarilyUnavailable: the model could not be read just now.
    """
    turned = [label for label in case.labels if label.label_seq is not None]
    known = Explanation(
        transaction_id=case.transaction_id,
        is_fraud=turned[-1].is_fraud if turned else None,
        labels=case.labels,
        refused=case.refused,
        historical_customer=None if case.historical is None else case.historical.user_id,
    )
    payment = case.payment
    if payment is None:
        return known
    taken_apart, proof = _score_again(payment, artefact)
    return replace(
        known,
        payment=_facts(payment),
        verdict=_verdict(payment),
        proof=proof,
        features=_features(payment, taken_apart),
        baseline=None if taken_apart is None else taken_apart.baseline,
        usual_of=len(payment.earlier),
        customer_outcomes=case.customer,
        merchant_outcomes=None if payment.merchant_id is None else case.merchant,
        alert=case.alert,
    )


def _score_again(payment: ScoredPayment, artefact: Artefact) -> tuple[Contributions | None, Proof]:
    deployment = payment.deployment
    try:
        model = load_model(artefact(deployment.digest), digest=deployment.digest)
    except ModelUnavailable as error:
        return None, Proof(unproved=str(error))
    found = contributions(model, payment.features)
    return found, Proof(recomputed=found.probability, exact=found.probability == payment.score)


def _facts(payment: ScoredPayment) -> PaymentFacts:
    return PaymentFacts(
        user_id=payment.user_id,
        amount=payment.amount,
        currency=payment.currency,
        usual_amount=_usual_amount(payment),
        event_time=payment.event_time,
        merchant_category=payment.merchant_category,
        location=payment.location,
        payment_method=payment.payment_method,
        merchant_id=payment.merchant_id,
        device_id=payment.device_id,
        channel=payment.channel,
        place=payment.place,
        log_time=payment.log_time,
    )


def _verdict(payment: ScoredPayment) -> Verdict:
    deployment = payment.deployment
    return Verdict(
        score=payment.score,
        threshold=deployment.threshold,
        alert=payment.alert,
        model_version=deployment.model_version,
        digest=deployment.digest,
        deployment_id=deployment.deployment_id,
        catalogue_version=deployment.catalogue_version,
        slice_id=payment.slice_id,
        label_seq=payment.label_seq,
        committed_at=payment.committed_at,
        latency_ms=round((payment.committed_at - payment.log_time).total_seconds() * 1e3, 3),
    )


def _usual_amount(payment: ScoredPayment) -> float | None:
    """The stored ratio is the amount by the mean that was known before; nobody's first payment has one."""
    if payment.deployment.catalogue_version != CATALOGUE_VERSION:
        return None
    known, ratio = (float(payment.features[index_of(name)]) for name in ("payments_known", "amount_ratio"))
    return payment.amount / ratio if known > 0 and ratio > 0 else None


def _features(payment: ScoredPayment, taken_apart: Contributions | None) -> tuple[FeatureLine, ...]:
    if payment.deployment.catalogue_version != CATALOGUE_VERSION:
        return ()
    usual = np.median(payment.earlier, axis=0) if len(payment.earlier) else None
    return tuple(
        _line(column, payment.features, usual, None if taken_apart is None else taken_apart.each)
        for column in range(len(FEATURES))
    )


def _line(column: int, vector: Floats, usual: Floats | None, each: Floats | None) -> FeatureLine:
    feature = FEATURES[column]
    return FeatureLine(
        name=feature.name,
        unit=feature.unit,
        value=float(vector[column]),
        usual=None if usual is None else float(usual[column]),
        contribution=None if each is None else float(each[column]),
        sentence=sentence(feature.name, vector),
    )
